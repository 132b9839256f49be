"""What is wrong with the texts that go out without an agent, told at each (ARP, HND). Pure."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from services.desk.rules.settings import Document
from shared.contracts.replying import PLACEHOLDERS
from shared.values import templates

TEXTS: Final = (
    "auto_replies.sms.text",
    "auto_replies.webchat.open",
    "auto_replies.webchat.closed",
    "auto_replies.follow_up.subject",
    "auto_replies.follow_up.text",
    "handoff.message",
    "handoff.connect",
    "handoff.ask_address",
    "handoff.team_has_it",
    "handoff.agent_answers",
)
"""Where the settings have texts by language."""

LANGUAGES: Final = ("en", "es", "it", "fr", "de", "pt")
"""The languages that customers' messages are told apart by."""

Found = tuple[str, str, Mapping[str, str]]
"""Where something is wrong, what, and the values that its words have."""


def at(whole: Document, path: str) -> Any:  # noqa: ANN401  # JSON
    """What stands there in the settings; None where nothing does."""
    value: Any = whole
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def wrong_texts(whole: Document) -> Iterator[Found]:
    """Unknown placeholders, what is no template, and what is missing beside it."""
    for path in TEXTS:
        texts = at(whole, path)
        for language, text in texts.items() if isinstance(texts, Mapping) else ():
            if isinstance(text, str):
                yield from _wrong_text(f"{path}.{language}", text)
        yield from _no_own(whole, path, texts)
    yield from _unable(whole)


def _wrong_text(path: str, text: str) -> Iterator[Found]:
    try:
        strange = templates.unknown(text, PLACEHOLDERS)
    except templates.NotATemplate:
        yield path, "no_template", {}
        return
    if strange:
        yield path, "no_placeholder", {"value": ", ".join(strange)}
    elif not text.strip():
        yield path, "needed", {}


def _no_own(whole: Document, path: str, texts: object) -> Iterator[Found]:
    """Whoever has a language that no text is in gets the account's: that one must be there."""
    language = whole.get("language", "en")
    texts = {} if texts is None else texts
    if not isinstance(texts, Mapping) or not isinstance(language, str) or language in texts:
        return
    needed = (
        path == "auto_replies.sms.text" and at(whole, "auto_replies.sms.enabled") is True
    ) or (path == "handoff.message" and at(whole, "handoff.method") == "message")
    if texts or needed:
        yield f"{path}.{language}", "no_own_text", {}


def _unable(whole: Document) -> Iterator[Found]:
    addresses = whole.get("addresses")
    boxes = [
        each
        for each in (addresses if isinstance(addresses, list) else ())
        if isinstance(each, Mapping) and each.get("channel") == "email"
    ]
    if not boxes and at(whole, "auto_replies.follow_up.enabled") is True:
        yield "auto_replies.follow_up.enabled", "no_mailbox", {}
    if not boxes and at(whole, "auto_replies.new_sms.to"):
        yield "auto_replies.new_sms.to", "no_mailbox", {}
    method = at(whole, "handoff.method")
    fields = {"zendesk": ("subdomain", "secret"), "gorgias": ("domain", "secret", "from_address")}
    for field in fields.get(method, ()) if isinstance(method, str) else ():
        if not at(whole, f"handoff.{method}.{field}"):
            yield f"handoff.{method}.{field}", "needed", {}
