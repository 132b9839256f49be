"""Reads what pages and the API show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from services.desk.rules import cursors, showing, showing_files
from services.desk.rules.files import File
from services.desk.rules.lines import Line
from services.desk.rules.people import Who
from services.desk.rules.replying import REOPENABLE, replying
from services.desk.rules.rows import Row
from services.desk.rules.showing import Names
from services.desk.rules.shown import (
    ShownDraft,
    ShownLine,
    ShownPage,
    ShownPanel,
    ShownProfile,
    ShownProfileEvent,
    ShownReplying,
    ShownRow,
    ShownThread,
    ShownTicket,
    ShownUpload,
    ShownVisitor,
)
from services.desk.rules.views import Query, narrowed
from services.desk.rules.visits import visitor
from services.desk.store.documents import line_place
from services.desk.web.parts import CAP, Parts
from services.desk.web.problems import Problem
from shared.clock import EPOCH
from shared.values.links import as_short

THREAD: Final = 50
"""Lines of a thread that are shown at once (TKT 10)."""

_OTHERS: Final = 20
_EVENTS: Final = 30
_LONG_AGO: Final = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Reading:
    """Reads for whoever asks, of their own account alone."""

    parts: Parts

    async def names(self, who: Who) -> Names:
        """What their account calls its agents and teams, and who is online."""
        attending = await self.parts.around.attending(who.account_id)
        return showing.names_of(self.parts.settings(who), attending, self.parts.clock())

    async def shown(self, who: Who, rows: Sequence[Row], names: Names) -> list[ShownRow]:
        """The tickets as lists show them."""
        now = self.parts.clock()
        ids = [row.ticket_id for row in rows]
        there = await self.parts.here.there(who.account_id, ids, now)
        return [
            showing.row(
                row,
                names,
                others=showing.others(there.get(row.ticket_id, {}), names, (who.id,)),
            )
            for row in rows
        ]

    async def page(self, who: Who, query: Query, cursor: str | None, limit: int) -> ShownPage:
        """A page of a list. Raises Problem for a cursor that is not of this list."""
        now = self.parts.clock()
        as_of = await self.parts.hub().position(who.account_id)
        names = await self.names(who)
        found = narrowed(query, set(names.agents) - names.online)
        start = None
        if cursor is not None:
            start = cursors.after(self.parts.secret, query, cursor)
            if start is None:
                text = "the cursor is broken, or of a list with other filters: begin anew without"
                raise Problem(422, "invalid_cursor", text, field="cursor")
        model = await self.parts.models.serving()
        page = await model.look(found, after=start, limit=limit, now=now)
        total, whole = await model.counted(found, cap=CAP, now=now)
        return ShownPage(
            rows=tuple(await self.shown(who, page.rows, names)),
            next=cursors.cursor(self.parts.secret, query, page.on) if page.on else None,
            total=total,
            total_capped=not whole,
            as_of=as_of,
        )

    async def row(self, who: Who, ticket_id: str) -> Row:
        """The ticket; raises Problem (404) where their account has none of that id."""
        model = await self.parts.models.serving()
        found = await model.named(who.account_id, [ticket_id])
        if ticket_id not in found:
            raise Problem(404, "unknown_ticket", "there is no such ticket")
        return found[ticket_id]

    async def ticket(self, who: Who, ticket_id: str) -> ShownTicket:
        """All that a ticket's pane shows."""
        parts = self.parts
        row = await self.row(who, ticket_id)
        names = await self.names(who)
        (shown,) = await self.shown(who, [row], names)
        draft = await parts.own.draft(f"{who.account_id}:{who.id}", ticket_id)
        assert row.summary is not None  # noqa: S101  # as `named` says
        return ShownTicket(
            row=shown,
            address=row.summary.address,
            thread=await self.thread(row, names),
            panel=await self.panel(who, row, names),
            replying=await self._replying(who, row),
            draft=await self.draft(who, draft) if draft else None,
            can_reopen=shown.channel in REOPENABLE,
            visitor=await self._visitor(row),
            cc=await self._addressed(row) if shown.channel == "email" else (),
            largest_file=parts.largest_upload,
            short_link=as_short(parts.settings(who).links) if shown.channel == "sms" else None,
        )

    async def draft(self, who: Who, kept: Mapping[str, Any]) -> ShownDraft:
        """A stored draft, with what has become of its files."""
        files = [ShownUpload(**each) for each in kept.get("files", ())]
        known = await self.parts.own.files.known(who.account_id, [file.id for file in files])
        return ShownDraft(
            kept["text"],
            kept["note"],
            kept["at"],
            kept["revision"],
            tuple(replace(f, gone=f.id not in known or not known[f.id].here) for f in files),
            tuple(kept.get("cc", ())),
        )

    async def _addressed(self, row: Row) -> tuple[str, ...]:
        assert row.summary is not None  # noqa: S101  # as `named` says
        model = await self.parts.models.serving()
        found = await model.thread(row.key, limit=THREAD)
        return showing_files.addressed([line for _, line in reversed(found)], row.summary)

    async def shows(self, row: Row, file: File) -> bool:
        """Whether the file is of a line of that ticket, or of a reply in it."""
        if file.message_id is None:
            return file.ticket_id == row.ticket_id
        model = await self.parts.models.serving()
        line = await model.line(row.account_id, file.message_id)
        return (
            line is not None
            and line.ticket_id == row.ticket_id
            and file.id in showing_files.file_ids([line])
        )

    async def _replying(self, who: Who, row: Row) -> ShownReplying:
        ticket = row.summary
        assert ticket is not None  # noqa: S101  # as `named` says
        around, settings = self.parts.around, self.parts.settings(who)
        stopped = await around.is_stopped(who.account_id, ticket.channel, ticket.contact.id)
        return replying(row, settings, self.parts.clock(), stopped=stopped)

    async def reopens_for_reply(self, who: Who, row: Row) -> bool:
        """Whether the ticket is closed, may be opened again, and takes a reply then."""
        return (await self._replying(who, row)).reopens

    async def _visitor(self, row: Row) -> ShownVisitor | None:
        ticket = row.summary
        if ticket is None or ticket.status == "closed" or not ticket.conversation_id:
            return None
        visit = await self.parts.around.visit(row.account_id, ticket.conversation_id)
        return visitor(visit, row.customer_at, self.parts.clock())

    async def thread(self, row: Row, names: Names, earlier: str | None = None) -> ShownThread:
        """The newest lines, or those before a cursor; raises Problem for a broken one."""
        before = None
        if earlier is not None:
            before = cursors.unsigned(self.parts.secret, row.key, earlier)
            if before is None:
                text = "the cursor is broken, or of another ticket: begin anew without"
                raise Problem(422, "invalid_cursor", text, field="earlier")
        model = await self.parts.models.serving()
        found = await model.thread(row.key, before=before, limit=THREAD + 1)
        more = len(found) > THREAD
        lines = [line for _, line in found[-THREAD:]]
        start = line_place(lines[0]) if more else None
        shown = await self._with_sends(row, lines, names, before, first=not more)
        return ShownThread(
            lines=shown,
            earlier=cursors.signed(self.parts.secret, row.key, start) if start else None,
        )

    async def since(self, row: Row, names: Names, seq: int) -> ShownThread:
        """The lines that came after that seq."""
        model = await self.parts.models.serving()
        lines = await model.thread_since(row.key, seq)
        return ShownThread(tuple(await self._lines(row, lines, names)), None)

    async def _lines(self, row: Row, lines: Sequence[Line], names: Names) -> list[ShownLine]:
        assert row.summary is not None  # noqa: S101  # as `named` says
        files = await self.parts.own.files.known(row.account_id, showing_files.file_ids(lines))
        now = self.parts.clock()
        followed = {}
        if any(line.links for line in lines):
            followed = await self.parts.around.links.followed(row.key)
        told = [line for line in lines if showing.tells(line)]
        return [showing.line(line, row.summary, names, files, now, followed) for line in told]

    async def _with_sends(
        self, row: Row, lines: Sequence[Line], names: Names, before: str | None, *, first: bool
    ) -> tuple:  # type: ignore[type-arg]
        ticket = row.summary
        assert ticket is not None  # noqa: S101  # as `named` says
        shown = await self._lines(row, lines, names)
        phone = showing.contact(ticket.contact).address
        if ticket.channel == "sms" and phone:
            start = EPOCH if first or not lines else lines[0].sent_at
            end = self.parts.clock() + timedelta(days=1)
            if before is not None and lines:
                end = lines[-1].sent_at
            sends = await self.parts.around.sends_to(row.account_id, phone, start, end, THREAD)
            shown += [showing.send(each) for each in sends]
            shown.sort(key=lambda line: line.at)
        return tuple(shown)

    async def panel(self, who: Who, row: Row, names: Names) -> ShownPanel:
        """What stands beside a thread."""
        ticket = row.summary
        assert ticket is not None  # noqa: S101  # as `named` says
        model = await self.parts.models.serving()
        of_person = await model.of_person(
            who.account_id, ticket.contact.id, ticket.contact.profile_id, CAP
        )
        others = sorted(
            (each for each in of_person if each.ticket_id != row.ticket_id and each.summary),
            key=lambda each: each.active_at,
            reverse=True,
        )
        related = row.related_ticket_id
        linked = await model.named(who.account_id, [related]) if related else {}
        thread = [line for _, line in await model.thread(row.key, limit=200)]
        credit = ticket.credit
        return ShownPanel(
            tickets=max(len(of_person), 1),
            others=tuple(showing.row(each, names) for each in others[:_OTHERS]),
            profile=await self._profile(who, row),
            why=showing.why(thread, names)[:_OTHERS],
            credit=f"{credit.source} {credit.source_id}" if credit and credit.send_id else None,
            related=next((showing.row(each, names) for each in linked.values()), None),
        )

    async def _profile(self, who: Who, row: Row) -> ShownProfile | None:
        assert row.summary is not None  # noqa: S101  # as `named` says
        profile_id = row.summary.contact.profile_id
        if profile_id is None:
            return None
        found = await self.parts.around.profile(who.account_id, profile_id)
        if found is None:
            return None
        since = self.parts.clock() - _LONG_AGO
        events = await self.parts.around.events_of(who.account_id, profile_id, since, 500)
        metrics = sorted({event.metric for event in events})
        likings = await self.parts.own.likings(f"{who.account_id}:{who.id}")
        wanted = set(likings.get("metrics") or ())
        shown = [event for event in events if not wanted or event.metric in wanted]
        return ShownProfile(
            id=profile_id,
            name=found.name,
            segments=found.segments,
            sms_consent=found.sms_consent,
            lifetime_value=found.lifetime_value,
            currency=found.currency,
            orders=found.orders,
            churn_risk=found.churn_risk,
            next_order_on=found.next_order_on,
            location=found.location,
            events=tuple(
                ShownProfileEvent(
                    e.id, e.occurred_at, e.metric, e.title or e.metric, e.value, e.currency
                )
                for e in shown[:_EVENTS]
            ),
            metrics=tuple(metrics),
        )
