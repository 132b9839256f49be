"""How what is stored is shown: names in place of ids, and what may be done. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from services.desk.rules.becauses import with_names
from services.desk.rules.files import File
from services.desk.rules.following import Followed
from services.desk.rules.lines import TRANSCRIPT, Line
from services.desk.rules.mail_html import quoted_part
from services.desk.rules.plain import plain_name, preview
from services.desk.rules.rows import Last, Row
from services.desk.rules.showing_files import shown_files
from services.desk.rules.shown import (
    ShownContact,
    ShownDecision,
    ShownLast,
    ShownLine,
    ShownOther,
    ShownRow,
    Writer,
)
from services.desk.rules.shown_links import ShownLink, ShownPicture, ShownSaid
from shared.clock import EPOCH
from shared.contracts.accounts import AccountSettings
from shared.contracts.base import Contact
from shared.contracts.handoffs import TranscriptLine
from shared.contracts.tickets import TicketSummary
from shared.values.attendance import Attendance

_WRITTEN_TO = ("e164", "email", "wa_id")
_DECIDES = frozenset(
    {
        *("TicketAssigned", "TicketUnassigned", "TicketRouted", "TicketTagged", "TicketUntagged"),
        *("TicketClosed", "TicketCloseAnnulled", "TicketReopened", "TicketMarkedSpam"),
        *("TicketMarkedNotSpam", "TicketAttributed", "TicketOpened", "TicketWoken"),
        "TicketHandedOver",
    }
)


@dataclass(frozen=True, slots=True)
class Names:
    """What the account calls its agents and teams, and who of them is online."""

    agents: Mapping[str, str]
    teams: Mapping[str, str]
    online: frozenset[str]


def names_of(settings: AccountSettings, attending: Iterable[Attendance], now: datetime) -> Names:
    """The names of the account's settings, as they are now."""
    limit = settings.assignment.heartbeat_limit
    return Names(
        {agent.id: agent.name or agent.id for agent in settings.agents},
        {team.id: team.name or team.id for team in settings.teams},
        frozenset(each.agent_id for each in attending if each.is_online(now, limit)),
    )


def contact(of: Contact) -> ShownContact:
    """A customer by the best name there is."""
    by_type = {identity.type: identity.value for identity in of.identities}
    address = next((by_type[kind] for kind in _WRITTEN_TO if kind in by_type), None)
    named = plain_name(of.display_name or "")
    # Where only the channel's own id is known, its end says more than the page it begins with.
    last = next(iter(by_type.values()), of.id).rpartition(":")[2]
    return ShownContact(
        id=of.id,
        name=named or plain_name(address or last),
        address=address,
        profile_id=of.profile_id,
        segments=of.segments,
        sms_consent=of.sms_consent,
    )


def row(  # what a list shows comes from several places
    of: Row,
    names: Names,
    *,
    others: Sequence[ShownOther] = (),
) -> ShownRow:
    """A ticket as lists show it."""
    ticket = of.summary
    assert ticket is not None  # noqa: S101  # what has no summary is in no list
    shown = contact(ticket.contact)
    return ShownRow(
        id=of.ticket_id,
        seq=of.seq,
        number=ticket.number,
        channel=ticket.channel,
        contact=shown,
        status=ticket.status,
        subject=preview(ticket.subject) if ticket.subject else None,
        last=_last(of.newest, shown, names),
        opened_at=ticket.opened_at,
        active_at=of.active_at,
        waiting_since=ticket.customer_waits_since,
        closed_at=ticket.closed_at,
        snoozed_until=ticket.snoozed_until,
        snooze_ended=_snooze_ended(of),
        assignee=ticket.assignee,
        assignee_name=names.agents.get(ticket.assignee, ticket.assignee)
        if ticket.assignee
        else None,
        assignee_online=ticket.assignee in names.online,
        team=ticket.team_id,
        team_name=names.teams.get(ticket.team_id, ticket.team_id) if ticket.team_id else None,
        tags=ticket.tags,
        unread=ticket.unread,
        spam=ticket.spam,
        ai_handled=ticket.ai_handled,
        reply_failed=of.reply.failed,
        message_count=ticket.message_count,
        others=tuple(others),
    )


def _snooze_ended(of: Row) -> datetime | None:
    """Until when it had been snoozed, if time has woken it and nothing has happened since."""
    return of.woken_at if of.woken_seq and of.woken_seq == of.seq else None


def _last(last: Last, customer: ShownContact, names: Names) -> ShownLast | None:
    if not last.seq:
        return None
    writer: Any = last.writer
    return ShownLast(
        writer=writer,
        name=customer.name if writer == "customer" else _name(writer, last.name, names),
        text=last.text,
        at=last.at,
    )


