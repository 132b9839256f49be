"""Every command, reply and credit has its one effect, and nothing is left to be done."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from shared.topics import ATTRIBUTIONS, COMMANDS, OUTBOUND
from tests.chaos.history import Finding, History, Json, Kind


def commands(history: History) -> Iterator[Finding]:
    """Every command has one outcome, and one entry in the ledger of tickets (TKT 11)."""
    ids = {f"{asked.account_id}:{asked.id}" for asked in history.asked}
    ids |= {
        f"{command['account_id']}:{command['id']}"
        for command in history.on(COMMANDS.name)
        if "ticket_id" in command  # what asks for snapshots is of no ticket
    }
    events = Counter(
        f"{fact['account_id']}:{fact['cause_id']}"
        for facts in history.facts.values()
        for fact in facts
    )
    for command_id in sorted(ids):
        outcomes = events[command_id] + len(history.rejections.get(command_id, ()))
        if outcomes != 1 or command_id not in history.thread:
            kind: Kind = "doubled" if outcomes > 1 else "lost"
            yield Finding(kind, f"command {command_id} has {outcomes} outcomes")


def replies(history: History) -> Iterator[Finding]:
    """Every reply goes out as one message (TKT 13)."""
    out: dict[str, set[str]] = defaultdict(set)
    for message in history.on(OUTBOUND.name):
        out[f"{message['account_id']}:{message['idempotency_key']}"].add(message["id"])
    replies = {
        f"{fact['account_id']}:{fact['cause_id']}"
        for facts in history.facts.values()
        for fact in facts
        if fact["type"] == "AgentReplied"
    }
    for key in sorted(replies | out.keys()):
        if len(out[key]) != (key in replies):
            kind: Kind = "doubled" if out[key] else "lost"
            yield Finding(kind, f"reply {key} went out as {len(out[key])} messages")


def credits_(history: History) -> Iterator[Finding]:
    """The first SMS after a send is credited to it, and no other (ATT 1 to 5)."""
    latest: dict[str, Json] = {}
    for fact in history.on(ATTRIBUTIONS.name):
        known = latest.setdefault(fact["message_id"], fact)
        if fact["revision"] > known["revision"]:
            latest[fact["message_id"]] = fact
        if fact["id"] not in history.thread:
            yield Finding("lost", f"attribution {fact['id']} is not on its ticket")
    given = {
        fact["message_id"]: fact["credit"]["send_id"]
        for fact in latest.values()
        if fact.get("credit")
    }
    conversations = history.conversations
    expected: dict[str, str] = {}
    for credited in history.credited:
        if messages := conversations.get(credited.conversation):
            first = min(messages, key=lambda said: said.received_at)
            for event in history.written[first.marker][:1]:
                expected[event["message_id"]] = credited.send_id
    for message_id in sorted(expected.keys() | given.keys()):
        wanted, there = expected.get(message_id), given.get(message_id)
        if wanted != there:
            kind: Kind = "lost" if wanted else "doubled"
            yield Finding(kind, f"{message_id} is credited to {there}, not to {wanted}")


def endings(history: History) -> Iterator[Finding]:
    """Whoever follows tickets has seen the last event of each (TKT 9)."""
    ends = {of: facts[-1] for of, facts in history.facts.items()}
    tickets = {row["_id"]: row["state"] for row in history.stores.get("tickets", ())}
    for of in sorted(tickets.keys() | ends.keys()):
        if of not in tickets or of not in ends or tickets[of]["seq"] != ends[of]["seq"]:
            yield Finding("lost", f"ticket {of}: the store and the events do not end alike")
    for collection in ("autoclose_timers", "assignment_tickets"):
        heard = {row["ticket_id"]: row["last_seq"] for row in history.stores.get(collection, ())}
        for of, end in ends.items():
            if collection == "autoclose_timers" and _needs_no_timer(history.facts[of]):
                continue
            if heard.get(of) != end["seq"]:
                yield Finding("lost", f"{collection} heard {heard.get(of)} of {end['id']}")


def _needs_no_timer(facts: Sequence[Json]) -> bool:
    """Whether nobody has answered yet; a chat has its timer from the start."""
    channel = facts[0]["ticket"]["channel"]
    return channel != "webchat" and not any(fact["ticket"].get("waiting_epoch") for fact in facts)


def left_over(history: History) -> Iterator[Finding]:
    """Nothing is owed, nothing is due, and nobody waits for an agent."""
    for collection, rows in history.stores.items():
        for row in rows:
            if row.get("outbox"):
                yield Finding("lost", f"{collection} still owes what {row['_id']} did")
    for timer in history.stores.get("autoclose_timers", ()):
        if timer["due_at"] < history.ended_at:
            yield Finding("lost", f"{timer['_id']} was due and is not closed")
    for ticket in history.stores.get("assignment_tickets", ()):
        if ticket["line"]:
            yield Finding("lost", f"{ticket['_id']} waits though agents are there")


def turns(history: History) -> Iterator[Finding]:
    """Among agents who were there all the time, turns differ by one at most (ASG 7)."""
    offers = {
        command["id"]: command
        for command in history.on(COMMANDS.name)
        if command["type"] == "AssignTicket" and command["author"]["id"] == "assignment"
    }
    # Of these the agent got the turn back (ASG 4).
    refused = {
        named
        for named, told in history.rejections.items()
        if any(rejection.get("code") != "unknown_agent" for rejection in told)
    }
    taken: dict[str, Counter[str]] = defaultdict(Counter)
    for rotation in history.stores.get("assignment_rotations", ()):
        for queue in rotation["state"]["queues"]:
            taken[rotation["account_id"]].update(dict.fromkeys(queue["agents"], 0))
            taken[rotation["account_id"]].update(queue["owed"])
        # Whoever took it died before its command was given: it is its agent's again with the next.
        taken[rotation["account_id"]].update(
            turn["agent"]
            for turn in rotation["state"]["unanswered"]
            if turn["command_id"] not in offers and not turn["returned"]
        )
    for id_, offer in offers.items():
        if f"{offer['account_id']}:{id_}" not in refused:
            taken[offer["account_id"]][offer["assignee"]] += 1
    for account_id, counts in taken.items():
        if max(counts.values()) - min(counts.values()) > 1:
            yield Finding("doubly_assigned", f"{account_id}'s turns are uneven: {dict(counts)}")
