"""A page that shows every hostile mail in a frame, and what a browser did with each."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, quote, urlsplit

PAGE_POLICY = "default-src 'self'; frame-ancestors 'none'; report-uri /report?of=page"
"""The desk's own policy, with a place to report to."""


@dataclass(frozen=True, slots=True)
class Framed:
    """A document to be shown in a frame: its policy, and the frame's `sandbox` (None: without)."""

    document: str
    policy: str | None
    sandbox: str | None


@dataclass(slots=True)
class Site:
    """What is served, and what was reported of it."""

    url: str
    framed: dict[str, Framed]
    pages: dict[str, str]
    reports: list[tuple[str, str]] = field(default_factory=list)
    """Of which document, and which directive was violated."""


SCRIPT = """
window.ran = [];
window.addEventListener('message', event => {
  const frames = [...document.querySelectorAll('iframe')];
  const from = frames.find(frame => frame.contentWindow === event.source);
  window.ran.push(from ? from.name : 'the page');
});
"""
STYLE = "iframe{display:block;width:600px;height:120px;border:0;margin:0}body{margin:0}"


def page_of(framed: Mapping[str, Framed]) -> str:
    """A page with a frame for each document, as wide and as high as each other."""
    frames = "".join(
        f'<iframe name="{escape(name)}" src="/frame?name={quote(name)}"'
        + (f' sandbox="{each.sandbox}"' if each.sandbox is not None else "")
        + "></iframe>"
        for name, each in framed.items()
    )
    return (
        '<!doctype html><html><head><title>frames</title><script src="/page.js"></script>'
        f'<link rel="stylesheet" href="/page.css"></head><body>{frames}</body></html>'
    )


@contextmanager
def served(framed: Mapping[str, Framed], pages: Mapping[str, str] | None = None) -> Iterator[Site]:
    """A site on a port of its own: the page of frames at `/`, and further pages by their path."""
    site = Site("", dict(framed), {"/": page_of(framed)} | dict(pages or {}))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the server's name for it
            asked = urlsplit(self.path)
            if asked.path == "/frame":
                each = site.framed[parse_qs(asked.query)["name"][0]]
                self._answer(each.document, "text/html; charset=utf-8", each.policy)
            elif asked.path in ("/page.js", "/page.css"):
                kind, said = ("css", STYLE) if asked.path == "/page.css" else ("javascript", SCRIPT)
                self._answer(said, f"text/{kind}", None)
            elif asked.path in site.pages:
                self._answer(site.pages[asked.path], "text/html; charset=utf-8", PAGE_POLICY)
            else:
                self.send_error(404)

        def do_POST(self) -> None:  # the server's name for it
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            of = parse_qs(urlsplit(self.path).query)["of"][0]
            report = json.loads(body)["csp-report"]
            site.reports.append((of, report["effective-directive"]))
            self._answer("", "text/plain", None)

        def _answer(self, said: str, kind: str, policy: str | None) -> None:
            body = said.encode("utf-8", "replace")
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            if policy is not None:
                self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002  # its name
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
