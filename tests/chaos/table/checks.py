"""What has to hold beside the judge's account."""

from datetime import datetime

from tests.chaos.table.trouble import Check, Seen


def within(seconds: float) -> Check:
    """No message took longer to its ticket."""

    def wrong(seen: Seen) -> str | None:
        longest = max(seen.took.values(), default=0.0)
        return f"a message took {longest:.1f} s to its ticket" if longest > seconds else None

    return Check(f"no message takes longer than {seconds:.0f} s to its ticket", wrong)


def _other_times(seen: Seen) -> str | None:
    for said in seen.said:
        for event in seen.history.written.get(said.marker, ()):
            if datetime.fromisoformat(event["received_at"]) != said.received_at:
                return f"{event['id']} does not say when {said.marker} was received"
    return None


EVENT_TIME = Check("every event has its message's time of receipt", _other_times)
