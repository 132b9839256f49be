"""What a mail says, as far as it tells a program from a person."""

import re
from dataclasses import dataclass
from typing import Self

from services.ingest.read.mail.machines import answer_phrases as answers
from services.ingest.read.mail.machines import bounce_phrases as bounces
from services.ingest.read.mail.mime.content import Content
from services.ingest.read.mail.mime.headers import Headers
from services.ingest.read.mail.mime.html_text import to_text
from services.ingest.read.mail.quoting.phrases import FORWARD_SUBJECT
from services.ingest.read.mail.ways_to_say import pattern, plain

_START = 2_000
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


@dataclass(frozen=True, slots=True)
class Words:
    """The subject, the start of the text, both as phrases are looked for, and the text in lines.

    What is quoted is left out. `asks`: there is a question in it, which programs hardly ever put.
    """

    subject: str
    start: str
    lines: str
    asks: bool

    @classmethod
    def of(cls, head: Headers, content: Content) -> Self:
        """The words of a mail."""
        text = content.plain or to_text((content.html or "")[:_LONGEST_HTML])
        own = [line for line in text[: 2 * _START].split("\n") if not line.startswith((">", "|"))]
        lines = "\n".join(own)[:_START]
        # A server may say which mail it gives back; its subject is none of the server's words.
        start = plain("\n".join(line for line in own if not _SUBJECT_LINE.match(line))[:_START])
        return cls(plain(head.text("subject")), start, lines, bool(_QUESTION.search(start)))

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
        return _OURS.search(self.start) is not None

    def asks_before(self, place: int) -> bool:
        """Whether a question stands in the lines before a place."""
        return _QUESTION.search(self.lines[:place]) is not None

    @property
    def asks_first(self) -> bool:
        """Whether a question stands before what is of a mail that was given back."""
        question = _QUESTION.search(self.start)
        said = bounces.OPENINGS.search(self.start) or bounces.CODES.search(self.start)
        return question is not None and (said is None or question.start() < said.start())

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
        return answers.TITLES.match(self.subject) is not None

    @property
    def names_a_case(self) -> bool:
        """Whether the subject has a case's number, and is not our own that comes back."""
        return _CASE.search(self.subject) is not None and not self.answers

    def of_an_answer(self) -> list[str]:
        """What in the words is of a program that answers."""
        title = answers.AWAY_TITLES.match(self.subject)
        whole = title is not None and not (title.groupdict().get("more") or "")
        phrases = {
            "automatic title": answers.TITLE_STARTS.match(self.subject),
            "away title": title,
            "nothing but an away title": whole,
            "away": answers.AWAY.search(self.start),
            "automatic": answers.AUTOMATIC.search(self.start),
            "defers": answers.DEFERS.search(self.start),
            "created": answers.CREATED.search(self.start),
            "received": answers.RECEIVED.search(self.start),
            "promises": answers.PROMISES.search(self.start),
            "challenges": answers.CHALLENGES.search(self.start),
        }
        return [name for name, there in phrases.items() if there]

    @property
    def is_read_receipt(self) -> bool:
        """Whether subject and text say that a mail was opened."""
        titled = answers.READ_TITLES.match(self.subject) is not None
        return titled and answers.READ.search(self.start[:_OPENING]) is not None

    @property
    def is_calendars_answer(self) -> bool:
        """Whether the subject is that of an answer to an invitation."""
        return answers.CALENDAR_TITLES.match(self.subject) is not None
