"""Phone numbers in one form (ING 8), and addresses compared by them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bus.accounts import AccountsTable, address_key
from shared.contracts.accounts import AccountSettings, Address
from shared.values.phones import e164, is_known, variants


@pytest.mark.spec("ING 8")
@pytest.mark.parametrize(
    ("written", "region", "number"),
    [
        ("+14155550100", None, "+14155550100"),
        ("+1 (415) 555-0100", None, "+14155550100"),
        ("+44 (0)20 7946 0018", None, "+442079460018"),
        (" 14155550100", None, "+14155550100"),
        ("14155550100", None, "+14155550100"),
        ("0039 02 0000 0001", None, "+390200000001"),
        ("\uff0b14155550100", None, "+14155550100"),
        ("٠٠٣٩٣٣٣١٢٣٤٥٦٧", None, "+393331234567"),
        ("(415) 555-0100", "US", "+14155550100"),
        ("02 0000 0001", "IT", "+390200000001"),
        ("4915112345678", "DE", "+4915112345678"),
        ("0151 12345678", "DE", "+4915112345678"),
        ("91234567", "SG", "+6591234567"),
        ("+999123456789", None, "+999123456789"),
        ("72345", "US", None),
        ("72345678", None, None),
        ("+1999", None, None),
        ("MTN", None, None),
        ("ann@vtext.com", None, None),
        ("", None, None),
        ("1" * 4000, None, None),
    ],
)
def test_a_number_has_one_form_however_it_is_written(
    written: str, region: str | None, number: str | None
) -> None:
    assert e164(written, region) == number


@pytest.mark.spec("ING 8")
@pytest.mark.parametrize(
    ("known_as", "also"),
    [
        ("+525512345678", "+5215512345678"),
        ("+5491123456789", "+541123456789"),
        ("+5511987654321", "+551187654321"),
    ],
)
def test_a_number_that_networks_write_in_two_ways_is_known_by_the_one_that_is_dialled(
    known_as: str, also: str
) -> None:
    assert variants(known_as) == variants(also) == (known_as, also)
    assert is_known(known_as)


@pytest.mark.spec("ING 8")
@pytest.mark.parametrize("number", ["+551133334444", "+14155550100", "+52551234567"])
def test_other_numbers_have_one_form(number: str) -> None:
    assert variants(number) == (number,)


@pytest.mark.spec("ING 8")
@given(st.text(max_size=30), st.sampled_from([None, "US", "IT", "DE", "AR", "ZZ"]))
def test_what_is_in_one_form_stays_as_it_is(text: str, region: str | None) -> None:
    number = e164(text, region)

    if number is not None:
        assert e164(number, region) == e164(number) == number
        assert all(variants(each) == variants(number) for each in variants(number))


@pytest.mark.parametrize(
    ("channel", "value", "region", "key"),
    [
        ("sms", "+1 (415) 555-0100", None, "+14155550100"),
        ("sms", "(415) 555-0100", "US", "+14155550100"),
        ("sms", "+5215512345678", None, "+525512345678"),
        ("sms", " 72345 ", "US", "72345"),
        ("whatsapp", "whatsapp:+1 415 555 0100", None, "+14155550100"),
        ("whatsapp", "106540352242922", "US", "106540352242922"),
        ("email", " Help@Shop.example", "US", "help@shop.example"),
        ("instagram", "17841405309211844", "US", "17841405309211844"),
    ],
)
def test_addresses_are_compared_however_they_are_written(
    channel: str, value: str, region: str | None, key: str
) -> None:
    assert address_key(channel, value, region) == (channel, key)  # type: ignore[arg-type]


def test_an_account_is_found_by_a_number_that_its_settings_write_as_people_do() -> None:
    table = AccountsTable()
    table.apply(
        AccountSettings(
            account_id="shop",
            region="US",
            addresses=(Address(channel="sms", value="(415) 555-0100"),),
        )
    )

    owner = table.owner("sms", "+14155550100")

    assert owner is not None
    assert owner.account_id == "shop"


@pytest.mark.spec("TKT 13")
def test_a_senders_name_is_no_address() -> None:
    with pytest.raises(ValueError, match="nobody can send an SMS to it"):
        Address(channel="sms", value="ACME")

    assert Address(channel="sms", value="72345").value == "72345"
