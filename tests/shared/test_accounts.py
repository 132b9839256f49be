"""The settings table: whose address is whose, whatever the order in which settings came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.accounts import AccountsTable, address_key
from shared.contracts.accounts import AccountSettings, Address
from shared.topic import Deleted

NUMBERS = st.sampled_from(["+390212345678", "+15550001111", "+442071838750"])
accounts = st.builds(
    lambda name, numbers, title: AccountSettings(
        account_id=name,
        name=title,
        addresses=tuple(Address(channel="sms", value=number) for number in numbers),
    ),
    st.sampled_from(["acme", "bolt", "cask"]),
    st.lists(NUMBERS, max_size=3),
    st.sampled_from(["", "A", "B"]),
)
changes = st.lists(accounts | st.builds(Deleted, st.sampled_from(["acme", "bolt", "nobody"])))


def a_table(*said: AccountSettings | Deleted) -> AccountsTable:
    table = AccountsTable()
    for change in said:
        table.apply(change)
    return table


def an_account(name: str, *addresses: str, **more: str) -> AccountSettings:
    return AccountSettings(
        account_id=name,
        addresses=tuple(Address(channel="email", value=value) for value in addresses),
        **more,
    )


@given(said=changes)
def test_the_last_word_on_each_account_counts(said: list[AccountSettings | Deleted]) -> None:
    last: dict[str, AccountSettings] = {}
    for change in said:
        if isinstance(change, Deleted):
            last.pop(change.key, None)
        else:
            last[change.account_id] = change

    table = a_table(*said)

    assert list(table) == [last[name] for name in sorted(last)]
    assert all(table.get(name) is settings for name, settings in last.items())
    assert table.get("nobody") is None


@given(said=changes, number=NUMBERS)
def test_an_address_is_the_first_account_s_that_has_it_whatever_came_first(
    said: list[AccountSettings | Deleted], number: str
) -> None:
    table = a_table(*said)
    having = [
        account for account in table if number in {address.value for address in account.addresses}
    ]

    assert table.owner("sms", number) is (having[0] if having else None)
    assert table.owner("whatsapp", number) is None


def test_asking_in_between_changes_nothing() -> None:
    table = a_table(an_account("bolt", "help@x.example"))
    assert getattr(table.owner("email", "help@x.example"), "account_id", "") == "bolt"

    table.apply(an_account("acme", "help@x.example"))
    assert getattr(table.owner("email", "help@x.example"), "account_id", "") == "acme"

    table.apply(Deleted("acme"))
    assert getattr(table.owner("email", "help@x.example"), "account_id", "") == "bolt"

    table.apply(an_account("bolt"))
    assert table.owner("email", "help@x.example") is None


@pytest.mark.parametrize("written", ["HELP@Shop.Example", " help@shop.example\t"])
def test_case_and_space_around_an_address_do_not_matter(written: str) -> None:
    assert address_key("email", written) == address_key("email", "help@shop.example")
    assert a_table(an_account("acme", written)).owner("email", "help@shop.example")


def test_an_address_that_two_accounts_claim_is_told() -> None:
    table = a_table(an_account("acme", "help@x.example"))
    late = an_account("bolt", "Help@x.example", "own@x.example")
    table.apply(late)

    assert table.claimed_twice(late) == [(late.addresses[0], "acme")]
    assert table.claimed_twice(an_account("acme", "help@x.example")) == []


async def test_refreshing_asks_whoever_fills_the_table() -> None:
    asked = []

    async def read_on() -> None:
        asked.append(1)

    await AccountsTable(read_on).refresh()
    await AccountsTable().refresh()

    assert asked == [1]
