"""The smaller parts of reading mail: names, tokens, subjects, envelopes, signs (ING 4, ING 6)."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.read.mail import envelopes
from services.ingest.read.mail.mime.charsets import decode
from services.ingest.read.mail.mime.content import attachment
from services.ingest.read.mail.mime.leaves import flowed, without_uuencoded
from services.ingest.read.mail.quoting.subjects import base_subject
from services.ingest.read.mail.webhooks.forms import multipart, urlencoded
from shared.contracts.messages import Mail
from shared.values.ids import computed_id
from tests.ingest.builders import a_mail, the_message

TOKEN = "t1mzxw6ytboi2dgnbvgy3tqobz"  # noqa: S105  # none of ours: letters of the alphabet


def mail_of(**fields: str) -> Mail:
    named = {name.replace("_", "-"): text for name, text in fields.items()}
    mail = the_message(a_mail(headers=named)).mail
    assert mail is not None
    return mail


@pytest.mark.spec("TKT 2")
@pytest.mark.parametrize(
    ("fields", "tokens"),
    [
        ({"To": f"<support+{TOKEN}@shop.example>"}, (f"address:{TOKEN}",)),
        ({"Cc": f"support.{TOKEN.upper()}@shop.example"}, (f"address:{TOKEN}",)),
        ({"Delivered_To": f"support={TOKEN}@shop.example"}, (f"address:{TOKEN}",)),
        ({"References": f"<a@b>\n <{TOKEN}.0@shop.example>"}, (f"id:{TOKEN}",)),
        ({"In_Reply_To": f"<{TOKEN}@shop.example>"}, (f"id:{TOKEN}",)),
        ({"Subject": f"Re: x [{TOKEN}]"}, (f"text:{TOKEN}",)),
        (
            {"To": f"support+{TOKEN}@shop.example", "References": f"<{TOKEN}@x>", "Subject": TOKEN},
            (f"address:{TOKEN}",),
        ),
        ({"X_Anything": TOKEN, "From": f"Ann <ann+{TOKEN}@example.com>"}, ()),
        ({"Subject": "[#1234] x"}, ()),
    ],
)
def test_tokens_are_found_with_where_they_stand(
    fields: dict[str, str], tokens: tuple[str, ...]
) -> None:
    assert mail_of(**fields).tokens == tokens


@pytest.mark.spec("ING 6")
@pytest.mark.parametrize(
    ("header", "shown", "content_id"),
    [
        ("Content-Disposition: attachment", "beside", None),
        ("Content-Disposition: inline", "inside", None),
        ("Content-Disposition: attachment\nContent-ID: <logo@x>", "inside", "logo@x"),
        ("Content-ID: =?utf-8?q?=3Clogo=40x=3E?=", "inside", "logo@x"),
        ("Content-ID: <>", "beside", None),
    ],
)
def test_a_file_is_described_in_one_way_wherever_it_lies(
    header: str, shown: str, content_id: str | None
) -> None:
    part = f'--b\nContent-Type: image/png; name="../a\u202egnp.png"\n{header}\n\nx\n--b--\n'
    message = the_message(a_mail(part, {"Content-Type": "multipart/mixed; boundary=b"}))

    described = attachment(
        media_type="image/png",
        name="agnp.png",
        size=1,
        ref="mime-part:2",
        content_id=content_id or "",
        inline=shown == "inside",
    )
    id_ = computed_id("file", message.id, "mime-part:2")
    assert message.attachments == (described.model_copy(update={"file_id": id_}),)
    assert message.attachments[0].inline == (shown == "inside")
    assert message.attachments[0].content_id == content_id


@pytest.mark.spec("TKT 2")
def test_a_token_in_the_quoted_body_is_weak_evidence() -> None:
    mail = the_message(a_mail(f"Hi\n\n> To: support+{TOKEN}@shop.example\n")).mail

    assert mail is not None
    assert mail.tokens == (f"text:{TOKEN}",)


@pytest.mark.parametrize(
    ("raw", "guid"),
    [
        (b"\x01" + bytes(5) + bytes(range(16)), bytes(range(16)).hex()),
        (b"\x01" + bytes(5) + bytes(range(16)) + b"12345" * 3, bytes(range(16)).hex()),
        (b"\x01" * 21, None),
        (b"", None),
    ],
)
def test_outlooks_index_tells_its_conversation(raw: bytes, guid: str | None) -> None:
    encoded = base64.b64encode(raw).decode()

    assert mail_of(Thread_Index=f"{encoded[:10]}\n {encoded[10:]}").thread_index == guid


@pytest.mark.parametrize(
    ("subject", "base"),
    [
        ("Re: Fwd: [list] RE[2]: My order (fwd)", "My order"),
        ("AW: WG: Bestellung", "Bestellung"),
        ("[Fwd: Re: x]", "x"),
        ("R: I: ordine", "I: ordine"),
        ("回复：订单", "订单"),
        ("Re:", None),
        ("[only brackets]", "[only brackets]"),
        ("Reply: x", "Reply: x"),
        ("", None),
        ("SV: VS: Odp: x", "x"),
    ],
)
def test_a_subject_has_a_base(subject: str, base: str | None) -> None:
    assert base_subject(subject) == base


@given(st.text("reRE:[]() fwdx", max_size=60))
def test_the_base_of_a_base_is_itself(subject: str) -> None:
    base = base_subject(subject)

    assert base is None or base_subject(base) == base


@pytest.mark.parametrize(
    ("rewritten", "before"),
    [
        ("SRS0=HHH=TT=orig.example=ann@fwd.example", "ann@orig.example"),
        ("srs0+HHH=TT=orig.example=ann@fwd.example", "ann@orig.example"),
        ("SRS1=HHH=fwd1.example==GGG=TT=orig.example=ann@fwd2.example", "ann@orig.example"),
        ("prvs=1234567890=ann@orig.example", "ann@orig.example"),
        ("me+caf_=support=shop.example@gmail.example", "support@shop.example"),
        ("ann@orig.example", "ann@orig.example"),
        ("no address", "no address"),
    ],
)
def test_forwarders_rewriting_is_undone(rewritten: str, before: str) -> None:
    assert envelopes.original(rewritten) == before


@pytest.mark.parametrize(
    ("address", "person"),
    [
        ("bounces+17-ann=example.com@shop.example", "ann@example.com"),
        ("bounces+ann=example.com@shop.example", "ann@example.com"),
        ("support@shop.example", None),
    ],
)
def test_a_bounces_address_tells_whose_it_is(address: str, person: str | None) -> None:
    assert envelopes.bounced_for(address) == person


@given(st.text(max_size=80))
def test_any_envelope_address_can_be_read(address: str) -> None:
    assert isinstance(envelopes.original(address), str)
    envelopes.bounced_for(address)


@pytest.mark.parametrize("reply_to", ['<"">', "x@unknown", "nobody", "", "<@>"])
def test_a_reply_address_that_cannot_exist_is_none(reply_to: str) -> None:
    assert mail_of(Reply_To=reply_to).reply_to is None


@pytest.mark.parametrize(
    ("text", "encodings"),
    [
        (
            "Где мой заказ? Я жду его уже третью неделю, и никто не отвечает мне на письма.",
            ["koi8-r", "cp1251", "iso8859-5"],
        ),
        (
            "Gdzie jest moje zamówienie? Czekam już trzy tygodnie i żądam wyjaśnień, proszę.",
            ["cp1250", "iso8859-2"],
        ),
        (
            "注文した商品がまだ届いていません。いつ届くのか教えていただけますか。お願いします。",
            ["cp932", "euc-jp"],
        ),
        (
            "Πού είναι η παραγγελία μου; Περιμένω εδώ και τρεις εβδομάδες και κανείς δεν απαντά.",
            ["cp1253"],
        ),
    ],
)
def test_a_charset_that_nobody_names_is_told_by_its_letters(
    text: str, encodings: list[str]
) -> None:
    for encoding in encodings:
        assert decode(text.encode(encoding), "x-unknown") == text


@given(st.binary(max_size=300), st.none() | st.text(max_size=20))
def test_any_bytes_of_any_charset_are_some_text(raw: bytes, declared: str | None) -> None:
    assert isinstance(decode(raw, declared), str)


@pytest.mark.parametrize(
    ("declared", "body", "text"),
    [
        ("quoted-printable ;", "caf=C3=A9", "café"),
        ('"base64"', "Y2Fmw6k=", "café"),
        ("8bits", "café", "café"),
        ("text/html", "plain", "plain"),
        ("BASE64 (x)", "Y2Fm", "caf"),
    ],
)
def test_junk_transfer_encodings_are_understood(declared: str, body: str, text: str) -> None:
    message = the_message(a_mail(body, {"Content-Transfer-Encoding": declared}))

    assert message.text == text


def test_flowed_text_with_deleted_spaces_and_quotes() -> None:
    assert flowed("日本 \n語", delsp=True) == "日本語"
    assert flowed("> a \n> b\nc") == "> a b\nc"
    assert flowed(">> a \n> b") == "> > a \n> b"


@given(st.lists(st.sampled_from(["a", "a ", "> b", "> b ", "-- ", "", ">> c "])))
def test_flowing_keeps_every_word(lines: list[str]) -> None:
    text = "\n".join(lines)

    assert sorted(flowed(text).replace(">", "").split()) == sorted(text.replace(">", "").split())


def test_files_inside_the_text_are_attachments() -> None:
    text, files = without_uuencoded("see\nbegin 644 cat.txt\n#0V%T\n`\nend\nbye")

    assert text == "see\nbye"
    assert [(file.name, file.size, file.read()) for file in files] == [("cat.txt", 3, b"Cat")]


@pytest.mark.parametrize(
    "text",
    [
        "begin 644 is how it starts\nand so on",
        "begin 644 x",
        "x\nbegin 644 x\nM\nplain words here",
    ],
)
def test_words_that_look_like_a_files_start_are_kept(text: str) -> None:
    assert without_uuencoded(text) == (text, [])


@given(st.dictionaries(st.from_regex(r"\A[a-z-]{1,10}\Z"), st.binary(max_size=50), min_size=1))
def test_a_form_gives_every_field_as_it_was_sent(fields: dict[str, bytes]) -> None:
    boundary = "b0undary-that-is-in-none-of-them"
    value = (
        b"".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
            + content
            + b"\r\n"
            for name, content in fields.items()
        )
        + f"--{boundary}--\r\n".encode()
    )

    assert multipart(value, f"multipart/form-data; boundary={boundary}").fields == fields
    assert multipart(value, "").fields == fields


@given(st.binary(max_size=200))
def test_any_bytes_are_some_form(value: bytes) -> None:
    urlencoded(value)
