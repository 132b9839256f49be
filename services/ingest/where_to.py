"""Decides to which account, and to which of its addresses, a finding was sent. Pure."""

from collections.abc import Iterator

from services.ingest.read.findings import Content, Happened, Place
from services.ingest.refusals import Refused
from shared.bus.accounts import Accounts
from shared.bus.delivery import Record
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Channel

Destination = tuple[AccountSettings, str]

_REPORTS = ("delivery_status", "read")


def destinations(
    finding: Content, record: Record, channel: Channel, accounts: Accounts
) -> Iterator[Destination | Refused]:
    """Each account and address to which the finding was sent; a mail may be to two mailboxes.

    There is a refusal instead if no account has any of the addresses, if all of them belong to
    other accounts than the header `account` names, or if an account has not switched on the
    channel (ING 4).
    """
    named = record.header("account")
    owned = _owned(finding.place, channel, accounts)
    told = next(
        filter(None, (address for group in finding.place.addresses for address in group)), ""
    )
    if not owned and named and isinstance(finding, Happened) and (account := accounts.get(named)):
        # A notice about the account as a whole names no address that is listed in settings.
        owned = [(account, told or "unknown")]
    if not owned:
        yield _nobodys(finding.place, channel, told)
        return
    ours = [found for found in owned if named in (None, found[0].account_id)]
    if not ours:
        yield Refused(
            "account_mismatch",
            f"the header names account {named}, but {owned[0][1]} belongs to"
            f" {owned[0][0].account_id}",
        )
    for account, address in ours:
        if channel in account.channels:
            yield account, address
        else:
            yield Refused(
                "channel_off", f"account {account.account_id} has not switched on {channel}"
            )


def is_nobodys_report(finding: Content, refused: Refused) -> bool:
    """Whether the finding is a report on an outbound message and names no address of an account.

    Providers leave the account's number out of many reports, and report on messages that other
    systems sent from numbers of their own. Such a report can concern no ticket, so it is no dead
    letter (ING 4).
    """
    return (
        isinstance(finding, Happened)
        and finding.kind in _REPORTS
        and refused.reason in ("no_address", "unknown_account")
    )


def _nobodys(place: Place, channel: Channel, told: str) -> Refused:
    if not told:
        return Refused("no_address", "it does not say to which address it was sent")
    tried = [address for group in place.addresses for address in group]
    more = f" (nor {len(tried) - 1} more)" if len(tried) > 1 else ""
    return Refused("unknown_account", f"no account has the {channel} address {told[:200]}{more}")


def _owned(place: Place, channel: Channel, accounts: Accounts) -> list[Destination]:
    for group in place.addresses:
        found: dict[tuple[str, str], Destination] = {}
        for address in filter(None, group):
            for form in _forms(channel, address):
                account = accounts.owner(channel, form)
                if account is not None:
                    found.setdefault((account.account_id, form), (account, form))
                    break
        if found:
            return list(found.values())
    return []


def _forms(channel: Channel, address: str) -> tuple[str, ...]:
    """The address as it is, and for `shop+x@brand.example` also `shop@brand.example`."""
    local, at, domain = address.rpartition("@")
    if channel == "email" and "+" in local:
        return address, f"{local.partition('+')[0]}{at}{domain}"
    return (address,)
