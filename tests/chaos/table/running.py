"""One fault after the other, each with customers of its own, and what has come of each."""

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from shared.clock import system_clock
from shared.topics import TICKETS
from tests.chaos import evidence, judge
from tests.chaos.desk import Desk
from tests.chaos.faults import Fault
from tests.chaos.history import MARKER, Finding
from tests.chaos.ledger import Credited, Said
from tests.chaos.run import Run
from tests.chaos.size import Size
from tests.chaos.table.alerts import Say
from tests.chaos.table.site import Site, started
from tests.chaos.table.traffic import until, with_messages
from tests.chaos.table.trouble import Seen, Trouble
from tests.chaos.traffic import plan
from tests.servers import CHECKOUT

_QUIET_WITHIN = 60.0
_AFTER = 3.0
"""Seconds for which customers go on writing after a fault's end, and some of them twice as long."""


@dataclass(frozen=True)
class Row:
    """How one fault went: a line of the table. `alerts` began to fire meanwhile, in that order.

    `recovery_s` is from its end until all groups had caught up, None: not in time; `longest_s` is
    the longest that a message took from its sending to its event. Where the fault was `left_out`,
    that says why, and the rest says nothing.
    """

    name: str
    about: str
    checked: Sequence[str]
    expected: str | None = None
    alerts: Sequence[str] = ()
    resolved: bool = True
    sent: int = 0
    findings: int = 0
    wrong: Sequence[str] = ()
    lasted_s: float = 0.0
    recovery_s: float | None = None
    longest_s: float = 0.0
    notes: Sequence[str] = ()
    left_out: str | None = None

    @property
    def ok(self) -> bool:
        """Whether everything held, and the alert that was expected came and went."""
        if self.left_out:
            return True
        told = self.expected is None or (self.expected in self.alerts and self.resolved)
        return told and not self.wrong and not self.findings and self.recovery_s is not None


@dataclass
class Table:
    """A run of several faults on one site; the judge is given all that was sent until then."""

    site: Site
    seed: int
    say: Say
    said: list[Said] = field(default_factory=list)
    credited: list[Credited] = field(default_factory=list)
    desk: Desk = field(init=False)
    _known: set[Finding] = field(default_factory=set)
    _number: int = 0

    def __post_init__(self) -> None:
        self.desk = Desk(self.seed)

    async def row(self, trouble: Trouble) -> Row:
        """Inject it, mend it, wait for rest and for the end of its alert, and judge."""
        checked = ["the account", *(check.sentence for check in trouble.checks)]
        if (why := trouble.lacking(self.site)) is not None:
            self.say(f"LEFT OUT: {trouble.name}: {why}")
            return Row(trouble.name, trouble.about, checked, trouble.alert, left_out=why)
        self.site.notes.clear()
        crashes = self.site.fleet.crashes
        before, times = len(crashes), [0.0, 0.0]
        running = self._run(trouble)
        await running.prepared()
        began = time.monotonic()  # customers may be the fault: what they write, or how old it is
        await running.carried_out([self._fault(trouble, times)], time.monotonic() + 600)
        wanted = [trouble.alert] if trouble.alert else []
        resolved = await self.site.watch.quiet(wanted, _QUIET_WITHIN)
        self.said += running.said
        self.credited += running.credited
        seen, findings = await self._judged(running.said)
        told = [check.wrong(seen) for check in trouble.checks]
        wrong = [text for text in told if text]
        wrong += [f"{o.name} was not in time" for o in running.outcomes if not o.ok]
        wrong += crashes[before:]
        row = Row(
            name=trouble.name,
            about=trouble.about,
            checked=checked,
            expected=trouble.alert,
            alerts=self.site.watch.begun_since(began),
            resolved=resolved,
            sent=len(running.said),
            findings=len(findings),
            wrong=[*wrong, *(f"{f.kind}: {f.what}" for f in findings[:20])],
            lasted_s=round(times[1] - times[0], 1),
            recovery_s=running.outcomes[0].recovery_s,
            longest_s=round(max(seen.took.values(), default=0.0), 1),
            notes=list(self.site.notes),
        )
        self.say(f"{row.name}: {'ok' if row.ok else 'FAILED'}: {json.dumps(asdict(row))}")
        return row

    def _run(self, trouble: Trouble) -> Run:
        self._number += 1
        seed, writing = self.seed * 100 + self._number, 3 + (trouble.writing or trouble.lasts)
        drawn = plan(
            seed,
            messages=trouble.messages,
            conversations=min(trouble.messages // 3, 150),
            seconds=writing + _AFTER,
            first_shop=self._number * 3,
        )
        size = Size(seconds=trouble.lasts, recovery=60, drain=60, hand_offs=0)
        drawn = with_messages(trouble.traffic(until(drawn, writing + 2 * _AFTER)))
        return Run(seed, drawn, self.site.topics, self.site, self.say, self.desk, size)

    def _fault(self, trouble: Trouble, times: list[float]) -> Fault:
        async def inject(_: object) -> None:
            times[0] = time.monotonic()
            try:
                await trouble.inject(self.site)
                await asyncio.sleep(trouble.lasts)
            finally:
                await trouble.mend(self.site)
            times[1] = time.monotonic()

        return Fault(trouble.name, trouble.about, inject)

    async def _judged(self, said: Sequence[Said]) -> tuple[Seen, list[Finding]]:
        """What is to be seen of these, and what is wrong that was not before."""
        history = await evidence.collected(
            self.site.topics,
            self.site.mongo.url,
            self.said,
            self.desk.asked,
            self.credited,
            system_clock(),
        )
        findings = await asyncio.to_thread(judge.judge, history)
        new = [finding for finding in findings if finding not in self._known]
        self._known |= set(findings)
        if new:
            kept = CHECKOUT / ".cache" / "faults" / f"{time.strftime('%H%M%S')}-{self._number}"
            evidence.keep(history, new, {}, kept)
            shutil.copytree(self.site.folder / "services", kept / "services", dirs_exist_ok=True)
            self.say(f"the history is in {kept}")
        events = await self.site.topics.read([TICKETS])
        published: dict[str, datetime] = {}
        for record in events:
            body = json.loads(record.value or b"{}")
            if body.get("type") == "CustomerWrote" and (marker := MARKER.search(body["text"])):
                published.setdefault(marker[0], record.timestamp)
        return Seen(said, history, _took(said, published)), new


def _took(said: Sequence[Said], published: Mapping[str, datetime]) -> dict[str, float]:
    return {
        each.marker: (published[each.marker] - each.sent_at).total_seconds()
        for each in said
        if each.marker in published
    }


async def rows(troubles: Sequence[Trouble], seed: int, say: Say) -> list[Row]:
    """Each of these faults on one site; nothing of it is left afterwards."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-faults-", ignore_cleanup_errors=True) as name:
        async with started(Path(name), say) as site:
            table = Table(site, seed, say)
            found = []
            for trouble in troubles:
                say(f"{trouble.name}: {trouble.about}")
                found.append(await table.row(trouble))
            return found
