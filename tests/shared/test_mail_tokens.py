"""Signed tokens: what one proves, and what it does not (TKT 2)."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.values.ids import computed_id
from shared.values.mail_tokens import (
    MailTokens,
    found_in,
    into_address,
    named_by,
    short_id,
    without_token,
)

OLD, NEW = b"an old secret of ours", b"a newer secret of ours"
TOKENS = MailTokens({"1": NEW})
TICKET = computed_id("ticket", "acme", "m-1")

tickets = st.uuids().map(str)
accounts = st.from_regex(r"\A[A-Za-z0-9][A-Za-z0-9._-]{0,20}\Z")


def the_token(tokens: MailTokens = TOKENS, account: str = "acme", ticket: str = TICKET) -> str:
    token = tokens.of(account, ticket)
    assert token is not None
    return token


@pytest.mark.spec("TKT 2")
@given(accounts, tickets)
def test_a_token_proves_its_ticket_in_any_case(account: str, ticket: str) -> None:
    token = the_token(account=account, ticket=ticket)

    assert len(token) == 26
    assert named_by(token) == short_id(ticket) == named_by(token.upper())
    assert TOKENS.proves(token, account, ticket)
    assert TOKENS.proves(token.upper(), account, ticket)
    assert TOKENS.proves(token.title(), account, ticket)


@pytest.mark.spec("TKT 2")
@given(accounts, accounts, tickets, tickets)
def test_a_token_proves_no_other_ticket_and_no_other_account(
    account: str, other: str, ticket: str, another: str
) -> None:
    token = the_token(account=account, ticket=ticket)

    assert TOKENS.proves(token, other, ticket) is (account == other)
    assert TOKENS.proves(token, account, another) is (ticket == another)
    assert not MailTokens({"1": OLD}).proves(token, account, ticket)


@pytest.mark.spec("TKT 2")
@given(st.integers(0, 14), st.integers(1, 255))
def test_a_token_with_any_byte_changed_proves_nothing(place: int, by: int) -> None:
    token = the_token()
    signed = bytearray(base64.b32decode(token[2:].upper()))
    signed[place] ^= by

    changed = token[:2] + base64.b32encode(bytes(signed)).decode().lower()

    assert not TOKENS.proves(changed, "acme", TICKET)


@pytest.mark.spec("TKT 2")
def test_a_new_key_signs_and_the_old_one_is_recognised_until_it_is_taken_away() -> None:
    before = the_token(MailTokens({"0": OLD}))
    rotated = MailTokens({"0": OLD, "1": NEW})

    assert the_token(rotated) == the_token(TOKENS)
    assert rotated.proves(before, "acme", TICKET)
    assert not TOKENS.proves(before, "acme", TICKET)


def test_without_a_key_there_are_no_tokens() -> None:
    assert MailTokens().of("acme", TICKET) is None
    assert not MailTokens().proves(the_token(), "acme", TICKET)


def test_secrets_do_not_show() -> None:
    assert "secret" not in repr(TOKENS)


@given(st.text(max_size=60))
def test_any_text_is_no_proof(text: str) -> None:
    assert not TOKENS.proves(text, "acme", TICKET)
    assert without_token(text) in (text, without_token(text))


@pytest.mark.parametrize(
    "text",
    [
        "support+{}@shop.example",
        "support.{}@shop.example",
        "support={}@shop.example",
        "<{}.0a-1b@shop.example>",
        "please keep [{}] here",
    ],
)
@pytest.mark.parametrize("flip", [str.lower, str.upper])
def test_tokens_are_found_wherever_they_stand(text: str, flip: "type[str]") -> None:
    token = the_token()

    assert found_in(text.format(flip(token))) == (token,)


def test_what_only_resembles_a_token_is_none() -> None:
    token = the_token()

    assert found_in(f"x{token} {token}x {token[:-1]} {token[:3]}1{token[4:]}") == ()
    assert len(found_in(" ".join(the_token(ticket=str(n)) for n in range(100)))) == 20


def test_an_address_takes_a_token_and_gives_it_back() -> None:
    token = the_token()

    assert into_address("support@shop.example", token) == f"support+{token}@shop.example"
    assert without_token(f"support+{token}@shop.example") == "support@shop.example"
    assert without_token(f"support.{token.upper()}@shop.example") == "support@shop.example"
    assert without_token(f"support={token}+x@shop.example") == "support+x@shop.example"
    assert without_token("support+news@shop.example") == "support+news@shop.example"


@pytest.mark.parametrize("address", ["x" * 40 + "@shop.example", "no address"])
def test_an_address_that_would_become_too_long_stays_as_it_is(address: str) -> None:
    assert into_address(address, the_token()) == address
