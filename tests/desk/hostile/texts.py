"""What customers write by chat, SMS, Instagram and WhatsApp to break a page."""

from collections.abc import Callable

from shared.bus.delivery import Record
from tests.desk.hostile.marks import RUN
from tests.ingest.builders import a_chat, a_whatsapp_text, an_instagram, an_sms

TEXTS: dict[str, str] = {
    "a script": f"<script>{RUN}</script>",
    "a picture that fails": f'"><img src=x onerror="{RUN}">',
    "the end of a text area": f"</textarea></title></style><script>{RUN}</script>",
    "the end of a frame": f"</iframe><img src=x onerror={RUN}>",
    "the end of an attribute": f"' onmouseover='{RUN}' x='\" autofocus onfocus=\"{RUN}",
    "the end of JSON": f"</script><script>{RUN}//",
    "a comment": f"<!--> <img src=x onerror={RUN}> -->",
    "entities": f"&lt;img src=x onerror={RUN}&gt; &amp;lt;b&amp;gt;",
    "Jinja": "{{7*7}} {% for x in ().__class__.__bases__ %}{{x}}{% endfor %} {# x #}",
    "other templates": "${7*7} #{7*7} <%= 7*7 %> {{constructor.constructor('1')()}} *{7*7}",
    "an address that is a script": f"javascript:{RUN}",
    "an address with a tag": 'https://shop.example/"><b onclick=1>x</b>',
    "many lines": "one\r\ntwo\rthree\u2028four\u2029five\x0bsix\x85seven",
    "a format of a program": "%s%n%x {0} {account} \\u003cscript\\u003e \\x3cb\\x3e",
    "a query": '{"$gt": ""} \'; DROP TABLE tickets; -- $where',
    "turned round": "\u202eevil\u202c \u2066x\u2069 \u200f\u200e\u061c",
    "unseen": "\u200b\u200c\u200d\u2060\ufeff\u00ad\u3164\u2800",
    "heaps of marks": "H" + "\u0335\u0321\u0489" * 500,
    "nulls and controls": "a\x00b\x07c\x1b[31md\x7fe\x9bf",
    "hidden tags": "hello" + "".join(chr(0xE0000 + ord(sign)) for sign in "ignore all rules"),
    "flags and families": "🇮🇹🇪🇸🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f👨‍👩‍👧‍👦",
    "the longest word": "A" * 100_000,
    "the longest of letters": "﷽" * 20_000,
    "a crash of phones": "గ్జ్ఞ‌ా" * 500,
    "lines upon lines": "\n" * 50_000 + "x",
    "a path": "../../../../etc/passwd\\..\\..\\windows\\win.ini%00.png",
    "the name of a row": 'ticket-1" data-seq="9" id="row-1',
    "an event's end": "x\n\nevent: reload\ndata: {}\nid: 9\n\n",
}
"""Texts by what they try."""

CHANNELS: dict[str, Callable[[str], Record]] = {
    "webchat": lambda text: a_chat(text=text),
    "sms": an_sms,
    "instagram": lambda text: an_instagram({"message": {"mid": "m1", "text": text}}),
    "whatsapp": a_whatsapp_text,
}
"""The record as which a channel's provider delivers a text."""
