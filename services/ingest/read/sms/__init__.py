"""SMS and MMS. Each provider has a file."""

from services.ingest.read import formats
from services.ingest.read.findings import Finding
from services.ingest.read.sms import bandwidth, infobip, sinch, telnyx, twilio, vonage
from shared.bus.delivery import Record

FORMATS = (
    twilio.FORMAT,
    vonage.FORMAT,
    telnyx.FORMAT,
    bandwidth.FORMAT,
    sinch.FORMAT,
    infobip.FORMAT,
)


WITH_WHATSAPP = (twilio.FORMAT, vonage.FORMAT, sinch.FORMAT)
"""The formats that carry WhatsApp too."""


def read(record: Record) -> list[Finding]:
    """The findings in an SMS record."""
    return formats.read(record, FORMATS)
