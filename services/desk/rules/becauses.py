"""Which of the pipeline's reasons a text is, and what it names: so that it is said in any language.

Events say their reason in English, after the rule's name. Each form of it has a code here; the
texts for the codes are the page's. Pure.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple


class Reason(NamedTuple):
    """A reason's code, and what it names."""

    code: str
    named: Mapping[str, str]


_AFTER: Final = {
    "; the customer wrote again": "wrote_again",
    "; it came late, received before this ticket was opened": "came_before",
    "; it came late, after newer messages": "came_late",
}
"""What a reason may end with."""

_FORMS: Final[tuple[tuple[str, str], ...]] = (
    ("opened_chat", "every conversation makes a ticket"),
    ("opened_mail", "every mail thread makes a ticket"),
    ("opened_person", "the first (?:SMS|message) of a person makes their ticket"),
    ("opened_none_open", "no ticket of this contact is open"),
    ("opened_forged", "it cites ticket .+, and its sender's address is forged"),
    ("opened_stranger", "the author takes no part in the thread they cite, .+"),
    ("opened_chat_over", "they answer a mail of the chat .+, which is closed"),
    ("handed_over", "the AI agent handed the conversation over"),
    ("missed_answer", "the visitor left before they read the answer"),
    ("joined_chat", "the conversation's ticket is not closed"),
    ("joined_mail", "the mail's thread, and its author takes part in it"),
    ("joined_person", "one ticket per person"),
    ("joined_open", "the contact's ticket is not closed"),
    ("before_close", "the message was received before the automatic close"),
    ("customer_wrote", "the customer wrote"),
    ("no_spam_followed", "a legitimate message followed"),
    ("rotation", "the next available agent in rotation"),
    ("by_hand", "by hand"),
    ("agent_gone", "its agent is gone"),
    ("silent", "the customer fell silent"),
    ("time_came", "the chosen time has come"),
    ("asked", "(?P<who>.+) asked for it"),
    ("routed_by_hand", "given by hand"),
    ("routed_default", "default team"),
    ("routed_segment", "segment is (?P<name>.+)"),
    ("routed_tag", "tag is (?P<name>.+)"),
    ("credit_first", r"it is the first answer to (?P<send>\S+ .+), (?P<time>[^,]+) after it"),
    ("credit_none_before", "no send was delivered before it"),
    ("credit_used", r"an earlier message answered (?P<send>.+)"),
    ("credit_late", r"(?P<send>\S+ .+) was delivered (?P<time>.+) before, over (?P<limit>.+)"),
    ("credit_marked", "its ticket is marked as spam"),
    ("credit_screened", "it was screened as spam"),
    ("keyword", "a keyword"),
    ("mail_back", "a mail of the thread came back"),
    ("provider", "the channel's provider says so"),
    ("erased", "erased, as an operator asked"),
)
_RULE: Final = r"(?:[A-Z]{3}(?: \d+)?: )?"
_READ: Final = tuple((code, re.compile(_RULE + form, re.DOTALL)) for code, form in _FORMS)
_TAGGED: Final = re.compile(r"TAG 1: (?P<words>.+)", re.DOTALL)


def read(because: str) -> tuple[Reason, ...]:
    """The reason, and what it adds; nothing for one that has no code."""
    if tagged := _TAGGED.fullmatch(because):
        return (Reason("tagged", tagged.groupdict()),)
    for end, code in _AFTER.items():
        if because.endswith(end):
            begin = read(because.removesuffix(end))
            return (*begin, Reason(code, {})) if begin else ()
    for code, form in _READ:
        if found := form.fullmatch(because):
            return (Reason(code, found.groupdict()),)
    return ()


_ASKED: Final = re.compile(f"({_RULE})(.+)( asked for it)", re.DOTALL)


def with_names(because: str, agents: Mapping[str, str]) -> str:
    """The text with an agent's name in place of the id."""
    found = _ASKED.fullmatch(because)
    if found is None:
        return because
    rule, who, end = found.groups()
    return f"{rule}{agents.get(who, who)}{end}"