def _name(writer: str, named: str, names: Names) -> str:
    return names.agents.get(named, plain_name(named)) if writer == "agent" else plain_name(named)


def tells(of: Line) -> bool:
    """Whether a thread shows the line: that a ticket opened is told by its first message."""
    return of.code != "TicketOpened"


def line(
    of: Line,
    ticket: TicketSummary,
    names: Names,
    known: Mapping[str, File] = MappingProxyType({}),
    now: datetime = EPOCH,
    followed: Mapping[str, Followed] = MappingProxyType({}),
) -> ShownLine:
    """A line of a thread; `known` are the files that are there, whole or not, by their ids.

    `followed` says by code how often links were.
    """
    message = of.message or {}
    kind, who, named = of.author or ("system" if of.kind == "notice" else "customer", "", None)
    writer: Writer = "customer" if of.kind == "message" else kind  # type: ignore[assignment]  # of a contract
    customer = contact(ticket.contact).name
    name = customer if writer == "customer" else names.agents.get(who, plain_name(named or who))
    html = message.get("html") if not of.version and not of.deleted else None
    return ShownLine(
        id=of.id,
        kind=of.kind or "notice",
        seq=of.seq,
        at=of.sent_at,
        text=of.text,
        writer=writer,
        name=_sender(message) or name if writer == "customer" else name,
        quoted=quoted_part(of.text, message.get("text_full")) if not of.version else None,
        html=html is not None,
        remote=_remote(html or ""),
        files=shown_files(of, known, now),
        edited=of.version,
        deleted=of.deleted,
        spam=of.spam,
        grey=of.grey,
        auto_reply=of.auto_reply,
        delivery=of.delivery if of.kind == "reply" else None,  # type: ignore[arg-type]  # of a contract
        delivery_error=of.error or None,
        because=with_names(of.because, names.agents),
        subject=preview(message["subject"]) if message.get("subject") else None,
        code=of.code,
        said=_named(of.said or {}, names),
        transcript=tuple(_transcript(of.said or {})),
        links=tuple(_link(each, followed.get(each["code"])) for each in of.links),
        mailed_to=plain_name(of.mailed_to or "") or None,
    )


def _link(link: Mapping[str, Any], followed: Followed | None) -> ShownLink:
    if followed is None:
        return ShownLink(link["url"], link["short"])
    last = datetime.fromisoformat(followed.last)
    return ShownLink(link["url"], link["short"], followed.times, last)


def _transcript(said: Mapping[str, Any]) -> Iterable[ShownSaid]:
    for each in said.get(TRANSCRIPT) or ():
        line = TranscriptLine.model_validate(each)
        pictures = (
            ShownPicture(picture.url, plain_name(picture.name)) for picture in line.pictures
        )
        yield ShownSaid(line.at, line.who, line.text, tuple(pictures))


def _named(said: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """What a notice says, with names in place of ids."""
    known = {"assignee": names.agents, "previous": names.agents, "team_id": names.teams}
    return {
        name: known[name].get(value, value) if name in known else value
        for name, value in said.items()
        if name != TRANSCRIPT
    }


def _sender(message: Mapping[str, Any]) -> str:
    """Who wrote it, where that is another than the ticket's contact, as in a mail's thread."""
    return plain_name((message.get("contact") or {}).get("display_name") or "")


def _remote(html: str) -> int:
    """About how many pictures would be fetched from elsewhere: enough to offer that."""
    lowered = html.lower()
    return sum(lowered.count(begin) for begin in ('data-remote="http', 'src="http', "src='http"))


def send(told: Mapping[str, Any]) -> ShownLine:
    """A campaign's or flow's SMS among the lines of a thread (VWS 5)."""
    named = plain_name(str(told.get("name") or told["source_id"]))
    return ShownLine(
        id=f"send:{told['_id']}",
        kind="send",
        seq=0,
        at=told["at"],
        text=named,
        writer="system",
        name=named,
        delivery="failed" if told.get("failed") else "delivered",
        code=told["source"],
    )


def why(lines: Iterable[Line], names: Names) -> tuple[ShownDecision, ...]:
    """The decisions among the lines in words, the newest first."""
    decided = [each for each in lines if each.code in _DECIDES and each.because]
    decided.sort(key=lambda each: each.seq, reverse=True)
    return tuple(
        ShownDecision(each.sent_at, each.code or "", with_names(each.because, names.agents))
        for each in decided
    )


def others(
    here: Mapping[str, str], names: Names, without: Collection[str] = ()
) -> tuple[ShownOther, ...]:
    """Who else looks at a ticket or writes in it: their state by their id."""
    return tuple(
        ShownOther(agent, names.agents.get(agent, agent), state)  # type: ignore[arg-type]  # ours
        for agent, state in sorted(here.items())
        if agent not in without
    )
