"""SMS and MMS, a provider a file."""

from services.ingest.read import formats
from services.ingest.read.findings import Part
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
"""Those that carry WhatsApp too."""


def read(record: Record) -> list[Part]:
    """The parts of an SMS record."""
    return formats.read(record, FORMATS)
