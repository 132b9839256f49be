"""An invitation (iCalendar, RFC 5545) in words, for a mail that says nothing else."""

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from icalendar import Component

UNREADABLE_INVITATION: Final = "[invitation, its content could not be read: see original]"

_LONGEST = 200_000
_MOST_COMPONENTS = 200
_MOST_EVENTS = 10
_LONGEST_FACT = 1_000
_KINDS = ("VEVENT", "VTODO")


def in_words(text: str) -> str:
    """What an invitation is about, when, where, and by whom; some ten events at most.

    Each fact is a line. Times are as they were given, with their time zone. Where the calendar
    cannot be read, words say so; empty where it is none, or holds no event.
    """
    if "BEGIN:VCALENDAR" not in text[:_LONGEST].upper():
        return ""
    if text.upper().count("BEGIN:") > _MOST_COMPONENTS:
        return UNREADABLE_INVITATION
    from icalendar import Calendar  # noqa: PLC0415  # 5 MB, and few mails are invitations

    try:
        calendars = Calendar.from_ical(_ended(text[:_LONGEST]), multiple=True)
        events = [
            _in_words(event, str(calendar.get("METHOD", "")).strip().upper())
            for calendar in calendars
            for event in calendar.subcomponents
            if event.name in _KINDS
        ]
    # The library promises a ValueError for what is no calendar; other errors have been seen too.
    except Exception:  # noqa: BLE001
        return UNREADABLE_INVITATION
    return "\n\n".join(events[:_MOST_EVENTS])


def _ended(text: str) -> str:
    """The calendar with just the ends that it needs: some are cut off."""
    lines: list[str] = []
    opened: list[str] = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n"):
        name, _, value = line.strip().upper().partition(":")
        if name == "END":
            if value not in opened:
                continue
            while opened[-1] != value:
                lines.append(f"END:{opened.pop()}")
            opened.pop()
        elif name == "BEGIN":
            opened.append(value)
        lines.append(line)
    if opened and ":" not in lines[-1]:
        lines.pop()  # half a line
    return "\r\n".join([*lines, *(f"END:{each}" for each in reversed(opened)), ""])


def _in_words(event: "Component", method: str) -> str:
    title = _text(event, "SUMMARY") or "(no title)"
    cancelled = method == "CANCEL" or _text(event, "STATUS").upper() == "CANCELLED"
    lines = [f"{'Cancelled' if cancelled else 'Invitation'}: {title}"]
    for name, said in (
        ("When", _when(event)),
        ("Where", _text(event, "LOCATION")),
        ("Organiser", _organiser(event)),
        ("Repeats", _repeats(event)),
    ):
        if said:
            lines.append(f"{name}: {' '.join(said.split())[:_LONGEST_FACT]}")
    if description := _text(event, "DESCRIPTION"):
        lines += ["", description]
    return "\n".join(lines)


def _first(event: "Component", name: str) -> Any:  # noqa: ANN401  # as the library gives it
    """The first value of a property; None where it is not there or cannot be read."""
    value = event.get(name)
    return value[0] if isinstance(value, list) else value


def _text(event: "Component", name: str) -> str:
    value = _first(event, name)
    return "" if value is None else str(value).strip()


def _organiser(event: "Component") -> str:
    value = _first(event, "ORGANIZER")
    if value is None:
        return ""
    address = str(value)
    if address.lower().startswith("mailto:"):
        address = address[len("mailto:") :]
    name = str(value.params.get("CN", ""))
    return f"{name} <{address}>" if name and address and name != address else name or address


def _repeats(event: "Component") -> str:
    rule = _first(event, "RRULE")
    return "" if rule is None else rule.to_ical().decode(errors="replace")


def _when(event: "Component") -> str:
    start, end = _moment(event, "DTSTART"), _moment(event, "DTEND") or _moment(event, "DUE")
    if start is None:
        return "" if end is None else f"until {_shown(end)}"
    if end is None:
        end = _after(start, _value(event, "DURATION"))
    if not isinstance(start, datetime):
        # The day on which a whole-day event ends is the first one after it.
        has_days = end is not None and not isinstance(end, datetime) and end > start
        last = end - timedelta(days=1) if has_days and end is not None else start
        return _shown(start) if last == start else f"{_shown(start)} to {_shown(last)}"
    zone = _zone(event, start)
    if not isinstance(end, datetime) or end.replace(tzinfo=None) == start.replace(tzinfo=None):
        return f"{_shown(start)}{zone}"
    if start.tzinfo == end.tzinfo and start.date() == end.date():
        return f"{_shown(start)} to {end:%H:%M}{zone}"
    return f"{_shown(start)}{zone} to {_shown(end)}{_zone(event, end, 'DTEND')}"


def _after(start: date, lasts: object) -> date | None:
    try:
        return start + lasts if isinstance(lasts, timedelta) else None
    except OverflowError:
        return None


def _value(event: "Component", name: str) -> object:
    from icalendar.error import BrokenCalendarProperty  # noqa: PLC0415  # as in `in_words`

    try:
        return _first(event, name).dt
    except (AttributeError, BrokenCalendarProperty):
        return None


def _moment(event: "Component", name: str) -> date | None:
    value = _value(event, name)
    return value if isinstance(value, date) else None


def _shown(moment: date) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if isinstance(moment, datetime) else f"{moment:%Y-%m-%d}"


def _zone(event: "Component", moment: datetime, name: str = "DTSTART") -> str:
    """The time zone's name behind a time; as the calendar calls it, where nobody else knows it."""
    if isinstance(moment.tzinfo, ZoneInfo):
        return f" ({moment.tzinfo.key})"
    params = getattr(_first(event, name), "params", {})
    called = str(params.get("TZID", "")) or (moment.tzname() or "")
    return f" ({' '.join(called.split())[:60]})" if called else ""
