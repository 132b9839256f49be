"""Makes messages, edits, deletions and signals out of a record's findings. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from services.ingest.emit import files, keywords
from services.ingest.emit.keywords import Match
from services.ingest.join.long_sms import Arrival, Assembly, Piece
from services.ingest.read import times
from services.ingest.read.findings import (
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

Emitted = InboundMessage | MessageEdited | MessageDeleted | Signal

_WITH_KEYWORDS: tuple[Channel, ...] = ("sms", "whatsapp")
_LONGEST_DETAIL = 1_000
_NO_PEOPLE = ("short_code", "sender_name")


@dataclass(frozen=True, slots=True)
class Emitter:
    """Turns the findings in a record into what is published, for one address of one account."""

    record: Record
    channel: Channel
    account: AccountSettings
    address: str
    received: datetime
    accounts: Accounts
    largest_file: int = files.LARGEST

    def body(self, finding: Wrote | Edited | TookBack | Happened) -> Emitted:
        """What is published of the finding.

        Raises Refused if a message, an edit or a deletion names no sender.
        """
        match finding:
            case Wrote():
                return self._written(finding)
            case Edited():
                return self._edited(finding)
            case TookBack():
                message_id = self._message_id(finding.id, finding.id_parts)
                return MessageDeleted(
                    account_id=self.account.account_id,
                    id=computed_id("deletion", message_id),
                    occurred_at=self.received,
                    correlation_id=message_id,
                    channel=self.channel,
                    address=self.address,
                    contact=self._known(finding.place),
                    conversation_id=finding.place.conversation_id,
                    provider=finding.place.provider,
                    message_id=message_id,
                )
            case Happened():
                return self._signal(finding)

    def arrival(self, finding: Fragment) -> Arrival:
        """The part of a long SMS, as it is stored. Raises Refused if it names no sender."""
        record = self.record
        piece = Piece(
            id=finding.id,
            number=finding.number,
            body=finding.body,
            binary=finding.binary,
            sent=times.moment(finding.sent),
            received=self.received,
            provider=finding.place.provider,
            origin=Origin(topic=record.topic, partition=record.partition, offset=record.offset),
        )
        of = Assembly(
            account_id=self.account.account_id,
            channel=self.channel,
            address=self.address,
            phone=finding.place.phone,
            contact=self._known(finding.place).id,
        )
        return Arrival(of=of, reference=finding.reference, total=finding.total, piece=piece)

    def _contact(self, place: Place) -> Contact | None:
        """The customer; the account's region decides how `phone` is read. None if none is named."""
        if place.contact is not None or not place.phone:
            return place.contact
        return contacts.sms_sender(place.phone, self.account.region)

    def _known(self, place: Place) -> Contact:
        contact = self._contact(place)
        if contact is None:
            raise Refused("no_sender", "nobody is named as its sender")
        return contact

    def _message_id(self, provider_id: str, parts: Iterable[str], *, to_many: bool = False) -> str:
        channel, address = address_key(self.channel, "" if to_many else self.address)
        return computed_id(
            "message", self.account.account_id, channel, address, provider_id, *parts
        )

    def _edited(self, finding: Edited) -> MessageEdited:
        message_id = self._message_id(finding.id, finding.id_parts)
        changed_at, _ = times.sent_at(finding.at, self.received)
        version = finding.version
        return MessageEdited(
            account_id=self.account.account_id,
            id=computed_id("edit", message_id, finding.edit_id),
            occurred_at=self.received,
            correlation_id=message_id,
            channel=self.channel,
            address=self.address,
            contact=self._known(finding.place),
            conversation_id=finding.place.conversation_id,
            provider=finding.place.provider,
            message_id=message_id,
            text=capped(finding.text, []),
            version=round(changed_at.timestamp() * 1000) if version is None else version,
        )

    def _written(self, finding: Wrote) -> Emitted:
        contact = self._known(finding.place)
        if self.channel == "email":
            return self._mailed(finding, contact)
        if self.channel == "sms" and contact.identities[0].type in _NO_PEOPLE:
            return self._signal(_automated(finding))
        keyword = self._keyword(finding)
        if keyword is not None:
            return self._keyword_signal(finding, keyword)
        return self._message(finding, Sender(contact))

    def _mailed(self, finding: Wrote, contact: Contact) -> Emitted:
        mailbox = Mailbox(self.account, self.address, self.accounts)
        if finding.automatic is not None and mailbox.settings.generated_mail == "signal":
            return self._signal(finding.automatic)
        sender = mailbox.sender(finding, contact)
        return self._message(finding, sender) if sender else self._signal(_echo(finding))

    def _keyword(self, finding: Wrote) -> Match | None:
        if self.channel not in _WITH_KEYWORDS:
            return None
        if finding.keyword_class is not None:
            found = self._listed(finding.text)
            word = found.keyword if found else keywords.normal_form(finding.text)[:100]
            return Match(word or finding.keyword_class.upper(), finding.keyword_class)
        if finding.attachments:
            return None
        return self._listed(finding.text)

    def _listed(self, text: str) -> Match | None:
        return keywords.match(text, self.account.keywords, self.account.keyword_languages)

    def _keyword_signal(self, finding: Wrote, keyword: Match) -> Signal:
        happened = Happened(
            place=finding.place,
            kind="keyword",
            key=(finding.id, *finding.id_parts),
            about=finding.id,
            about_parts=finding.id_parts,
            about_inbound=True,
            text=finding.text,
            at=finding.sent,
        )
        return self._signal(happened).model_copy(
            update={"keyword": keyword.keyword, "keyword_class": keyword.class_}
        )

    def _message(self, finding: Wrote, sender: Sender) -> InboundMessage:
        record = self.record
        message_id = self._message_id(finding.id, finding.id_parts, to_many=finding.to_many)
        sent, suspect = times.sent_at(finding.sent, self.received)
        flags = list(finding.flags)
        if suspect:
            flags.append("time_suspect")
        if self.channel in _WITH_KEYWORDS and keywords.may_be_opt_out(finding.text):
            flags.append("possible_opt_out")
        mail = finding.mail
        if mail is not None and sender.contact is not finding.place.contact:
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
            conversation_id=finding.place.conversation_id,
            provider=finding.place.provider,
            provider_message_id=finding.id,
            sent_at=sent,
            text=capped(finding.text, flags),
            text_full=None if finding.text_full is None else capped(finding.text_full, flags),
            html=finding.html,
            subject=finding.subject,
            attachments=files.identified(
                message_id, finding.attachments, finding.contents, self.largest_file
            ),
            mail=mail,
            story=finding.story,
            in_reply_to=finding.in_reply_to,
            structured=dict(finding.structured),
            flags=tuple(flags),
            origin=Origin(
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                ref=finding.original,
            ),
        )

    def _signal(self, finding: Happened) -> Signal:
        channel, address = address_key(self.channel, self.address)
        signal_id = computed_id(
            "signal", self.account.account_id, finding.kind, channel, address, *finding.key
        )
        message_id = None
        if finding.about_inbound and finding.about is not None:
            message_id = self._message_id(finding.about, finding.about_parts)
        detail = {name: clean(text)[:_LONGEST_DETAIL] for name, text in finding.detail.items()}
        if (at := times.moment(finding.at)) is not None:
            detail["at"] = at.isoformat()
        return Signal(
            account_id=self.account.account_id,
            id=signal_id,
            occurred_at=self.received,
            correlation_id=message_id or signal_id,
            kind=finding.kind,
            channel=self.channel,
            address=self.address,
            contact=self._contact(finding.place),
            conversation_id=finding.place.conversation_id,
            provider=finding.place.provider,
            message_id=message_id,
            provider_message_id=finding.about,
            text=None if finding.text is None else capped(finding.text, []),
            detail=detail,
        )


def _automated(finding: Wrote) -> Happened:
    # A short code or a name is no person: it sends carriers' notices or one-time passwords.
    return Happened(
        place=finding.place,
        kind="other",
        key=("automated", finding.id),
        about=finding.id,
        about_inbound=True,
        text=finding.text,
        at=finding.sent,
        detail={"what": "automated_sender"},
    )


def _echo(finding: Wrote) -> Happened:
    return Happened(
        place=finding.place,
        kind="echo",
        key=(finding.id, *finding.id_parts),
        about=finding.id,
        text=finding.text,
        at=finding.sent,
        detail={"subject": finding.subject or ""},
    )
