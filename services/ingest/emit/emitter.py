"""Makes messages, edits, deletions and signals out of a record's findings. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from services.ingest.emit import keywords
from services.ingest.emit.keywords import Match
from services.ingest.join.long_sms import Arrival, Assembly, Piece
from services.ingest.read import times
from services.ingest.read.findings import (
    Content,
    Edited,
    Fragment,
    Happened,
    Place,
    TookBack,
    Wrote,
)
from services.ingest.read.text import capped, clean
from services.ingest.refusals import Refused
from services.ingest.who import contacts
from services.ingest.who.mail_senders import Mailbox, Sender
from shared.bus.accounts import Accounts, address_key
from shared.bus.delivery import Record
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Channel, Contact
from shared.contracts.messages import InboundMessage, MessageDeleted, MessageEdited, Origin
from shared.contracts.signals import Signal
from shared.values.ids import computed_id

Said = InboundMessage | MessageEdited | MessageDeleted | Signal

_WITH_KEYWORDS: tuple[Channel, ...] = ("sms", "whatsapp")
_LONGEST_DETAIL = 1_000
_NO_PEOPLE = ("short_code", "sender_name")

C = TypeVar("C", bound=Content)


@dataclass(frozen=True, slots=True)
class Destined:
    """Turns the findings in a record into what is published, for one address of one account."""

    record: Record
    channel: Channel
    account: AccountSettings
    address: str
    received: datetime
    accounts: Accounts

    def body(self, part: Wrote | Edited | TookBack | Happened) -> Said:
        """What is published of the finding.

        Raises Refused if a message, an edit or a deletion names no sender.
        """
        part = self._from_whom(part)
        match part:
            case Wrote():
                return self._written(part)
            case Edited():
                return self._edited(part)
            case TookBack():
                message_id = self._message_id(part.id, part.id_parts)
                return MessageDeleted(
                    account_id=self.account.account_id,
                    id=computed_id("deletion", message_id),
                    occurred_at=self.received,
                    correlation_id=message_id,
                    channel=self.channel,
                    address=self.address,
                    contact=_known(part.place),
                    conversation_id=part.place.conversation_id,
                    provider=part.place.provider,
                    message_id=message_id,
                )
            case Happened():
                return self._signal(part)

    def arrival(self, part: Fragment) -> Arrival:
        """The part of a long SMS, as it is stored. Raises Refused if it names no sender."""
        part = self._from_whom(part)
        record = self.record
        piece = Piece(
            id=part.id,
            number=part.number,
            body=part.body,
            binary=part.binary,
            sent=times.moment(part.sent),
            received=self.received,
            provider=part.place.provider,
            origin=Origin(topic=record.topic, partition=record.partition, offset=record.offset),
        )
        of = Assembly(
            account_id=self.account.account_id,
            channel=self.channel,
            address=self.address,
            phone=part.place.phone,
            contact=_known(part.place).id,
        )
        return Arrival(of=of, reference=part.reference, total=part.total, piece=piece)

    def _from_whom(self, part: C) -> C:
        """The finding with its contact. The account's region decides how `phone` is read."""
        place = part.place
        if place.contact is not None or not place.phone:
            return part
        contact = contacts.sms_sender(place.phone, self.account.region)
        return replace(part, place=replace(place, contact=contact))

    def _message_id(self, provider_id: str, parts: Iterable[str], *, to_many: bool = False) -> str:
        channel, address = address_key(self.channel, "" if to_many else self.address)
        return computed_id(
            "message", self.account.account_id, channel, address, provider_id, *parts
        )

    def _edited(self, part: Edited) -> MessageEdited:
        message_id = self._message_id(part.id, part.id_parts)
        changed_at, _ = times.sent_at(part.at, self.received)
        version = part.version
        return MessageEdited(
            account_id=self.account.account_id,
            id=computed_id("edit", message_id, part.edit_id),
            occurred_at=self.received,
            correlation_id=message_id,
            channel=self.channel,
            address=self.address,
            contact=_known(part.place),
            conversation_id=part.place.conversation_id,
            provider=part.place.provider,
            message_id=message_id,
            text=capped(part.text, []),
            version=round(changed_at.timestamp() * 1000) if version is None else version,
        )

    def _written(self, part: Wrote) -> Said:
        contact = _known(part.place)
        if self.channel == "email":
            return self._mailed(part, contact)
        if self.channel == "sms" and contact.identities[0].type in _NO_PEOPLE:
            return self._signal(_automated(part))
        keyword = self._keyword(part)
        if keyword is not None:
            return self._keyword_signal(part, keyword)
        return self._message(part, Sender(contact))

    def _mailed(self, part: Wrote, contact: Contact) -> Said:
        mailbox = Mailbox(self.account, self.address, self.accounts)
        if part.automatic is not None and mailbox.settings.generated_mail == "signal":
            return self._signal(part.automatic)
        sender = mailbox.sender(part, contact)
        return self._message(part, sender) if sender else self._signal(_echo(part))

    def _keyword(self, part: Wrote) -> Match | None:
        if self.channel not in _WITH_KEYWORDS:
            return None
        if part.keyword_class is not None:
            found = self._listed(part.text)
            word = found.keyword if found else keywords.normal_form(part.text)[:100]
            return Match(word or part.keyword_class.upper(), part.keyword_class)
        if part.attachments:
            return None
        return self._listed(part.text)

    def _listed(self, text: str) -> Match | None:
        return keywords.match(text, self.account.keywords, self.account.keyword_languages)

    def _keyword_signal(self, part: Wrote, keyword: Match) -> Signal:
        happened = Happened(
            place=part.place,
            kind="keyword",
            key=(part.id, *part.id_parts),
            about=part.id,
            about_parts=part.id_parts,
            about_inbound=True,
            text=part.text,
            at=part.sent,
        )
        return self._signal(happened).model_copy(
            update={"keyword": keyword.keyword, "keyword_class": keyword.class_}
        )

    def _message(self, part: Wrote, sender: Sender) -> InboundMessage:
        record = self.record
        message_id = self._message_id(part.id, part.id_parts, to_many=part.to_many)
        sent, suspect = times.sent_at(part.sent, self.received)
        flags = list(part.flags)
        if suspect:
            flags.append("time_suspect")
        if self.channel in _WITH_KEYWORDS and keywords.may_be_opt_out(part.text):
            flags.append("possible_opt_out")
        mail = part.mail
        if mail is not None and sender.contact is not part.place.contact:
            # What is proved of the From does not hold for a sender that another field names.
            mail = mail.model_copy(
                update={
                    "sender": sender.contact.identities[0].value,
                    "authentication": "fail" if mail.authentication == "fail" else "unknown",
                    "forwarded_by": sender.forwarded_by,
                }
            )
        return InboundMessage(
            account_id=self.account.account_id,
            id=message_id,
            occurred_at=self.received,
            correlation_id=message_id,
            channel=self.channel,
            address=self.address,
            contact=sender.contact,
            conversation_id=part.place.conversation_id,
            provider=part.place.provider,
            provider_message_id=part.id,
            sent_at=sent,
            text=capped(part.text, flags),
            text_full=None if part.text_full is None else capped(part.text_full, flags),
            html=part.html,
            subject=part.subject,
            attachments=part.attachments,
            mail=mail,
            story=part.story,
            in_reply_to=part.in_reply_to,
            structured=dict(part.structured),
            flags=tuple(flags),
            origin=Origin(
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                ref=part.original,
            ),
        )

    def _signal(self, part: Happened) -> Signal:
        channel, address = address_key(self.channel, self.address)
        signal_id = computed_id(
            "signal", self.account.account_id, part.kind, channel, address, *part.key
        )
        message_id = None
        if part.about_inbound and part.about is not None:
            message_id = self._message_id(part.about, part.about_parts)
        detail = {name: clean(text)[:_LONGEST_DETAIL] for name, text in part.detail.items()}
        if (at := times.moment(part.at)) is not None:
            detail["at"] = at.isoformat()
        return Signal(
            account_id=self.account.account_id,
            id=signal_id,
            occurred_at=self.received,
            correlation_id=message_id or signal_id,
            kind=part.kind,
            channel=self.channel,
            address=self.address,
            contact=part.place.contact,
            conversation_id=part.place.conversation_id,
            provider=part.place.provider,
            message_id=message_id,
            provider_message_id=part.about,
            text=None if part.text is None else capped(part.text, []),
            detail=detail,
        )


def _known(place: Place) -> Contact:
    if place.contact is None:
        raise Refused("no_sender", "nobody is named as its sender")
    return place.contact


def _automated(part: Wrote) -> Happened:
    # A short code or a name is no person: it sends carriers' notices or one-time passwords.
    return Happened(
        place=part.place,
        kind="other",
        key=("automated", part.id),
        about=part.id,
        about_inbound=True,
        text=part.text,
        at=part.sent,
        detail={"what": "automated_sender"},
    )


def _echo(part: Wrote) -> Happened:
    return Happened(
        place=part.place,
        kind="echo",
        key=(part.id, *part.id_parts),
        about=part.id,
        text=part.text,
        at=part.sent,
        detail={"subject": part.subject or ""},
    )
