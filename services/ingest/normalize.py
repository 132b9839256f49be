"""What ingest would make of a file, without a broker: for `helpdesk normalize`."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import starmap
from typing import Any

from services.ingest import rules
from services.ingest.emit.emitter import Emitted
from services.ingest.join import long_sms
from services.ingest.join.long_sms import Arrival
from services.ingest.read.findings import Place
from services.ingest.refusals import Refused
from services.ingest.rules import Reading
from shared.bus.accounts import Accounts, address_key
from shared.bus.delivery import Record
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import CHANNELS, Channel
from shared.contracts.messages import InboundMessage, Mail, MessageEdited
from shared.contracts.signals import Signal
from shared.topics import INBOUND, MESSAGES, SIGNALS

SAMPLE = AccountSettings(account_id="sample", channels=CHANNELS)
"""The account that has every address, where no accounts are given."""

_MAILBOX = "mailbox@sample.invalid"


@dataclass(frozen=True, slots=True)
class Trial:
    """Tries out what files of one channel become, each as a record with Kafka's timestamp `now`.

    If `provider` is None, the format is recognised by the file's looks. If `accounts` is None,
    every address belongs to the sample account.
    """

    channel: Channel
    provider: str | None
    accounts: Accounts | None
    now: datetime

    def outcomes(self, value: bytes) -> list[dict[str, Any]]:
        """What the bytes become, as `helpdesk normalize` prints it: at least one outcome."""
        try:
            return list(self._outcomes(value))
        except Exception as error:  # noqa: BLE001  # what is a bug becomes a dead letter there too
            return [_dead_letter("bug", f"{type(error).__name__}: {error}")]

    def _outcomes(self, value: bytes) -> Iterator[dict[str, Any]]:
        reading = rules.read(self._record(value))
        accounts = self.accounts
        if accounts is None:
            reading, accounts = self._with_sample(reading)
        outcome = rules.settle(reading, accounts)
        fragments = [body for arrival in outcome.arrived for body in self._alone(arrival, accounts)]
        for body in (*outcome.said, *fragments):
            try:
                _check_size(body)
            except Refused as refused:
                yield _dead_letter(refused.reason, str(refused))
            else:
                yield _described(body)
        for refusal in outcome.refused:
            yield _dead_letter(refusal.reason, str(refusal))
        for why in outcome.unaddressed:
            yield {"outcome": "unaddressed", "error": str(why), "reason": why.reason}

    def _alone(self, arrival: Arrival, accounts: Accounts) -> Iterable[Emitted]:
        """What is published of a part of a long SMS if no other part comes."""
        kept, _ = long_sms.with_part(arrival.of, arrival, self.now, timedelta(0))
        after, groups = long_sms.after_wait(kept, self.now)
        fragments = tuple(long_sms.given_out(after, group) for group in groups)
        return rules.settle(Reading(self._record(b""), self.channel, fragments), accounts).said

    def _record(self, value: bytes, *headers: tuple[str, bytes]) -> Record:
        if self.provider is not None:
            headers = (*headers, ("x-provider", self.provider.encode()))
        return Record(
            topic=INBOUND[self.channel].name,
            partition=0,
            offset=0,
            key=None,
            value=value,
            headers=headers,
            timestamp=self.now,
        )

    def _with_sample(self, reading: Reading) -> tuple[Reading, Accounts]:
        """The reading, and the sample account with one address for each finding: where it was sent.

        The sender of a mail is never taken for the account, even if the mail is to the sender too.
        A mail that is to nobody else is read again as one that came to the sample account's
        mailbox.
        """
        places = [finding.place for finding in reading.findings if not isinstance(finding, Refused)]
        addresses = [(place.channel or self.channel, _address(place)) for place in places]
        if self.channel == "email" and places and not all(address for _, address in addresses):
            envelope = ("x-rcpt-to", _MAILBOX.encode())
            record = replace(reading.record, headers=(*reading.record.headers, envelope))
            reading, addresses = rules.read(record), [(self.channel, _MAILBOX)]
        return reading, _OneAccount(frozenset(starmap(address_key, addresses)))


def _address(place: Place) -> str:
    people = (*place.senders, place.contact, place.reply_to, place.forwarded_from)
    senders = {each.value for person in people if person for each in person.identities}
    listed = [address for group in place.addresses for address in group if address]
    return next((address for address in listed if address not in senders), "")


@dataclass(frozen=True, slots=True)
class _OneAccount:
    """See `shared.bus.accounts.Accounts`: the sample account, which has these addresses."""

    addresses: frozenset[tuple[Channel, str]]

    def get(self, account_id: str) -> AccountSettings | None:
        return SAMPLE if account_id == SAMPLE.account_id else None

    def owner(self, channel: Channel, address: str) -> AccountSettings | None:
        return SAMPLE if address_key(channel, address) in self.addresses else None

    async def refresh(self) -> None:
        return

    def __iter__(self) -> Iterator[AccountSettings]:
        return iter((SAMPLE,))


def _check_size(body: Emitted) -> None:
    topic = SIGNALS if isinstance(body, Signal) else MESSAGES
    if len(topic.record(body).value or b"") > topic.max_bytes:
        raise Refused("too_large", f"{body.id} is too large to publish")


def _dead_letter(reason: str, error: str) -> dict[str, Any]:
    return {"outcome": "dead_letter", "error": error, "reason": reason}


def _described(body: Emitted) -> dict[str, Any]:
    plain = body.model_dump(mode="json", exclude_none=True, by_alias=True)
    if isinstance(body, Signal):
        return {"outcome": "signal", "signal": plain}
    if not isinstance(body, InboundMessage):
        # An edit or a deletion is no message of its own, so it is printed as a signal.
        kind = "edit" if isinstance(body, MessageEdited) else "delete"
        return {"outcome": "signal", "signal": {"kind": kind} | plain}
    if body.mail is not None:
        plain |= _of_mail(body, body.mail)
    return {"outcome": "message", "message": plain}


def _of_mail(body: InboundMessage, mail: Mail) -> Mapping[str, Any]:
    return {
        "from": mail.sender,
        "subject": body.subject,
        "text": body.text,
        "text_full": body.text if body.text_full is None else body.text_full,
        "in_reply_to": list(mail.in_reply_to),
        "references": list(mail.references),
        "attachments": [file.model_dump(mode="json") for file in body.attachments],
    }
