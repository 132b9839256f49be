"""How the lines of a thread are shown: with their edits, deletions and deliveries (ING 4, TKT 13).

Edits, deletions and reports of deliveries are later entries, which name the line.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.ticketing.rules.deliveries import says_more

Line = Mapping[str, Any]


def names(lines: Iterable[Line]) -> list[str]:
    """The ids by which later entries name these lines."""
    return [_name(line) for line in lines]


def _name(line: Line) -> str:
    return str(line.get("outbound_id") or line["_id"])


def as_shown(lines: Iterable[Line], later: Iterable[Line]) -> list[dict[str, Any]]:
    """The lines as they are to be shown; `later` are the entries that name them.

    A message that was taken back is shown without its content, and one that was edited with its
    newest version's text. A reply is shown with the most that is known of its delivery. The order
    of `later` does not matter.
    """
    said: dict[tuple[str, str], list[Line]] = {}
    for entry in later:
        said.setdefault((entry["account_id"], entry["message_id"]), []).append(entry)
    return [_as_shown(line, said.get((line["account_id"], _name(line)), ())) for line in lines]


def in_order(entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A ticket's entries in the order in which they were applied.

    An entry that changed nothing has the seq that the ticket had then, and comes after the entry
    that led to that seq.
    """
    return sorted(entries, key=lambda e: (e.get("seq") or 0, "events" not in e, e["received_at"]))


def _as_shown(line: Line, later: Sequence[Line]) -> dict[str, Any]:
    shown = dict(line)
    changes = [entry for entry in later if entry["kind"] in ("edit", "deletion", "early")]
    if any("version" not in change for change in changes):
        shown.pop("message", None)
        return {**shown, "text": "", "deleted": True}
    if changes:
        newest = max(changes, key=lambda change: change["version"])
        shown |= {"text": newest["text"], "edited": newest["version"]}
        if "message" in shown:
            old = ("html", "text_full")
            shown["message"] = {k: v for k, v in shown["message"].items() if k not in old}
    for entry in later:
        if "delivery" in entry and says_more(entry["delivery"], shown.get("delivery")):
            shown["delivery"] = entry["delivery"]
    return shown
