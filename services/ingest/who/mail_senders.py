"""Whom a mail is from (ING 6). Pure.

The From field decides, because anybody can write anything into the others. Another field counts
only in these cases:

- the From is the account itself, or a mailing list of its domain;
- the From is an agent who passes a customer's mail on;
- the mailbox is set to believe Reply-To, and the mail cites no thread.
"""

import re
from dataclasses import dataclass

from services.ingest.read.findings import Wrote
from services.ingest.who.contacts import mailbox
from shared.bus.accounts import Accounts, address_key
from shared.contracts.accounts import AccountSettings, Address
from shared.contracts.base import Contact
from shared.contracts.messages import Mail

_ANYBODYS = re.compile(
    r"(?:gmail|googlemail|outlook|hotmail|live|msn|yahoo|ymail|rocketmail|icloud|me|mac|aol|gmx|web"
    r"|t-online|freenet|mail|proton|protonmail|pm|tutanota|tuta|zoho|yandex|fastmail|hey|inbox"
    r"|orange|free|laposte|wanadoo|libero|virgilio|tiscali|alice|terra|uol|bol|seznam|wp|onet|o2"
    r"|interia|rambler|bk|list|qq|163|126|sina|naver|daum|hanmail|docomo|rediffmail|comcast|verizon"
    r"|att|bellsouth|btinternet|sky|telenet|ziggo|kpnmail)(?:\.[a-z]{2,3})?\.[a-z]{2,4}"
)
"""Domains at which anybody can get an address: sharing one proves nothing."""

_UNSAID = Address(channel="email", value="unsaid")


@dataclass(frozen=True, slots=True)
class Sender:
    """The contact whom a mail is from, and the agent or mailbox that passed it on, if any."""

    contact: Contact
    forwarded_by: str | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One of the account's mailboxes, as its settings have it."""

    account: AccountSettings
    address: str
    accounts: Accounts

    @property
    def settings(self) -> Address:
        """The settings of this mailbox; the defaults where the account lists none for it."""
        key = address_key("email", self.address)
        listed = (each for each in self.account.addresses if each.channel == "email")
        return next((each for each in listed if address_key("email", each.value) == key), _UNSAID)

    def sender(self, wrote: Wrote, contact: Contact) -> Sender | None:
        """Whom a mail is from whose From names `contact`; None if it is the account itself.

        Where the mailbox is set so, a Reply-To is believed, but only in a mail that cites no
        thread. Otherwise somebody who knows a thread could write in another person's name there.
        """
        if not contact.identities:
            return Sender(contact)  # nobody can be read who wrote it
        place, by = wrote.place, contact.identities[0].value
        original = place.forwarded_from
        if self._is_ours(contact):
            if found := next((each for each in place.senders if not self._is_ours(each)), None):
                return Sender(found)
            return Sender(original, by) if original and self._is_strange(original) else None
        if self._is_agent(contact) and original and self._is_strange(original):
            return Sender(original, by)
        if place.rewritten and self._is_at_home(by):
            return Sender(next((each for each in place.senders if self._is_strange(each)), contact))
        if place.reply_to and not _cites(wrote.mail) and self.settings.contact_from == "reply_to":
            return Sender(place.reply_to if self._is_strange(place.reply_to) else contact)
        return Sender(contact)

    def _is_ours(self, contact: Contact) -> bool:
        owner = self.accounts.owner("email", contact.identities[0].value)
        return owner is not None and owner.account_id == self.account.account_id

    def _is_agent(self, contact: Contact) -> bool:
        value = contact.identities[0].value
        return any(each.email and mailbox(each.email) == value for each in self.account.agents)

    def _is_strange(self, contact: Contact) -> bool:
        return not self._is_ours(contact) and not self._is_agent(contact)

    def _is_at_home(self, address: str) -> bool:
        """Whether the address is of the mailbox's domain. DMARC shows who forges one."""
        home = self.address.rpartition("@")[2]
        if _ANYBODYS.fullmatch(home):
            return False
        return f".{address.rpartition('@')[2]}".endswith(f".{home}")


def _cites(mail: Mail | None) -> bool:
    return mail is not None and bool(
        mail.in_reply_to or mail.references or mail.tokens or mail.thread_index
    )
