"""Tickets have the tags that fit what their customers began with, each given once."""

from collections import Counter
from collections.abc import Iterator

from services.tagging.rules.choosing import AUTHOR, chosen
from services.tagging.rules.teaching import begins, words_of
from shared.contracts.accounts import TagSettings
from shared.contracts.tickets import CustomerWrote
from shared.learning.features import hashed
from shared.learning.models import WHICH_TAGS, whole
from tests.chaos.history import Finding, History, Json

USUAL = TagSettings()


def tags(history: History) -> Iterator[Finding]:
    """None is missing, none is given twice, and none that does not fit (TAG 1, TAG 2).

    A ticket that was spam at some time is left out: what it gets rests on more than its messages.
    """
    for of, facts in history.facts.items():
        if any(fact["ticket"].get("spam") for fact in facts):
            continue
        fitting = {tag for fact in facts for tag in _fitting(fact)}
        given = Counter(
            tag
            for fact in facts
            if fact["type"] == "TicketTagged" and fact["author"]["id"] == AUTHOR.id
            for tag in fact["tags"]
        )
        for tag in sorted(fitting - given.keys()):
            yield Finding("lost", f"ticket {of} was not tagged {tag}")
        for tag in sorted(given.keys() - fitting):
            yield Finding("doubled", f"ticket {of} was tagged {tag}, which does not fit")
        for tag in sorted(tag for tag, times in given.items() if times > 1):
            yield Finding("doubled", f"ticket {of} was tagged {tag} {given[tag]} times")


def _fitting(fact: Json) -> list[str]:
    """The tags that a fact's message asks for; none where it is no message of a beginning."""
    if fact["type"] != "CustomerWrote" or not fact["ticket"].get("message_count"):
        return []
    event = CustomerWrote.model_validate(fact)
    if not begins(event):
        return []
    text = words_of(event)
    return [fit.tag for fit in chosen(whole(WHICH_TAGS), [], USUAL, hashed(text))]
