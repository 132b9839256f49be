"""What a thread's notices say, in the reader's language."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

from services.desk.rules.becauses import read
from services.desk.rules.shown import ShownLine
from services.desk.web.words import Words


def notice(t: Words, line: ShownLine) -> Markup:
    """The notice as HTML; what it has no words for it says as it was written."""
    values: dict[str, Any] = {"author": line.name, **line.said}
    key = f"notice.{line.code}{_case(line, values)}"
    text = t.texts.get(key)
    if not isinstance(text, str):
        return escape(line.text or line.because)
    for name in ("tags",):
        if isinstance(values.get(name), list | tuple):
            values[name] = ", ".join(str(value) for value in values[name])
    if "until" in values:
        values["until"] = Markup('<time datetime="{0}">{0}</time>').format(_utc(values["until"]))
    try:
        # The words are ours, and whatever fills them is escaped.
        return Markup(text).format_map(values)  # noqa: S704  # see above
    except KeyError:
        return escape(line.text or line.because)


def because(t: Words, text: str) -> str:
    """The reason in the reader's language; one that there are no words for, as it was written."""
    return " ".join(t(f"notice.because.{r.code}", **r.named) for r in read(text)) or text


def _case(line: ShownLine, values: Mapping[str, Any]) -> str:
    """Which of several ways to say it: who did it, and what became of it."""
    by = "" if line.writer in ("agent", "ai", "integration") else ".system"
    match line.code:
        case "TicketClosed":
            return ".inactivity" if values.get("reason") == "inactivity" else by
        case "TicketHandedOver":
            return f".{values.get('reason')}"
        case "TicketWoken":
            return f".{values.get('by')}"
        case "TicketAssigned":
            own = by == "" and values.get("assignee") == line.name
            return ".self" if own else by
        case "TicketAttributed":
            return "" if (values.get("credit") or {}).get("send_id") else ".none"
        case _:
            return by


def _utc(at: Any) -> str:  # noqa: ANN401  # as JSON has it
    moment = datetime.fromisoformat(str(at)) if not isinstance(at, datetime) else at
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
