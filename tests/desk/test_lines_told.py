"""What events and snapshots say of hand-overs, short links and mailed replies, and what is left."""

from typing import Any

import pytest

from services.desk.rules import facts, showing
from services.desk.rules.following import leads
from services.desk.rules.lines import TRANSCRIPT, Line, together
from services.desk.rules.people import Who
from services.desk.rules.showing import Names
from services.desk.rules.shown import ShownLast
from services.desk.web.notices import notice
from services.desk.web.templating import render
from services.desk.web.words import LANGUAGES, words
from shared.contracts.clicks import ShortLink
from shared.contracts.handoffs import Picture, TranscriptLine
from shared.contracts.snapshots import ThreadLine, TicketSnapshot
from shared.contracts.tickets import AgentReplied, TicketHandedOver, TicketSummary
from tests.builders import MONDAY, a_contact, an_agent, the_system
from tests.desk.fake_page import a_row

LINK = ShortLink(code="abc123XYZ0", url="https://acme.example/a", short="https://go.example/abc")
SAID = TranscriptLine(
    at=MONDAY,
    who="visitor",
    text="My name is Vera",
    pictures=(Picture(url="https://pictures.example/a.jpg"),),
)
TICKET = TicketSummary(
    number=1,
    channel="sms",
    address="+390655500100",
    contact=a_contact(),
    status="open",
    opened_at=MONDAY,
)
NAMES = Names({}, {}, frozenset())


def event(kind: Any, seq: int, **more: Any) -> Any:
    return kind(
        account_id="acme",
        id=f"t1:{seq}",
        occurred_at=MONDAY,
        correlation_id="c",
        ticket_id="t1",
        seq=seq,
        cause_id="x",
        ticket=TICKET,
        **more,
    )


def a_reply() -> AgentReplied:
    reply: AgentReplied = event(
        AgentReplied,
        2,
        message_id="m1",
        author=an_agent(),
        text="See https://acme.example/a",
        links=(LINK,),
        mailed_to="vera@example.com",
    )
    return reply


def handed_over() -> TicketHandedOver:
    over: TicketHandedOver = event(
        TicketHandedOver,
        1,
        author=the_system(id="handoff"),
        handoff_id="h1",
        reason="complaint",
        transcript=(SAID,),
    )
    return over


def only_line(said: facts.Said) -> Line:
    (line,) = said.lines
    return line


def a_snapshot(**line: Any) -> TicketSnapshot:
    told = ThreadLine(sent_at=MONDAY, received_at=MONDAY, **line)
    return TicketSnapshot(
        account_id="acme",
        id="t1:2:0",
        occurred_at=MONDAY,
        correlation_id="c",
        ticket_id="t1",
        seq=2,
        ticket=TICKET,
        lines=(told,),
    )


@pytest.mark.spec("OUT 1")
@pytest.mark.spec("VWS 9")
def test_a_snapshot_says_of_a_reply_what_its_event_says() -> None:
    reply = a_reply()
    snapshot = a_snapshot(
        id="m1",
        seq=2,
        kind="reply",
        text=reply.text,
        author=reply.author,
        links=(LINK,),
        mailed_to="vera@example.com",
    )

    lines = [only_line(facts.of_event(reply)), only_line(facts.of_snapshot(snapshot))]

    assert lines[0].links == lines[1].links == (LINK.model_dump(mode="json"),)
    assert together(*lines) == together(*lines[::-1])
    assert list(leads([reply])) == list(leads([snapshot]))
    shown = showing.line(together(*lines), TICKET, NAMES)
    assert shown.mailed_to == "vera@example.com"
    assert [(link.short, link.times) for link in shown.links] == [(LINK.short, 0)]


@pytest.mark.spec("HND 3")
@pytest.mark.spec("VWS 9")
def test_a_hand_over_is_one_line_whichever_way_it_is_told() -> None:
    over = handed_over()
    snapshot = a_snapshot(
        id="t1:1", seq=1, kind="note", text="Visitor: My name is Vera", author=over.author
    )
    lines = [only_line(facts.of_event(over)), only_line(facts.of_snapshot(snapshot))]

    joined = together(*lines)

    assert joined == together(*lines[::-1])
    assert (joined.kind, joined.code) == ("notice", "TicketHandedOver")
    shown = showing.line(joined, TICKET, NAMES)
    assert [(each.who, each.text) for each in shown.transcript] == [("visitor", "My name is Vera")]
    assert TRANSCRIPT not in shown.said


@pytest.mark.spec("VWS 3")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_list_says_that_the_newest_message_is_automatic_and_names_no_service(
    language: str,
) -> None:
    row = a_row(1, last=ShownLast("system", "handoff", "Our team has it.", MONDAY))

    shown = render("row.html", Who("acme", "ann", "Ann", language=language), row=row)

    assert f"{words(language)('thread.auto_reply')}: <bdi>Our team has it." in shown
    assert "handoff" not in shown


@pytest.mark.spec("HND 3")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "reason", ["asked_for_person", "cannot_answer", "complaint", "policy", "other"]
)
def test_every_reason_has_words(language: str, reason: str) -> None:
    over = handed_over().model_copy(update={"reason": reason})
    shown = showing.line(only_line(facts.of_event(over)), TICKET, NAMES)

    t = words(language)

    assert notice(t, shown) == t(f"notice.TicketHandedOver.{reason}")


@pytest.mark.spec("HND 3")
def test_of_an_erased_line_no_word_of_the_customers_is_left() -> None:
    lines = [only_line(facts.of_event(each)) for each in (handed_over(), a_reply())]

    for line in lines:
        gone = line.erased()
        assert "vera" not in repr(gone).lower()
        assert "acme.example" not in repr(gone)
        assert together(gone, line) == gone
