"""Raw mails, byte by byte: a builder that refuses nothing, and what harms by headers."""

from collections.abc import Mapping

from tests.desk.hostile.marks import RUN

MAILBOX = "support@shop.example"
_TAG = f'"><script>{RUN}</script>'


def _bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def a_mail(
    body: str | bytes,
    headers: Mapping[str, str | bytes] | None = None,
    content_type: str = "text/html; charset=utf-8",
) -> bytes:
    """A mail with these header fields, as they are written here."""
    fields: dict[str, str | bytes] = {
        "Delivered-To": MAILBOX,
        "From": "Ann <ann@example.com>",
        "To": MAILBOX,
        "Subject": "Hello",
        "Message-ID": "<m1@example.com>",
        "Date": "Thu, 1 Jan 2026 00:00:00 +0000",
        "MIME-Version": "1.0",
        "Content-Type": content_type,
        "Content-Transfer-Encoding": "8bit",
        **(headers or {}),
    }
    lines = b"".join(b"%s: %s\r\n" % (_bytes(name), _bytes(text)) for name, text in fields.items())
    return lines + b"\r\n" + _bytes(body)


def a_file(name: str, disposition: str = "attachment", **headers: str) -> bytes:
    """A mail with HTML and a file of that name, in a multipart."""
    more = "".join(f"{key.replace('_', '-')}: {text}\r\n" for key, text in headers.items())
    body = (
        "--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>kept</p><img src=cid:logo@shop>\r\n"
        f'--b\r\nContent-Type: image/png; name="{name}"\r\n'
        f'Content-Disposition: {disposition}; filename="{name}"\r\n{more}\r\nPNG\r\n--b--\r\n'
    )
    return a_mail(body, content_type="multipart/related; boundary=b")


MAILS: dict[str, bytes] = {
    "a script in From": a_mail("<p>kept</p>", {"From": f'"\\{_TAG}" <ann@example.com>'}),
    "a script in an encoded From": a_mail(
        "<p>kept</p>", {"From": "=?utf-8?q?=22=3E=3Cimg_src=3Dx_onerror=3D1=3E?= <ann@example.com>"}
    ),
    "a script in an address": a_mail("<p>kept</p>", {"From": '"<img/src=x>"@example.com'}),
    "a script in Subject": a_mail("<p>kept</p>", {"Subject": f"</title>{_TAG} {{{{7*7}}}}"}),
    "a line end in Subject": a_mail(
        "<p>kept</p>", {"Subject": "=?utf-8?q?a=0D=0ABcc:_x@evil.example=0D=0A=0D=0A<script>?="}
    ),
    "a turned name": a_mail("<p>kept</p>", {"From": "\u202egnp.exe\u202c\u200b <ann@example.com>"}),
    "a name of marks": a_mail(
        "<p>kept</p>", {"From": "Z" + "\u0337\u0322" * 300 + " <ann@example.com>"}
    ),
    "a script in Message-ID": a_mail("<p>kept</p>", {"Message-ID": f"<{_TAG}@example.com>"}),
    "a script in a file's name": a_file(f"'{_TAG.strip(chr(34))}.png", Content_ID="<logo@shop>"),
    "a file that climbs": a_file("../../../../etc/passwd\\..\\..\\x.png", Content_ID="<logo@shop>"),
    "a file with a line end": a_file("a%0d%0aSet-Cookie: x=1.png\r\n\tx", Content_ID="<logo@shop>"),
    "a turned file": a_file("invoice\u202egnp.exe", "inline", Content_ID="<logo@shop>"),
    "HTML that says it is a picture": a_file("x.html", "inline", Content_ID="<logo@shop>"),
    "a broken charset": a_mail(
        b"<p>kept</p>\xff\xfe\x80\xc3(<script>1</script>", None, "text/html; charset=x"
    ),
    "UTF-7": a_mail(
        "<p>kept</p>+ADw-script+AD4-1+ADw-/script+AD4-", None, "text/html; charset=utf-7"
    ),
    "overlong UTF-8": a_mail(b"<p>kept</p>\xc0\xbcscript\xc0\xbe1\xf8\x88\x80\x80\xbc", None),
    "UTF-16 called UTF-8": a_mail("<p>kept</p><script>1</script>".encode("utf-16"), None),
    "a charset that is markup": a_mail("<p>kept</p>", None, f'text/html; charset="{_TAG[2:]}"'),
    "nulls everywhere": a_mail(b"<p>kept</p><im\0g s\0rc=x on\0error=1>\0\0", {"Subject": "a\0b"}),
    "no HTML but tags": a_mail(f"kept {_TAG}", None, "text/plain; charset=utf-8"),
}
