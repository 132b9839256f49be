"""The channels' readers: what each provider's record says, as parts. Pure."""

from collections.abc import Callable, Mapping

from services.ingest.channels import instagram, mail, sms, webchat, whatsapp
from services.ingest.parts import Part
from shared.contracts.base import Channel
from shared.delivery import Record

READERS: Mapping[Channel, Callable[[Record], list[Part]]] = {
    "sms": sms.read,
    "whatsapp": whatsapp.read,
    "instagram": instagram.read,
    "email": mail.read,
    "webchat": webchat.read,
}
"""Each gives the parts of a record, at least one, or raises Refused for all of it."""
