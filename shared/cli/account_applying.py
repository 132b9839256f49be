"""`helpdesk accounts apply`: publishing what was planned."""

from collections.abc import Mapping, Sequence

from shared.bus.account_changes import Log, Outcome, change, histories, settle
from shared.cli.account_plans import Plan

Outcomes = Mapping[str, Outcome]
"""What became of each account that was to change."""


async def mend(log: Log) -> list[str]:
    """Settle all accounts; those that were not."""
    found = histories(await log.read())
    unsettled = [name for name, history in found.items() if not history.settled]
    for name in unsettled:
        await settle(log, name)
    return unsettled


async def publish(log: Log, changing: Sequence[Plan], author: str) -> dict[str, Outcome]:
    """Publish them one after the other, each resting on what was in force when it was planned."""
    return {
        plan.account: await change(log, plan.file.settings, plan.history.settings, author)
        for plan in changing
    }
