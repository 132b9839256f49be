"""One run: servers, services, customers, agents and faults, then rest, then the judge."""

import asyncio
import json
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from aiokafka.errors import KafkaError
from pymongo.errors import PyMongoError

from shared.bus.kafka import create_topics
from shared.clock import system_clock
from shared.embedded.servers import Stack
from shared.embedded.stack import SecantusDB, Valkey
from shared.running.settings import KafkaSettings
from shared.topics import ACCOUNTS, COMMANDS, HANDOFFS, TICKETS
from tests.chaos import evidence, judge
from tests.chaos.desk import Desk
from tests.chaos.faults import Fault, World, schedule
from tests.chaos.fleet import Fleet
from tests.chaos.handing import hand_offs
from tests.chaos.ledger import Credited, Handed, Said
from tests.chaos.outside import OtherHelpdesk, secrets_in
from tests.chaos.report import Outcome, report_of, witnessed
from tests.chaos.size import Size
from tests.chaos.topics import Topics
from tests.chaos.traffic import Plan, plan
from tests.servers import CHECKOUT, ApacheKafka

Say = Callable[[str], None]


@dataclass
class Run:
    """What is under way, and what has come of it."""

    seed: int
    plan: Plan
    topics: Topics
    world: World
    say: Say
    desk: Desk
    size: Size
    outside: OtherHelpdesk | None = None
    said: list[Said] = field(default_factory=list)
    credited: list[Credited] = field(default_factory=list)
    handed: list[Handed] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    async def prepared(self) -> None:
        """Settings, profiles and presence are known to those who need them."""
        prepared = list(self.plan.preparations(system_clock()))
        settings = [record for record in prepared if record.topic == ACCOUNTS.name]
        # Elsewhere an account that nobody knows yet would be a dead letter.
        await self.topics.publish(settings)
        await self.topics.publish([record for record in prepared if record not in settings])
        if await self.topics.caught_up(60) is None:
            raise AssertionError("the services do not take the settings")

    async def carried_out(self, faults: list[Fault], until: float) -> None:
        """Everything was said, every fault is over, and nothing is left to be done."""
        agents = asyncio.create_task(self._agents())
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._customers())
                tasks.create_task(self._marketing())
                tasks.create_task(self._ai_agent())
                tasks.create_task(self._faults(faults, until))
            self.say("at rest soon: waiting for the last effects")
            began = time.monotonic()
            rests = await self._rests()
            took = round(time.monotonic() - began, 1)
            self.outcomes.append(
                Outcome("drain", "all groups at the ends, nothing due", rests, took, [])
            )
        finally:
            agents.cancel()
            await asyncio.gather(agents, return_exceptions=True)

    async def _customers(self) -> None:
        start, began = system_clock(), time.monotonic()
        left, again = self.plan.deliveries()[::-1], Counter[str]()
        while left:
            due = []
            while left and left[-1][0] <= time.monotonic() - began:
                due.append(left.pop())
            if due:
                times = await self.topics.publish([s.outgoing(start) for _, s in due])
                again.update({s.marker: times - 1 for _, s in due})
            await asyncio.sleep(0.2)
        self.said += [saying.said(start, again[saying.marker]) for saying in self.plan.sayings]

    async def _marketing(self) -> None:
        draw = Random(f"sends {self.seed}")
        span = max(saying.at for saying in self.plan.sayings)
        sends = self.plan.sends(system_clock())
        at = sorted(draw.uniform(0, span) for _ in sends)
        draw.shuffle(sends)
        began = time.monotonic()
        for moment, (send, credited) in zip(at, sends, strict=True):
            await asyncio.sleep(max(moment - (time.monotonic() - began), 0))
            await self.topics.publish([send])
            self.credited += [credited] if credited else []

    async def _ai_agent(self) -> None:
        start, began = system_clock(), time.monotonic()
        drawn = hand_offs(
            self.seed, self.plan.shops, count=self.size.hand_offs, seconds=self.size.seconds
        )
        times = sorted(
            ((at, each) for each in drawn for at in (each.at, *each.again)), key=lambda due: due[0]
        )
        for at, each in times:
            await asyncio.sleep(max(at - (time.monotonic() - began), 0))
            await self.topics.publish([HANDOFFS.record(each.request(start))])
        self.handed += [Handed(e.unique, e.shop.account_id, e.method) for e in drawn]

    async def _agents(self) -> None:
        consumer = await self.topics.follow(TICKETS)
        try:
            while True:
                try:
                    batches = await consumer.getmany(timeout_ms=200)
                except KafkaError:
                    await asyncio.sleep(0.5)
                    continue
                commands = [
                    (COMMANDS.record(command), command.occurred_at)
                    for raws in batches.values()
                    for raw in raws
                    for command in self.desk.commands(json.loads(raw.value), system_clock())
                ]
                if commands:
                    await self.topics.publish_dated(commands)
        finally:
            await consumer.stop()

    async def _faults(self, faults: list[Fault], until: float) -> None:
        await asyncio.sleep(3)
        for fault in faults:
            if time.monotonic() > until:
                self.say(f"no time left for {fault.name}")
                self.outcomes.append(
                    Outcome(fault.name, fault.about, ok=False, recovery_s=None, crashes=[])
                )
                continue
            crashes = self.world.fleet.crashes
            before = len(crashes)
            await fault.inject(self.world)
            recovery = await self.topics.caught_up(self.size.recovery)
            took = None if recovery is None else round(recovery, 1)
            new = crashes[before:]
            ok = took is not None
            self.outcomes.append(Outcome(fault.name, fault.about, ok, took, new))
            self.say(
                f"{fault.name}: {fault.about}; recovered in {took} s"
                + "".join(f"\n  {crash}" for crash in new)
            )

    async def _rests(self) -> bool:
        """Whether it comes to rest: groups at ends that stay, and no sweep has work left."""
        deadline = time.monotonic() + self.size.drain
        before: dict[Any, int] = {}
        while time.monotonic() < deadline:
            try:
                ends = await self.topics.ends()
                settled = await evidence.is_settled(self.world.mongo.url, system_clock())
                if settled and ends == before and not await self.topics.lag(ends):
                    return True
                before = ends
            except (KafkaError, PyMongoError) as error:
                self.say(f"looking again: {error!r}")
            await asyncio.sleep(2.5)
        return False


