"""Items that come too early: they wait in the ledger for the message that they need.

An edit or a deletion may overtake its message (ING 4), and a keyword the first message of its
contact (ING 3), because they come on other topics or partitions. Such an item is kept in an early
entry, under an id that is not its own. When the message is in its ticket, the item is applied and
gets its own entry, once, and the early entry is deleted.
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
"""The channels that have keywords (ING 3). On these a person has one slot for ever."""

WITH_EDITS: frozenset[Channel] = frozenset({"webchat", "instagram", "whatsapp"})
"""The channels on which what was said can be edited or deleted (ING 4)."""


def awaited(item: Early) -> str:
    """The key of what an item waits for: its message's id, or the slot of its contact's ticket."""
    return (
        slot_key(item.account_id, slot_for(item)) if isinstance(item, Signal) else item.message_id
    )


def early_id(item: Early) -> str:
    """The id of the early entry that keeps an item."""
    return f"early:{item.account_id}:{item.id}"


def slot_key(account_id: str, slot: str) -> str:
    """The key by which keywords that wait for a ticket in that slot are found."""
    return f"{account_id}:{slot}"


def may_be_awaited(message: InboundMessage) -> set[str]:
    """The keys of early items that may wait for this message, or for its contact's ticket."""
    keys = {message.id} if message.channel in WITH_EDITS else set()
    if message.channel in WITH_KEYWORDS:
        keys.add(slot_key(message.account_id, slot_for(message)))
    return keys


def early_entry(item: Early, because: str) -> Entry:
    """The early entry that keeps an item until what it waits for is there."""
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
    """The items that these early entries keep, in the order in which they are to be applied."""
    items = [_EARLY.validate_python({**entry["item"], "text": entry["text"]}) for entry in entries]
    return sorted(items, key=_order)


def _order(item: Early) -> tuple[object, ...]:
    """Edits of a message by version, then its deletion; keywords by the time of receipt."""
    match item:
        case MessageEdited(version=version):
            within: tuple[object, ...] = (False, version)
        case MessageDeleted():
            within = (True, 0)
        case _:
            within = (item.occurred_at,)
    return item.account_id, awaited(item), *within, item.id
