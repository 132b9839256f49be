"""Mails inside a signed or encrypted envelope: what is signed is shown, what is not is said so."""

import base64
import email
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.read.mail.mime import sealed
from services.ingest.read.mail.mime.content import ENCRYPTED
from shared.contracts.messages import InboundMessage
from tests.ingest.builders import a_mail, settled, the_message
from tests.ingest.test_hostile_mail import ALLOWED, seconds

RAW = Path(__file__).parent / "samples/email/raw"
SIGNED = ["smime_signed.eml", "smime_signed_in_pieces.eml"]
TEXT = "Il mio ordine 1234 è arrivato rotto.\nVera"


def envelope(name: str) -> bytes:
    parsed = email.message_from_bytes((RAW / name).read_bytes())
    payload = parsed.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload


def a_sealed_mail(
    inside: bytes, kind: str = "signed-data", media_type: str = "application/pkcs7-mime"
) -> InboundMessage:
    headers = {
        "Content-Type": f"{media_type}; smime-type={kind}; name=smime.p7m",
        "Content-Transfer-Encoding": "base64",
    }
    return the_message(a_mail(base64.encodebytes(inside), headers))


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize("name", SIGNED)
@pytest.mark.parametrize("kind", ["signed-data", "", "enveloped-data", "SIGNED-DATA"])
@pytest.mark.parametrize("media_type", ["application/pkcs7-mime", "Application/X-PKCS7-MIME"])
def test_what_is_only_signed_is_shown_whatever_its_header_claims(
    name: str, kind: str, media_type: str
) -> None:
    message = a_sealed_mail(envelope(name), kind, media_type)

    assert message.text == TEXT
    assert message.flags == ("signed",)
    assert [file.filename for file in message.attachments] == ["smime.p7m"]


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize("kind", ["enveloped-data", "", "signed-data"])
def test_what_is_encrypted_says_so(kind: str) -> None:
    message = a_sealed_mail(envelope("smime_encrypted.eml"), kind)

    assert (message.text, message.flags) == (ENCRYPTED, ("encrypted",))


@pytest.mark.spec("ING 6")
def test_certificates_alone_are_a_file() -> None:
    message = a_sealed_mail(b"\x30\x03\x02\x01\x01", "certs-only")

    assert (message.text, message.flags) == ("", ())
    assert [file.filename for file in message.attachments] == ["smime.p7m"]


@pytest.mark.spec("ING 6", "ING 7")
@given(st.sampled_from(SIGNED), st.data())
def test_a_broken_envelope_is_a_message_that_says_what_it_was(
    name: str, data: st.DataObject
) -> None:
    whole = envelope(name)
    cut = whole[: data.draw(st.integers(40, len(whole)))]
    message = a_sealed_mail(cut)

    assert message.text in (TEXT, sealed.SIGNED_UNREADABLE)
    assert message.flags == ("signed",)


@pytest.mark.spec("ING 7")
@given(st.sampled_from([*SIGNED, "smime_encrypted.eml"]), st.data())
def test_no_change_to_an_envelope_stops_the_reading(name: str, data: st.DataObject) -> None:
    changed = bytearray(envelope(name))
    for place in data.draw(st.lists(st.integers(0, len(changed) - 1), max_size=5)):
        changed[place] = data.draw(st.integers(0, 255))

    assert a_sealed_mail(bytes(changed)).provider_message_id == "m1@example.com"


@pytest.mark.spec("ING 7")
@given(st.binary(max_size=300))
def test_any_bytes_are_some_envelope(raw: bytes) -> None:
    assert sealed.opened(raw).kind in ("signed", "encrypted", "unknown")


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize(
    "piece", [b"\x30\x80", b"\x24\x80", b"\x30\x84\x00\x0f\xff\xff", b"\x04\x00", b"\xa0\x80"]
)
def test_opening_takes_time_by_the_length_alone(piece: bytes) -> None:
    start = bytes.fromhex("308006092a864886f70d010702a0803080")

    assert seconds(lambda: sealed.opened(start + piece * 500_000)) < ALLOWED


@pytest.mark.spec("ING 7")
def test_envelopes_inside_envelopes_come_to_an_end() -> None:
    inside = b"Content-Type: text/plain\n\nhello"
    for _ in range(60):
        oid = bytes.fromhex("06092a864886f70d010702")
        octets = b"\x24\x80\x04\x84" + len(inside).to_bytes(4, "big") + inside + b"\0\0"
        content = bytes.fromhex("06092a864886f70d010701") + b"\xa0\x80" + octets + b"\0\0"
        der = b"\x30\x80" + oid + b"\xa0\x80\x30\x80\x02\x01\x01\x31\x00\x30\x80" + content
        der += b"\0\0" * 4
        inside = b"Content-Type: application/pkcs7-mime\n\n" + der
    headers = {"Content-Type": "message/rfc822"}
    (body,) = settled(a_mail(inside, headers)).said

    assert isinstance(body, InboundMessage)


@pytest.mark.spec("ING 6")
def test_of_a_text_signed_by_pgp_the_text_stays() -> None:
    text = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nMy order:\n- - is late\nVera\n"
        "-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAd\n=abcd\n-----END PGP SIGNATURE-----\n"
    )
    message = the_message(a_mail(text))

    assert message.text == "My order:\n- is late\nVera"
    assert message.flags == ("signed",)


@pytest.mark.spec("ING 6")
def test_a_text_encrypted_by_pgp_says_so_and_keeps_what_stands_around_it() -> None:
    text = (
        "See below.\n-----BEGIN PGP MESSAGE-----\n\nhQEMA3\n=abcd\n-----END PGP MESSAGE-----\n"
        "Thanks\n"
    )
    message = the_message(a_mail(text))

    assert message.text == f"See below.\n{ENCRYPTED}\nThanks"
    assert message.flags == ("encrypted",)


@pytest.mark.spec("ING 7")
@pytest.mark.parametrize(
    "piece",
    [
        "-----BEGIN PGP MESSAGE-----\n",
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: x\n\n",
        "-----BEGIN PGP SIGNED MESSAGE-----\n" + "a: b\n" * 6,
    ],
)
def test_armour_that_never_ends_takes_time_by_its_length(piece: str) -> None:
    text = piece * 20_000

    assert seconds(lambda: sealed.without_armour(text, ENCRYPTED)) < ALLOWED
