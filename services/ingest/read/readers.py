"""The reader of each channel, which finds what a record of any of its providers says. Pure."""

from collections.abc import Callable, Mapping

from services.ingest.read import mail, sms, webchat
from services.ingest.read.findings import Finding
from services.ingest.read.instagram import reader as instagram
from services.ingest.read.whatsapp import reader as whatsapp
from shared.bus.delivery import Record
from shared.contracts.base import Channel

READERS: Mapping[Channel, Callable[[Record], list[Finding]]] = {
    "sms": sms.read,
    "whatsapp": whatsapp.read,
    "instagram": instagram.read,
    "email": mail.read,
    "webchat": webchat.read,
}
"""Each returns the findings in a record, at least one, or raises Refused for the whole record."""
