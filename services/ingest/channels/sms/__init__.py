"""SMS and MMS, a provider a file."""

from services.ingest.channels import formats
from services.ingest.channels.sms import bandwidth, infobip, sinch, telnyx, twilio, vonage
from services.ingest.parts import Part
from shared.delivery import Record

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
