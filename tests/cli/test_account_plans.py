"""What `helpdesk accounts` is about to do: what differs, and that what it shows changes nothing."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.bus.account_changes import History, Said
from shared.bus.delivery import Record
from shared.cli.account_files import read
from shared.cli.account_plans import Plan, lines, shown
from shared.cli.places import in_yaml
from shared.contracts.accounts import AccountSettings
from shared.topics import ACCOUNTS
from tests.shared.operators import NOON


def history(settings: AccountSettings, author: str = "") -> History:
    out = ACCOUNTS.record(settings, (("published-by", author.encode()),))
    record = Record(out.topic, 0, 0, out.key, out.value, out.headers, NOON)
    return History(settings.account_id, (Said(record, settings),))


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
accounts = st.builds(
    lambda name, revision, words, on: AccountSettings.model_validate(
        {
            "account_id": "lumen",
            "revision": revision,
            "name": name,
            "time_zone": "Europe/Rome",
            "addresses": [{"channel": "email", "value": f"{word}@"} for word in words],
            "keywords": [{"word": f"{word}!", "class": "help"} for word in words],
            "business_hours": {"weekly": [{"day": "mon", "from": "09:00", "until": "00:00"}]},
            "assignment": {"round_robin": on},
            "tags": {"own": [{"name": "x", "examples": words}]} if all(words) and words else {},
        }
    ),
    texts | st.sampled_from(["no", "12:30", "1e5", "null", "a\n b\n", " x", "# y", "'"]),
    st.none() | st.integers(1, 2**60),
    st.lists(texts, max_size=3),
    st.booleans(),
)  # fmt: skip


@settings(deadline=None)
@given(said=accounts, author=texts)
def test_what_show_prints_is_a_file_that_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, said: AccountSettings, author: str
) -> None:
    before = history(said, author)
    file = tmp_path_factory.mktemp("shown") / "lumen.yaml"
    file.write_text(shown(before), encoding="utf-8", newline="")

    (account,), problems = read([file])

    assert not problems
    assert account.settings == said
    plan = Plan(account, before)
    assert not plan.changes
    assert not plan.stale


def test_what_older_yaml_takes_for_something_else_is_written_in_quotes() -> None:
    assert in_yaml({"a": "off", "b": "12:30:00", "c": "+39", "d": "n", "e": "P3D"}) == (
        "a: 'off'\nb: '12:30:00'\nc: '+39'\nd: 'n'\ne: P3D\n"
    )


def test_nobody_s_name_breaks_out_of_a_comment() -> None:
    said = shown(history(AccountSettings(account_id="lumen"), "eve\nspam: {threshold: 1}\x1b[2J"))

    assert said.splitlines()[1] == "account_id: lumen"
    assert "\x1b" not in said


def a_plan(folder: Path, file: str, *said: AccountSettings) -> Plan:
    (folder / "a.yaml").write_text(f"account_id: lumen\n{file}")
    (account,), _ = read([folder / "a.yaml"])
    return Plan(account, History("lumen", tuple(each for s in said for each in history(s).said)))


def test_differences_are_told_by_the_names_of_what_they_are_in(tmp_path: Path) -> None:
    before = AccountSettings.model_validate(
        {
            "account_id": "lumen",
            "agents": [{"id": "ann", "name": "Ann"}, {"id": "bob", "name": "Bob"}],
            "spam": {"threshold": 0.9},
        }
    )
    now = (
        "agents: [{id: ann, name: Anna, email: a@x}, {id: zoe, name: Zoe}]\n"
        "region: IT\nspam: {threshold: 0.95}\nchannels: [sms]\n"
    )

    assert list(lines(a_plan(tmp_path, now, before).differences)) == [
        '  ~ channels: [] → ["sms"]',
        '  ~ agents[ann].name: "Ann" → "Anna"',
        '  + agents[ann].email: "a@x"',
        '  - agents[bob]: {"id": "bob", "name": "Bob", "role": "support"}',
        '  + agents[zoe]: {"id": "zoe", "name": "Zoe", "role": "support"}',
        "  ~ spam.threshold: 0.9 → 0.95",
        '  + region: "IT"',
    ]


def test_an_order_that_differs_is_a_difference(tmp_path: Path) -> None:
    people = [{"id": "ann", "name": "A"}, {"id": "bob", "name": "B"}]
    before = AccountSettings.model_validate({"account_id": "lumen", "agents": people})
    turned = "agents: [{id: bob, name: B}, {id: ann, name: A}]\n"

    assert list(lines(a_plan(tmp_path, turned, before).differences)) == [
        '  ~ agents (order): ["ann", "bob"] → ["bob", "ann"]'
    ]


def test_a_file_that_rests_on_an_old_revision_is_told_what_others_changed(tmp_path: Path) -> None:
    old, new = (
        AccountSettings(account_id="lumen", name=name, revision=revision)
        for name, revision in (("Old", 3), ("New", 4))
    )
    plan = a_plan(tmp_path, "revision: 3\nname: Mine\n", old, new)

    assert plan.stale
    assert plan.stale.startswith("the file rests on revision 3, in force is revision 4, published")
    assert list(lines(plan.since)) == ['  ~ name: "Old" → "New"']
    assert not a_plan(tmp_path, "name: Mine\n", old, new).stale
    assert not a_plan(tmp_path, "revision: 4\nname: Mine\n", old, new).stale
    assert not a_plan(tmp_path, "revision: 3\nname: New\n", old, new).stale
    assert "no such account" in (a_plan(tmp_path, "revision: 3\n").stale or "")
