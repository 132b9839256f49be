"""Times as an operator gives them on the command line."""

import re
from datetime import UTC, datetime, timedelta

import typer

from shared.clock import EPOCH, FAR_FUTURE

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def moment(text: str, now: datetime, *, ahead: bool = False) -> datetime:
    """The time that the text says: RFC 3339 (UTC where no zone is said), or `90m`, `2h`, `3d`.

    Such a span of minutes, hours or days is counted back from `now`; with `ahead`, forward. Raises
    BadParameter for what is no time.
    """
    if found := re.fullmatch(r"(\d{1,6})([mhd])", text, flags=re.ASCII):
        span = timedelta(**{_UNITS[found[2]]: int(found[1])})
        return min(now + span, FAR_FUTURE) if ahead else max(now - span, EPOCH)
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no time") from None
    return said if said.tzinfo else said.replace(tzinfo=UTC)
