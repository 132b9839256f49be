"""What comes before that which it speaks of, and waits for it in the ledger.

An edit may overtake its message (ING 4), and a keyword the first message of its contact (ING 3):
they come on other topics, or from other partitions. Either is kept under an id that is not its
own, and taken up when what it awaits is there; its own entry is made then, once, and what was kept
is forgotten.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from services.ticketing.rules.slots import slot_for
from services.ticketing.rules.ticket import thread_entry
from shared.contracts.base import Channel
from shared.contracts.messages import InboundMessage, MessageDeleted, MessageEdited
from shared.contracts.signals import Signal
from shared.stores.documents import Entry

Early = MessageEdited | MessageDeleted | Signal
_EARLY: TypeAdapter[Early] = TypeAdapter(Annotated[Early, Field(discriminator="type")])

WITH_KEYWORDS: frozenset[Channel] = frozenset({"sms", "whatsapp"})
"""The channels that have keywords (ING 3), and one slot a person for ever."""


def awaited(item: Early) -> str:
    """What an item needs to be there: its message, or its contact's ticket."""
    return (
        slot_key(item.account_id, slot_for(item)) if isinstance(item, Signal) else item.message_id
    )


def early_id(item: Early) -> str:
    """Under which id an item is kept that came early."""
    return f"early:{item.account_id}:{item.id}"


def slot_key(account_id: str, slot: str) -> str:
    """By what a keyword is found that awaits a ticket in that slot."""
    return f"{account_id}:{slot}"


def may_be_awaited(message: InboundMessage) -> set[str]:
    """What early items may have awaited, now that this message is in its ticket."""
    if message.channel not in WITH_KEYWORDS:
        return {message.id}
    return {message.id, slot_key(message.account_id, slot_for(message))}


def early_entry(item: Early, because: str) -> Entry:
    """What is kept of an item until what it awaits is there: not the item's own entry."""
    return thread_entry(
        early_id(item),
        item.account_id,
        "early",
        sent_at=item.occurred_at,
        text="" if isinstance(item, MessageDeleted) else item.text or "",
        because=because,
        message_id=awaited(item),
        version=item.version if isinstance(item, MessageEdited) else None,
        item=item.model_dump(mode="json", exclude={"text"}),
    )


def early_items(entries: Iterable[Mapping[str, Any]]) -> list[Early]:
    """The items that these entries keep, in the order in which they are to be applied."""
    items = [_EARLY.validate_python({**entry["item"], "text": entry["text"]}) for entry in entries]
    return sorted(items, key=_order)


def _order(item: Early) -> tuple[object, ...]:
    """Of one message, edits by version and the deletion last; keywords as they were received."""
    match item:
        case MessageEdited(version=version):
            within: tuple[object, ...] = (False, version)
        case MessageDeleted():
            within = (True, 0)
        case _:
            within = (item.occurred_at,)
    return item.account_id, awaited(item), *within, item.id
