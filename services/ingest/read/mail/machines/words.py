"""What a mail says, as far as it tells a program from a person."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from services.ingest.read.mail.machines import answer_phrases as answers
from services.ingest.read.mail.machines import answer_titles as titles
from services.ingest.read.mail.machines import bounce_phrases as bounces
from services.ingest.read.mail.mime.content import Content
from services.ingest.read.mail.mime.headers import Headers
from services.ingest.read.mail.mime.html_text import to_text
from services.ingest.read.mail.quoting.phrases import FORWARD_SUBJECT
from services.ingest.read.mail.quoting.quotes import new_text
from services.ingest.read.mail.ways_to_say import pattern, plain

_START = 2_000
_LOOKED_AT = 8_000
_SOMETHING = 15
_LETTER = re.compile(r"[^\W\d_]")
_OPENING = 500
_LONGEST_HTML = 20_000
_QUESTION = re.compile(r"[?？؟](?:\s|\Z)")
_SUBJECT_LINE = re.compile(
    r"\s{0,12}(?:subject|betreff|objet|oggetto|asunto|assunto|onderwerp|ämne|emne|temat|件名|主题)\s?[:：]",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"\s*(?:re|aw|sv|antw|odp|vs|ynt|回复|回覆|答复|rif)(?:\[\d+\])?\s?[:：]", re.IGNORECASE
)
_OURS = pattern(
    r"""
    # Not “Mon” of a date
    \b(?:my|mine|mein(?:e[nrms]?)?|mi[oae]|mis|meus?|minhas?|mijn|moj[aei]?|muj)\b
    \b(?:mon|ma|mes|mi|mitt|min)\x20(?!jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{3,}
    \b(?:мо[йяёеюи]|моего|моей)\b
    我的|私の|僕の
    (?:\A| )[제내](?=\x20)
    """
)
_RETURNED = re.compile(
    r"^(?:>?received: (?:from|by) |message-id: ?<)", re.IGNORECASE | re.MULTILINE
)
_CASE = pattern(
    r"""
    \[[^\]]{0,30}#? ?[\w-]*\d{3,}[^\]]{0,10}\]
    \((?:[A-Z]{2,6}[-#]?\d{3,}|#\d{3,})\)
    (?:ticket|case|incident|request)[ #:]{1,3}(?:id )?(?:received|opened|created)
    (?:ticket|case|incident|request)[ #:]{1,3}(?:id )?[A-Z]{0,6}-?\d{3,}
    (?:received|created|opened)\W{0,3}(?:ticket|request|case)
    """
)


_ANSWERS = (
    ("automatic", answers.AUTOMATIC),
    ("away", answers.AWAY),
    ("defers", answers.DEFERS),
    ("created", answers.CREATED),
    ("received", answers.RECEIVED),
    ("promises", answers.PROMISES),
    ("challenges", answers.CHALLENGES),
)


def _without_subjects(text: str) -> str:
    # A server may say which mail it gives back; its subject is none of the server's words.
    return "\n".join(line for line in text.split("\n") if not _SUBJECT_LINE.match(line))


def _is_by_a_daemon(head: Headers) -> bool:
    return "mailer-daemon" in head.raw("from").lower()


@dataclass(frozen=True)
class Words:
    """The subject, the start of the text, both as phrases are looked for, and the text in lines.

    `own` is what is new in it, without the mail that it answers. `asks`: there is a question in
    that, which programs hardly ever put.
    """

    subject: str
    start: str
    lines: str
    own: str
    asks: bool

    @classmethod
    def of(cls, head: Headers, content: Content) -> Self:
        """The words of a mail."""
        text = (content.plain or to_text((content.html or "")[:_LONGEST_HTML]))[:_LOOKED_AT]
        new = text if _is_by_a_daemon(head) else new_text(text)
        lines = "\n".join(line for line in text.split("\n") if not line.startswith((">", "|")))
        lines = lines[:_START]
        own = plain(_without_subjects(new)[:_START])
        cites = head.raw("in-reply-to") or head.raw("references")
        # What a person answers may be a bounce, or our own automatic answer.
        start = own if cites and len(own) >= _SOMETHING else plain(_without_subjects(lines))
        return cls(plain(head.text("subject")), start, lines, own, bool(_QUESTION.search(own)))

    @property
    def forwards(self) -> bool:
        """Whether the subject says that a person passes on a mail."""
        return FORWARD_SUBJECT.match(self.subject[:50]) is not None

    @property
    def answers(self) -> bool:
        """Whether the subject is that of an answer."""
        return _ANSWER.match(self.subject[:20]) is not None

    @property
    def speaks_of_own(self) -> bool:
        """Whether the text says “my”, of an order perhaps: a server says “your”."""
        return _OURS.search(self.own) is not None

    def is_a_servers(self, place: int) -> bool:
        """Whether what stands in the lines before a place is a server's, if anything does."""
        before = plain(self.lines[:place])
        if not before or not _LETTER.search(before):
            return True
        told = bounces.OPENINGS.search(before) or bounces.SERVERS.search(before)
        return told is not None and not _QUESTION.search(before) and not _OURS.search(before)

    @property
    def is_about_a_purchase(self) -> bool:
        """Whether it talks of an order, a parcel, money: programs that answer hardly ever do."""
        return answers.PURCHASES.search(self.own) is not None

    @property
    def asks_first(self) -> bool:
        """Whether a question stands before what is of a mail that was given back."""
        question = _QUESTION.search(self.start)
        said = bounces.OPENINGS.search(self.start) or bounces.CODES.search(self.start)
        return question is not None and (said is None or question.start() < said.start())

    @property
    def is_a_customers(self) -> bool:
        """Whether it speaks of an order, or of something that is “mine”."""
        return self.is_about_a_purchase or self.speaks_of_own

    def of_a_failure(self) -> list[str]:
        """What in the words is of a mail that was given back."""
        opening = self.start[:_OPENING]
        found = {
            "its subject": bounces.SUBJECTS.search(self.subject),
            "its opening": bounces.OPENINGS.search(opening),
            "what servers say": bounces.CODES.search(self.start),
        }
        return [name for name, there in found.items() if there]

    @property
    def names_an_address(self) -> bool:
        """Whether an address stands in the text."""
        return "@" in self.start

    @property
    def returns_a_header(self) -> bool:
        """Whether the header of a mail is in the text."""
        return _RETURNED.search(self.lines) is not None

    @property
    def refused_by_a_list(self) -> bool:
        """Whether it says that a mailing list takes no mail from whoever wrote."""
        said = f"{self.subject} {self.start[:_OPENING]}"
        return bounces.LISTS.search(said) is not None

    @property
    def is_delayed(self) -> bool:
        """Whether it says that the server goes on trying."""
        delayed = bounces.DELAYS.search(self.subject) or bounces.DELAYED.search(self.start)
        return delayed is not None

    @property
    def is_delivered(self) -> bool:
        """Whether it says that the mail arrived."""
        by_text = bounces.DELIVERED.search(self.start[:_OPENING]) is not None
        return bounces.SUCCESSES.search(self.subject) is not None and (by_text or not self.start)

    @property
    def is_titled_automatic(self) -> bool:
        """Whether the subject says that a program answers."""
        return titles.TITLES.match(self.subject) is not None

    @property
    def names_a_case(self) -> bool:
        """Whether the subject has a case's number, and is not our own that comes back."""
        return _CASE.search(self.subject) is not None and not self.answers

    @cached_property
    def of_an_answer(self) -> list[str]:
        """What in the words is of a program that answers; no phrase counts as two.

        It takes as long as reading the mail does: most mails show before whose they are.
        """
        title = titles.AWAY_TITLES.match(self.subject)
        more = (title.groupdict().get("more") or "").lstrip() if title else ""
        named = {
            "automatic title": titles.TITLE_STARTS.match(self.subject),
            "away title": title,
            "nothing but an away title": title and not more,
            "away title with a colon": more.startswith((":", "：")),
        }
        found = [name for name, there in named.items() if there]
        taken: list[tuple[int, int]] = []
        for name, phrases in _ANSWERS:
            for match in phrases.finditer(self.own):
                if all(match.end() <= start or end <= match.start() for start, end in taken):
                    taken.append(match.span())
                    found.append(name)
                    break
        return found

    @property
    def is_read_receipt(self) -> bool:
        """Whether subject and text say that a mail was opened."""
        titled = titles.READ_TITLES.match(self.subject) is not None
        return titled and answers.READ.search(self.start[:_OPENING]) is not None

    @property
    def is_calendars_answer(self) -> bool:
        """Whether the subject is that of an answer to an invitation."""
        return titles.CALENDAR_TITLES.match(self.subject) is not None
