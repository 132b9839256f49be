"""An account's settings: what operators may say, and what they are told where they may not."""

from datetime import time, timedelta
from typing import Any
from zoneinfo import available_timezones

import pytest

from shared.contracts.accounts import AccountSettings
from shared.errors import Poison
from shared.topics import ACCOUNTS
from tests.contracts.library import a_record

PEOPLE = {
    "agents": [{"id": "ann", "name": "Ann"}],
    "teams": [{"id": "vip", "name": "VIP", "members": ["ann"]}],
}


def read(**said: Any) -> AccountSettings:
    settings = ACCOUNTS.parse(a_record(ACCOUNTS, {"account_id": "lumen", **said}))
    assert isinstance(settings, AccountSettings)
    return settings


def hours(day: str, begin: str, end: str) -> dict[str, Any]:
    return {"business_hours": {"weekly": [{"day": day, "from": begin, "until": end}]}}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a zone that is none": ({"time_zone": "Rome"}, "no time zone of the tz database"),
    "a zone out of the database": ({"time_zone": "../../etc/passwd"}, "no time zone"),
    "a zone with a null in it": ({"time_zone": "Europe/Rome\0"}, "no time zone"),
    "an offset for a zone": ({"time_zone": "+01:00"}, "no time zone"),
    "a country in small letters": ({"region": "it"}, "region"),
    "a channel nobody has": ({"channels": ["fax"]}, "channels.0"),
    "an address of no channel": ({"addresses": [{"channel": "fax", "value": "1"}]}, "addresses.0"),
    "an address that is empty": ({"addresses": [{"channel": "sms", "value": ""}]}, "addresses.0"),
    "a team with strangers": (
        {"teams": [{"id": "vip", "name": "VIP", "members": ["zoe", "ann"]}]},
        r"team 'vip' has members who are no agents: \['ann', 'zoe'\]",
    ),
    "a rule for no team": (
        {**PEOPLE, "assignment": {"routing": [{"when": "tag", "is": "x", "team_id": "b"}]}},
        r"teams that do not exist: \['b'\]",
    ),
    "a default team that is none": (
        {**PEOPLE, "assignment": {"default_team": "all"}},
        r"teams that do not exist: \['all'\]",
    ),
    "a rule by the weather": (
        {**PEOPLE, "assignment": {"routing": [{"when": "rain", "is": "x", "team_id": "vip"}]}},
        "assignment.routing.0.when",
    ),
    "no open ticket at most": ({"assignment": {"max_open_tickets": 0}}, "max_open_tickets"),
    "a heartbeat never in time": ({"assignment": {"heartbeat_limit": 0}}, "heartbeat_limit"),
    "closing after half a day": ({"autoclose": {"period": "PT12H"}}, "autoclose.period"),
    "closing after 91 days": ({"autoclose": {"period": "P91D"}}, "autoclose.period"),
    "another start of the timer": ({"autoclose": {"starts_at": "never"}}, "autoclose.starts_at"),
    "an empty window": ({"attribution": {"window": "PT0S"}}, "attribution.window"),
    "a window back in time": ({"attribution": {"window": "-P1D"}}, "attribution.window"),
    "everything is spam": ({"spam": {"threshold": 0}}, "spam.threshold"),
    "more than sure": ({"spam": {"threshold": 1.01}}, "spam.threshold"),
    "a tag off that is none": ({"tags": {"off": ["Gold"]}}, "tags.off.0"),
    "an own tag without examples": ({"tags": {"own": [{"name": "Gold", "examples": []}]}}, "own.0"),
    **{
        f"an own tag {name!r}": (
            {
                "tags": {
                    "own": [{"name": "Gold", "examples": ["x"]}, {"name": name, "examples": ["x"]}]
                }
            },
            "name",
        )
        for name in ("gold", "Gold ", "Returns\u200b", "\uff32eturns", "\t")
    },
    "a keyword without letters": ({"keywords": [{"word": ""}]}, "keywords.0.word"),
    "a day nobody knows": (hours("someday", "09:00", "18:00"), "business_hours.weekly.0.day"),
    "an hour nobody knows": (hours("mon", "25:00", "18:00"), "business_hours.weekly.0.from"),
    "a holiday that is no day": ({"business_hours": {"holidays": ["2026-02-30"]}}, "holidays.0"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_settings_that_mean_nothing_are_refused_and_say_where(case: str) -> None:
    said, words = REFUSED[case]

    with pytest.raises(Poison, match=words) as refused:
        read(**said)

    assert refused.value.reason == "malformed"


@pytest.mark.parametrize("zone", ["Europe/Rome", "America/Argentina/Ushuaia", "UTC"])
def test_a_zone_of_the_database_is_taken(zone: str) -> None:
    assert read(time_zone=zone).time_zone == zone


def test_every_zone_that_this_machine_knows_is_taken() -> None:
    for zone in available_timezones():
        assert read(time_zone=zone).time_zone == zone


@pytest.mark.spec("ASG 1")
@pytest.mark.spec("ACL 1")
def test_what_nobody_set_is_off_or_the_rule_s_default() -> None:
    settings = read()

    assert not settings.assignment.round_robin
    assert settings.assignment.max_open_tickets is None
    assert not settings.autoclose.enabled
    assert settings.autoclose.period == timedelta(days=2)
    assert settings.autoclose.starts_at == "first_reply"
    assert (settings.autoclose.typing_delay, settings.autoclose.typing_limit) == (
        timedelta(minutes=3),
        timedelta(minutes=30),
    )
    assert settings.attribution.window == timedelta(hours=24)
    assert settings.business_hours.weekly == ()
    assert settings.reply_windows.whatsapp == timedelta(hours=24)
    assert settings.reply_windows.instagram == timedelta(days=7)
    assert settings.channels == ()


@pytest.mark.spec("ACL 1")
@pytest.mark.parametrize("days", [1, 90])
def test_the_bounds_of_the_period_are_periods(days: int) -> None:
    said = {"autoclose": {"period": f"P{days}D"}}
    assert read(**said).autoclose.period == timedelta(days=days)


def test_words_that_are_python_s_are_the_operators_too() -> None:
    settings = read(
        **PEOPLE | hours("sat", "22:00", "02:00"),
        keywords=[{"word": "AIUTO", "class": "help"}],
        assignment={"routing": [{"when": "segment", "is": "VIP", "team_id": "vip"}]},
    )

    (span,), (rule,), (keyword,) = (
        settings.business_hours.weekly,
        settings.assignment.routing,
        settings.keywords,
    )
    assert (span.from_, span.until) == (time(22), time(2))
    assert (rule.is_, keyword.class_) == ("VIP", "help")
    assert b'"from":"22:00:00"' in (ACCOUNTS.record(settings).value or b"")
    assert b'"is":"VIP"' in (ACCOUNTS.record(settings).value or b"")