@asynccontextmanager
async def started(
    seed: int,
    size: Size,
    folder: Path,
    say: Say,
    sabotage: str | None = None,
) -> AsyncIterator[Run]:
    """A pipeline of twenty processes; nothing of it is left afterwards."""
    with ExitStack() as closing:
        # Not the same makers' server in Rust: an update there leaves the old value of a unique
        # index taken (0.5.3-beta.193 to .196), and a conversation can then have no second ticket.
        kafka, mongo = ApacheKafka(folder=folder / "kafka"), SecantusDB(folder=folder / "mongo")
        redis = Valkey(folder=folder / "redis")
        say("starting Apache Kafka, SecantusDB and Valkey")
        servers = closing.enter_context(Stack(kafka=kafka, mongo=mongo, redis=redis))
        settings = KafkaSettings(bootstrap=servers.kafka)
        await create_topics(settings, replication=1, partitions=Topics.partitions)
        outside = OtherHelpdesk(seed)
        closing.callback(outside.close)
        secrets = secrets_in(folder / "secrets")
        fleet = Fleet(servers, folder / "services", sabotage, outside=outside.port, secrets=secrets)
        topics = Topics(servers.kafka)
        try:
            await topics.start()
            # A day of silence has to pass within minutes: some agents answered a day ago.
            await topics.believe_producers(COMMANDS)
            say("starting two replicas of every service")
            began = time.monotonic()
            await fleet.start()
            size = size.where_starting_took(time.monotonic() - began)
            say(f"customers write for {size.seconds:.0f} s, {size.pace:.2f} times the full pace's")
            drawn = plan(
                seed,
                messages=size.messages,
                conversations=size.conversations,
                seconds=size.seconds,
            )
            world = World(fleet, kafka, mongo, redis)
            yield Run(seed, drawn, topics, world, say, Desk(seed), size, outside)
        finally:
            await fleet.close()
            await topics.stop()


async def run(
    seed: int,
    size: Size,
    say: Say,
    *,
    faults: list[Fault] | None = None,
    sabotage: str | None = None,
    keep: bool = True,
) -> dict[str, Any]:
    """The report of a run; where it failed, its history is kept in a folder that it names."""
    with tempfile.TemporaryDirectory(prefix="helpdesk-chaos-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        async with started(seed, size, folder, say, sabotage) as running:
            size = running.size
            await running.prepared()
            say("customers write, agents answer, things fail")
            chosen = schedule(seed, size.kills) if faults is None else faults
            until = time.monotonic() + size.seconds * 1.35
            async with asyncio.timeout(size.seconds * 1.35 + size.recovery + 60 + size.drain):
                await running.carried_out(chosen, until)
            history = await evidence.collected(
                running.topics,
                running.world.mongo.url,
                running.said,
                running.desk.asked,
                running.credited,
                system_clock(),
                running.handed,
                running.outside.tickets if running.outside else (),
            )
            kills = running.world.fleet.kills
        findings = judge.judge(history)
        say(f"judged: {witnessed(history)}")
        ran = {"kills": kills, "pace": round(size.pace, 2), "seed": seed}
        report = report_of(history, findings, running.outcomes, **ran)
        if keep and not report["ok"]:
            kept = CHECKOUT / ".cache" / "chaos" / f"{time.strftime('%Y%m%d-%H%M%S')}-{seed}"
            report["history"] = str(kept)
            evidence.keep(history, findings, report, kept)
            shutil.copytree(folder / "services", kept / "services", dirs_exist_ok=True)
            for finding in findings[:20]:
                say(f"{finding.kind}: {finding.what}")
    return report
