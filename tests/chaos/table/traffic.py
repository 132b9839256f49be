"""What customers send while one thing is broken."""

from dataclasses import replace

from tests.chaos.traffic import Plan

_EVERY = 12


def until(plan: Plan, end: float) -> Plan:
    """The same, but nothing is sent later than `end`; what would be is sent then, in its order."""
    sayings = [
        replace(each, at=min(each.at, end), again=tuple(min(at, end) for at in each.again))
        for each in plan.sayings
    ]
    return replace(plan, sayings=sayings)


def with_messages(plan: Plan) -> Plan:
    """The same without those who say nothing but keywords: they have no ticket."""
    speaking = {each.customer for each in plan.sayings if each.kind == "message"}
    return replace(plan, sayings=[each for each in plan.sayings if each.customer in speaking])


def readable(plan: Plan) -> Plan:
    """The same without what nobody can read: its dead letters would be an alert of their own."""
    return replace(plan, sayings=[each for each in plan.sayings if each.kind != "broken"])


def broken_often(plan: Plan) -> Plan:
    """The same, but one record in twelve cannot be read."""
    sayings = [
        replace(each, kind="broken") if _may_break(number, each.customer.channel) else each
        for number, each in enumerate(plan.sayings)
    ]
    return replace(plan, sayings=sayings)


def _may_break(number: int, channel: str) -> bool:
    """Any text is a mail."""
    return number % _EVERY == 0 and channel != "email"
