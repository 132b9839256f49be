"""Waiting lines: the oldest first, whoever comes, however long or many they are."""

from collections import Counter
from datetime import datetime, timedelta

import pytest

from services.assignment import looking, sharing
from services.assignment.rules import rotation
from services.assignment.rules.presence import Choice
from shared.contracts.accounts import AccountSettings
from shared.contracts.commands import AssignTicket
from shared.values import hours
from tests.assignment.desk import Desk, account

SECOND = timedelta(seconds=1)


def online(desk: Desk, agent_id: str, account_id: str = "acme") -> Choice:
    return Choice(account_id, agent_id, desk.now, desk.now + timedelta(minutes=1))


@pytest.mark.spec("ASG 6")
async def test_with_nobody_there_tickets_wait_and_the_oldest_is_first_whoever_comes() -> None:
    desk = Desk()
    desk.has(account(), account("other"))
    replica = desk.replica()
    for name in ("t3", "t1", "t2"):
        desk.opens(name)
        desk.opens(f"other {name}", "other")
        desk.now += SECOND
    await desk.settle(replica)
    await replica.sweep()
    assert desk.commands == []
    await replica.hear([desk.online("b")])
    assert [c.ticket_id for c in desk.commands] == ["t3", "t1", "t2"]


@pytest.mark.spec("ASG 6")
async def test_a_long_line_is_given_out_at_once_evenly_and_oldest_first() -> None:
    desk = Desk()
    desk.has(account())
    replica = desk.replica()
    for number in range(450):
        desk.opens(f"t{number:03}")
        desk.now += timedelta(milliseconds=1)
    await desk.settle(replica)
    await replica.hear([desk.online("a"), desk.online("b")])
    assert [c.ticket_id for c in desk.commands] == [f"t{n:03}" for n in range(450)]
    assert Counter(c.assignee for c in desk.commands if isinstance(c, AssignTicket)) == {
        "a": 225,
        "b": 225,
    }


@pytest.mark.spec("ASG 6")
async def test_a_line_that_waits_for_answers_goes_on_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No sweep runs here: nothing else than the answers lets more tickets be given out."""
    monkeypatch.setattr(rotation, "MOST_UNANSWERED", 10)
    monkeypatch.setattr(sharing, "ENOUGH", 4)
    desk = Desk()
    desk.has(account())
    replica = desk.replica()
    for number in range(35):
        desk.opens(f"t{number:02}")
        desk.now += SECOND
    await desk.settle(replica)
    answered = len(desk.stream)

    await replica.hear([desk.online("a"), desk.online("b")])
    assert len(desk.commands) == 10
    desk.is_taken("t05", "c")
    await desk.settle(replica, answered)

    offered = [c.ticket_id for c in desk.commands if isinstance(c, AssignTicket)]
    assert offered == [f"t{n:02}" for n in range(35)]
    assert all(desk.assignee(f"t{number:02}") for number in range(35))


@pytest.mark.spec("ASG 6")
async def test_an_account_with_too_many_turns_out_is_not_looked_at_for_each_new_ticket_or_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rotation, "MOST_UNANSWERED", 5)
    monkeypatch.setattr(sharing, "ENOUGH", 5)
    desk = Desk()
    desk.has(account(), account("other"))
    replica = desk.replica()
    await replica.hear([desk.online("a"), desk.online("a", "other")])
    for number in range(6):
        desk.opens(f"t{number}")
    await replica.take(desk.stream[:])
    assert len(desk.commands) == 5
    looked, after = desk.calls["waiting"], len(desk.stream)

    desk.opens("t6")
    await replica.take(desk.stream[after:])
    await replica.sweep()
    assert desk.calls["waiting"] == looked
    desk.now += sharing.JUST_NOW
    await replica.sweep()
    assert desk.calls["waiting"] > looked, "others may have heard of answers"
    looked = desk.calls["waiting"]
    desk.opens("elsewhere", "other")
    await replica.take(desk.stream[-1:])
    assert desk.calls["waiting"] > looked, "another account waits for nobody"

    await desk.settle(replica, len(desk.stream))
    assert all(desk.assignee(name) for name in ("t5", "t6", "elsewhere"))


@pytest.mark.spec("ASG 2")
async def test_who_signs_out_while_a_long_line_is_given_out_gets_no_more_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(looking, "PAGE", 10)
    desk = Desk()
    desk.has(account())
    replica, other = desk.replica(), desk.replica()
    for number in range(30):
        desk.opens(f"t{number}")
    await desk.settle(replica)
    await desk.stores.agents.choose([online(desk, "a"), online(desk, "b")], desk.now)

    async def a_signs_out_after_the_first_page() -> None:
        if desk.commands:
            desk.now += SECOND
            await other.hear([desk.offline("a")])
        else:
            desk.meanwhile.append(a_signs_out_after_the_first_page)

    desk.meanwhile = [a_signs_out_after_the_first_page]
    await replica.sweep()
    given = [c.assignee for c in desk.commands if isinstance(c, AssignTicket)]
    assert Counter(given) == {"a": 5, "b": 25}


@pytest.mark.spec("ASG 6")
async def test_many_lines_are_given_out_bit_by_bit_and_no_line_waits_for_a_long_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(looking, "PAGE", 4)
    monkeypatch.setattr(sharing, "LINES", 3)
    desk = Desk()
    names = [f"a{number}" for number in range(10)]
    desk.has(*(account(name, "x") for name in names))
    replica = desk.replica()
    for name in names:
        for number in range(30 if name == "a0" else 2):
            desk.opens(f"{name}-{number}", name)
    await desk.settle(replica)
    desk.published.clear()
    await desk.stores.agents.choose([online(desk, "x", name) for name in names], desk.now)
    await replica.sweep()
    assert len(desk.commands) == 30 + 9 * 2
    assert max(desk.published) <= 3 * 4
    first = [command.account_id for command in desk.commands[: 4 + 9 * 2]]
    assert set(first) == set(names)


@pytest.mark.spec("ASG 6")
async def test_a_sweep_looks_only_for_agents_of_accounts_where_a_ticket_waits() -> None:
    desk = Desk()
    desk.has(account(), account("other"), account("off", assignment={"round_robin": False}))
    replica = desk.replica()
    await replica.hear([desk.online("a"), desk.online("a", "off")])
    desk.opens("t1", "off")
    await desk.settle(replica)
    await replica.sweep()
    desk.calls.clear()
    await replica.sweep()
    assert desk.calls == {"busy": 1, "due": 1}


@pytest.mark.spec("ASG 6")
async def test_a_sweep_asks_only_of_accounts_where_a_ticket_waits_whether_they_are_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = Desk()
    desk.has(*(account(f"a{number}") for number in range(50)))
    replica = desk.replica()
    for account_id in ("a7", "a8"):
        desk.opens(f"t of {account_id}", account_id)
    await desk.settle(replica)
    asked = set()

    def is_open(settings: AccountSettings, _: datetime) -> bool:
        asked.add(settings.account_id)
        return True

    monkeypatch.setattr(hours, "is_open", is_open)
    await replica.sweep()

    assert asked == {"a7", "a8"}
