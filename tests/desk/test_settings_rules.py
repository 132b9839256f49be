"""Which settings are changed together, who may change which, and what is wrong with them."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.desk.rules.people import Scope, Who
from services.desk.rules.routing_preview import preview
from services.desk.rules.settings import (
    OWNERS,
    PARTS,
    UNCHANGING,
    beyond_plan,
    document,
    forbidden,
    part_of,
    strangers,
    touched,
    unmade,
    with_part,
)
from services.desk.rules.settings_changes import changes, since, tag_of_part, tag_of_whole
from services.desk.rules.settings_checks import checked
from shared.bus.account_changes import history_of
from shared.bus.accounts import AccountsTable
from shared.contracts.accounts import (
    AccountSettings,
    Agent,
    AssignmentSettings,
    AutoClose,
    Macro,
    RoutingRule,
    TagSettings,
    Team,
)
from shared.contracts.base import Contact
from shared.contracts.tickets import TicketSummary
from tests.desk.settings_desk import AGENTS, NOON, ROLES, FakeLog, an_account
from tests.examples import examples

CHANGED: dict[str, dict[str, Any]] = {
    "macros": {"macros": [{"id": "m", "name": "Hi"}]},
    "tags": {"tags": {"enabled": False}},
    "routing": {
        "assignment": {"routing": [{"when": "tag", "is": "Returns", "team_id": "returns"}]}
    },
    "round-robin": {"assignment": {"round_robin": True}},
    "hours": {"time_zone": "Europe/Rome"},
    "auto-closing": {"autoclose": {"enabled": True}},
    "auto-replies": {"auto_replies": {"webchat": {"open": {"en": "Hello"}}}},
    "keywords": {"keywords": [{"word": "SALE"}]},
    "spam": {"spam": {"threshold": 0.95}},
    "attribution": {"attribution": {"window": "PT12H"}},
    "people": {"teams": [{"id": "returns", "name": "Backs"}]},
    "channels": {"channels": ["email"]},
    "links": {"links": {"short_domain": "go.acme.example"}},
    "handoff": {"handoff": {"answer_within": "PT5M"}},
    "account": {"name": "Another"},
    "plan": {"plan": "inbox"},
}

MANAGERS = {
    "macros",
    "tags",
    "routing",
    "round-robin",
    "hours",
    "auto-closing",
    "auto-replies",
    "keywords",
    "spam",
    "attribution",
}
ADMINS = MANAGERS | {"people", "channels", "links", "handoff", "account"}
MAY = {"support": set(), "manager": MANAGERS, "admin": ADMINS, "owner": ADMINS | {"plan"}}


def who(role: Any = "owner", *scopes: Scope) -> Who:
    return Who("acme", "x", "X", role=role, scopes=frozenset(scopes) if scopes else None)


def changed(before: AccountSettings, part: str) -> AccountSettings:
    found, wrong = checked(with_part(part, document(before), CHANGED[part]))
    assert found is not None, wrong
    return found


def with_agents(*agents: Agent) -> AccountSettings:
    return an_account(agents=agents, teams=())


def leaves(whole: dict[str, Any]) -> set[str]:
    inner = {f"assignment.{name}" for name in whole["assignment"]}
    return (whole.keys() - {"assignment"} - UNCHANGING) | inner


def test_every_setting_is_in_exactly_one_part() -> None:
    fields = [field for part in PARTS.values() for field in part.fields]

    assert sorted(fields) == sorted(leaves(document(an_account())))


@pytest.mark.spec("ROL 1")
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("part", PARTS)
def test_a_role_changes_its_own_parts_alone(role: str, part: str) -> None:
    before = an_account()

    parts = touched(before, changed(before, part))

    assert parts == {part}
    assert (not forbidden(who(role), parts)) == (part in MAY[role])


@pytest.mark.parametrize("part", PARTS)
def test_an_integration_that_writes_settings_changes_all_but_the_plan(part: str) -> None:
    assert bool(forbidden(who("support", "settings:write"), {part})) == (part == "plan")
    assert forbidden(who("owner", "settings:read", "tickets:write"), {part})


def test_a_setting_in_no_part_is_nobodys_to_change() -> None:
    assert forbidden(who("owner"), {""}) == {""}


@pytest.mark.spec("ROL 1")
@pytest.mark.parametrize("role", ["admin", "owner"])
@pytest.mark.parametrize(
    "after",
    [
        (AGENTS[0], AGENTS[1].model_copy(update={"role": "owner"})),
        (AGENTS[0].model_copy(update={"role": "support"}), AGENTS[1]),
        (AGENTS[1],),
        (AGENTS[0].model_copy(update={"email": "adam@acme.example"}), AGENTS[1]),
    ],
    ids=["makes one", "unmakes one", "removes one", "takes over an owner's address"],
)
def test_only_an_owner_changes_who_is_an_owner(role: str, after: tuple[Agent, ...]) -> None:
    parts = touched(with_agents(*AGENTS[:2]), with_agents(*after))

    assert OWNERS in parts
    assert bool(forbidden(who(role), parts)) == (role == "admin")
    assert forbidden(who("support", "settings:write"), parts)


def test_the_last_owner_cannot_be_unmade_and_an_account_without_one_goes_on() -> None:
    none = with_agents(AGENTS[1])

    assert unmade(with_agents(*AGENTS[:2]), none)
    assert not unmade(none, with_agents(AGENTS[2]))


@pytest.mark.spec("ROL 2")
@pytest.mark.parametrize("part", ["routing", "round-robin", "auto-closing"])
def test_the_inbox_plan_lets_nobody_switch_on_what_it_has_not(part: str) -> None:
    inbox = an_account(plan="inbox", tags=TagSettings(enabled=False))

    assert beyond_plan(inbox, changed(inbox, part))
    assert not beyond_plan(an_account(), changed(an_account(), part))


@pytest.mark.spec("ROL 2")
def test_the_inbox_plan_lets_what_was_on_stay_and_be_switched_off() -> None:
    tags = an_account(plan="inbox")
    off = an_account(plan="inbox", tags=TagSettings(enabled=False))

    assert not beyond_plan(tags, changed(tags, "macros"))
    assert not beyond_plan(tags, off)
    assert beyond_plan(off, tags) == {"tags.enabled"}


@pytest.mark.spec("ROL 2")
def test_a_smaller_plan_is_taken_once_all_that_it_has_not_is_off() -> None:
    on = an_account(autoclose=AutoClose(enabled=True))
    off = an_account(tags=TagSettings(enabled=False))

    assert beyond_plan(on, changed(on, "plan")) == {"autoclose.enabled", "tags.enabled"}
    assert not beyond_plan(off, changed(off, "plan"))


def test_a_part_takes_no_fields_of_others() -> None:
    said = {"assignment": {"routing": [], "round_robin": True}, "plan": "inbox"}

    assert strangers("routing", said) == ["assignment.round_robin", "plan"]
    assert with_part("routing", document(an_account()), said) == document(an_account())


def test_what_a_part_leaves_out_stays() -> None:
    before = an_account(assignment=AssignmentSettings(round_robin=True, max_open_tickets=3))
    said = {"assignment": {"max_open_tickets": None}}

    after = with_part("round-robin", document(before), said)

    assert after["assignment"]["round_robin"] is True
    assert after["assignment"]["max_open_tickets"] is None


@pytest.mark.parametrize(
    ("part", "said", "field", "code"),
    [
        ("auto-closing", {"autoclose": {"period": "P91D"}}, "autoclose.period", "at_most"),
        ("auto-closing", {"autoclose": {"period": "PT23H"}}, "autoclose.period", "at_least"),
        ("auto-closing", {"autoclose": {"period": "two"}}, "autoclose.period", "no_duration"),
        ("auto-closing", {"autoclose": None}, "autoclose", "wrong"),
        ("hours", {"time_zone": "Rome"}, "time_zone", "no_zone"),
        ("hours", {"business_hours": {"holidays": ["x"]}}, "business_hours.holidays.0", "no_date"),
        ("spam", {"spam": {"threshold": "x"}}, "spam.threshold", "no_number"),
        ("spam", {"spam": {"threshold": 0.5, "grey": 0.6}}, "spam.grey", "above_threshold"),
        (
            "round-robin",
            {"assignment": {"max_open_tickets": 0}},
            "assignment.max_open_tickets",
            "at_least",
        ),
        (
            "routing",
            {"assignment": {"routing": [{"when": "tag", "is": "a", "team_id": "x"}]}},
            "assignment.routing.0.team_id",
            "no_team",
        ),
        (
            "routing",
            {"assignment": {"default_team": "x"}},
            "assignment.default_team",
            "no_team",
        ),
        ("macros", {"macros": [{"id": "a", "name": ""}]}, "macros.0.name", "needed"),
        (
            "macros",
            {"macros": [{"id": "a", "name": "A", "text": "{{contact.age}}"}]},
            "macros.0.text",
            "no_placeholder",
        ),
        (
            "macros",
            {"macros": [{"id": "a", "name": "Hi"}, {"id": "b", "name": "HI "}]},
            "macros.1.name",
            "twice",
        ),
        (
            "people",
            {"teams": [{"id": "t", "name": "T", "members": ["gone"]}]},
            "teams.0.members",
            "no_agents",
        ),
        (
            "people",
            {"agents": [{"id": "a", "name": "A", "email": "x@y"}, {"id": "b", "name": "B", "email": "X@y"}], "teams": []},  # noqa: E501
            "agents.1.email",
            "twice",
        ),
        (
            "tags",
            {"tags": {"own": [{"name": "Care", "examples": ["x"]}, {"name": "returns", "examples": ["x"]}]}},  # noqa: E501
            "tags.own.1.name",
            "twice",
        ),
        ("tags", {"tags": {"own": [{"name": "C", "examples": []}]}}, "tags.own.0.examples", "needed"),  # noqa: E501
        (
            "channels",
            {"addresses": [{"channel": "sms", "value": "ACME"}]},
            "addresses.0.value",
            "sender_name",
        ),
        ("account", {"region": "Italy"}, "region", "no_region"),
        ("keywords", {"keywords": [{"word": "a"}, {"word": "A"}]}, "keywords.1.word", "twice"),
        ("keywords", {"keywords": [{"word": "a", "when": 1}]}, "keywords.0.when", "unknown_field"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_field(
    part: str, said: dict[str, Any], field: str, code: str
) -> None:
    found, wrong = checked(with_part(part, document(an_account()), said))

    assert found is None
    assert (wrong[0].field, wrong[0].code) == (field, code)


def test_each_wrong_value_is_told_once_and_all_of_them() -> None:
    said = {"macros": [{"id": "a", "name": ""}, {"id": "a", "name": "x" * 101}]}

    _, wrong = checked(with_part("macros", document(an_account()), said))

    fields = sorted(each.field for each in wrong)
    assert fields == ["macros.0.name", "macros.1.id", "macros.1.name"]


WORDS = st.sampled_from(
    ["id", "name", "email", "members", "word", "own", "examples", "routing", "team_id", "text"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(part=st.sampled_from(sorted(PARTS)), data=st.data())
@settings(max_examples=examples(300), deadline=None)
def test_whatever_is_given_is_settings_or_is_told_at_some_field(
    part: str, data: st.DataObject
) -> None:
    names = [path.partition(".")[0] for path in PARTS[part].fields]
    value = data.draw(st.dictionaries(st.sampled_from(names), JSON, min_size=1))

    found, wrong = checked(with_part(part, document(an_account()), value))

    assert (found is None) == bool(wrong)


def a_ticket(number: int, team: str | None, *, tags: Any = (), segments: Any = ()) -> TicketSummary:
    contact = Contact(id=f"c{number}", segments=segments)
    return TicketSummary(
        number=number,
        channel="email",
        address="help@acme.example",
        contact=contact,
        status="open",
        team_id=team,
        tags=tags,
        opened_at=NOON,
    )


@pytest.mark.spec("ASG 5")
def test_the_preview_says_what_each_ticket_has_and_would_have() -> None:
    rules = (
        RoutingRule.model_validate({"when": "segment", "is": "VIP", "team_id": "gold"}),
        RoutingRule.model_validate({"when": "tag", "is": "Returns", "team_id": "returns"}),
    )
    tickets = [
        a_ticket(1, "returns", tags=("Returns",), segments=("VIP",)),
        a_ticket(2, "returns", tags=("Returns", "VIP")),
        a_ticket(3, None),
    ]

    found = preview(AssignmentSettings(routing=rules, default_team="rest"), tickets)

    assert [(w.has, w.team, w.rule, w.differs) for w in found] == [
        ("returns", "gold", 0, True),
        ("returns", "returns", 1, False),
        (None, "rest", None, True),
    ]


def a_log(*accounts: AccountSettings) -> FakeLog:
    log = FakeLog(AccountsTable())
    for number, account in enumerate(accounts):
        log.by_another(account, "desk:mara" if number % 2 else "root")
    return log


def test_changes_are_read_from_the_topic_with_who_made_them() -> None:
    log = a_log(an_account(), an_account(name="Other"), an_account(name="Third"))

    found = changes(history_of(log.records, "acme"))

    assert [(c.kind, c.by, c.differences[0].before) for c in found] == [
        ("agent", "mara", "Acme"),
        ("operator", "root", "Other"),
    ]


def test_a_change_whose_beginning_is_compacted_away_tells_nothing_wrong() -> None:
    log = a_log(an_account(), an_account(name="Other"), an_account(name="Third"))
    del log.records[1]

    assert changes(history_of(log.records, "acme")) == []


def test_a_parts_tag_changes_with_that_part_alone() -> None:
    before = an_account()
    after = an_account(macros=(Macro(id="a", name="A"),), revision=8)

    assert tag_of_part("spam", before) == tag_of_part("spam", after)
    assert tag_of_part("macros", before) != tag_of_part("macros", after)
    assert tag_of_whole(before) == "7"
    assert tag_of_whole(an_account(revision=None)) != tag_of_whole(
        an_account(revision=None, name="B")
    )


def test_what_somebody_has_read_is_found_again_by_its_tag() -> None:
    old = an_account(autoclose=AutoClose(period=timedelta(days=5)))
    log = a_log(old, an_account(name="Other"), an_account())
    history = history_of(log.records, "acme")

    found = since(history, "auto-closing", tag_of_part("auto-closing", old))

    assert found is not None
    assert found.autoclose.period == timedelta(days=5)
    assert since(history, "auto-closing", "nobody's") is None


def test_a_part_stands_where_it_stands_in_the_whole() -> None:
    whole = document(an_account(teams=(Team(id="a", name="A"),)))

    assert part_of("routing", whole) == {"assignment": {"routing": [], "default_team": None}}
