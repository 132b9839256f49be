"""How many SMS a text is, and where it is parted."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.desk.rules.sms import segments
from shared.contracts.replying import Links
from shared.values.links import as_short, shortened, to_shorten

GSM = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./09:;<=>?¡AZÄÖÑÜ§¿azäöñüà^{}\\[~]|€\f"
TWO = "\f^{}\\[~]|€"
NODE = shutil.which("node")
MODULE = Path(__file__).parents[2] / "services/desk/web/static/sms.js"


def units(text: str, encoding: str) -> int:
    if encoding == "UCS-2":
        return len(text.encode("utf-16-le")) // 2
    return len(text) + sum(map(TWO.count, text))


@pytest.mark.parametrize(
    ("text", "encoding", "count", "left"),
    [
        ("", "GSM-7", 0, 160),
        ("a" * 160, "GSM-7", 1, 0),
        ("a" * 161, "GSM-7", 2, 145),
        ("a" * 306, "GSM-7", 2, 0),
        ("€" * 80, "GSM-7", 1, 0),
        ("€" * 81, "GSM-7", 2, 143),
        ("ç", "UCS-2", 1, 69),
        ("`", "UCS-2", 1, 69),
        ("\t", "UCS-2", 1, 69),
        ("я" * 70, "UCS-2", 1, 0),
        ("я" * 71, "UCS-2", 2, 63),
        ("😀" * 35, "UCS-2", 1, 0),
        ("😀" * 36, "UCS-2", 2, 61),
    ],
)
def test_segments_hold_what_phones_hold(text: str, encoding: str, count: int, left: int) -> None:
    sms = segments(text)

    assert (sms.encoding, sms.segments, sms.left) == (encoding, count, left)


def test_no_sign_of_two_units_is_parted() -> None:
    assert segments("a" * 152 + "€" + "b" * 20).parts == ("a" * 152, "€" + "b" * 20)
    assert segments("я" * 66 + "😀" + "б" * 20).parts == ("я" * 66, "😀" + "б" * 20)


@given(st.one_of(st.text(GSM, max_size=700), st.text(max_size=300)))
def test_parts_are_the_text_and_each_fits(text: str) -> None:
    sms = segments(text)
    limits = {"GSM-7": (160, 153), "UCS-2": (70, 67)}[sms.encoding]
    sizes = [units(part, sms.encoding) for part in sms.parts]

    assert "".join(sms.parts) == text
    assert sms.units == sum(sizes) == units(text, sms.encoding)
    assert max(sizes, default=0) <= limits[len(sizes) > 1]
    assert sms.left == limits[len(sizes) > 1] - (sizes[-1] if sizes else 0)
    # No part could have taken the next sign: there are no fewer segments.
    assert all(
        size + units(following[0], sms.encoding) > limits[1]
        for size, following in zip(sizes, sms.parts[1:], strict=False)
    )


@given(st.text(GSM, max_size=400))
def test_only_a_sign_beyond_the_alphabet_makes_it_ucs2(text: str) -> None:
    assert segments(text).encoding == "GSM-7"
    assert segments(text + "☃").encoding == "UCS-2"


@given(st.text(max_size=300), st.text(max_size=20))
def test_more_text_never_takes_fewer_segments(text: str, more: str) -> None:
    assert segments(text).segments <= segments(text + more).segments


@pytest.mark.skipif(NODE is None, reason="there is no Node.js")
def test_the_page_counts_as_the_server_does() -> None:
    drawn = random.Random(7)
    texts = [
        "".join(drawn.choices(signs, k=drawn.randint(0, 400)))
        for signs in (GSM, "a€", "яa😀", "é🏴\U000e0067\u200d", TWO)
        for _ in range(60)
    ]
    script = (
        f"import {{ segments }} from {json.dumps(MODULE.as_uri())};"
        "let all = ''; for await (const part of process.stdin.setEncoding('utf8')) all += part;"
        "console.log(JSON.stringify(JSON.parse(all).map((text) => segments(text))));"
    )
    answered = subprocess.run(
        [str(NODE), "--no-warnings", "--input-type=module", "-e", script],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    ours = [segments(text) for text in texts]

    assert json.loads(answered.stdout) == [
        {
            "encoding": sms.encoding,
            "units": sms.units,
            "segments": sms.segments,
            "left": sms.left,
        }
        for sms in ours
    ]


@pytest.mark.spec("OUT 1")
@pytest.mark.skipif(NODE is None, reason="there is no Node.js")
def test_the_page_counts_links_as_they_go_out() -> None:
    link = "https://acme.example/a-long-way-to-somewhere?lang=en&from=sms"
    texts = [
        f"See {link}.",
        f"See ({link}), {link} and www.acme.example/x!",
        f"{link},{link}",
        "https://go.acme.example/abc stays, https://münchen.example/straße? does not…",
        "请看https://a.example/x。",
        "va bene.Io ann@acme.com ftp://a.example/x",
        "a" * 140 + f" {link} " + "b" * 140,
        " ".join(f"https://a.example/{number}" for number in range(30)),
    ]
    short = as_short(Links(short_domain="go.acme.example"))
    assert short == "https://go.acme.example/0000000000"
    domain = "go.acme.example"
    found = [[t[link.begin : link.end] for link in to_shorten(t, domain)] for t in texts]
    script = (
        f"import {{ asSent }} from {json.dumps(MODULE.as_uri())};"
        f"const all = {json.dumps([texts, found])};"
        f"const made = all[0].map((text, at) => asSent(text, all[1][at], '{short}'));"
        "console.log(JSON.stringify(made));"
    )
    command = [str(NODE), "--no-warnings", "--input-type=module", "-e", script]
    answered = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    ours = [shortened(text, domain, lambda *_: "0" * 10) for text in texts]

    assert json.loads(answered.stdout) == [
        {"text": text, "count": len(links)} for text, links in ours
    ]


def test_links_that_stay_as_they_are_have_no_short_example() -> None:
    assert as_short(Links()) is None
    assert as_short(Links(short_domain="go.acme.example", enabled=False)) is None
