"""What may be concluded from what the database said."""

from collections.abc import Iterator, Mapping, Sequence

from shared.cli.doctor.facts import MongoFacts
from shared.cli.doctor.failures import Failure
from shared.cli.doctor.findings import Finding, some, unseen
from shared.cli.doctor.judging_reach import clock, reach
from shared.stores.indexes import Index


def judge_mongo(facts: MongoFacts) -> list[Finding]:
    """All findings about MongoDB."""
    server = facts.server
    failure = server if isinstance(server, Failure) else None
    return [
        *reach("mongo", "MONGO", facts.addresses, failure),
        *_durability(facts),
        *_indexes(facts),
        clock("MONGO", server if isinstance(server, Failure) else server.skew),
    ]


def _durability(facts: MongoFacts) -> Iterator[Finding]:
    server = facts.server
    if isinstance(server, Failure):
        yield unseen("durability", server, "whether what is written lasts")
        return
    if server.replica_set is None and not server.sharded:
        yield Finding(
            "durability",
            "wrong",
            "it is a server by itself: no majority can hold what is written",
            "make it a replica set of three: sessions that read what was written need one",
        )
    elif not server.primary and not server.sharded:
        yield Finding(
            "durability",
            "wrong",
            f"nobody in the replica set {server.replica_set} takes writes through this address",
            "name all members in HELPDESK_MONGO__URL with replicaSet=…; see whether one is primary",
        )
    elif server.sharded:
        yield Finding("durability", "ok", "it is a sharded cluster, of replica sets")
    elif server.members < 3:
        yield Finding(
            "durability",
            "warning",
            f"the replica set {server.replica_set} has {_members(server.members)} with data",
            "have three, so that one may fail and writes go on",
        )
    else:
        text = f"the replica set {server.replica_set} has {server.members} members with data"
        yield Finding("durability", "ok", text)
    yield from _journal(facts)
    yield from _storage(facts)


def _members(count: int) -> str:
    return "1 member" if count == 1 else f"{count} members"


def _journal(facts: MongoFacts) -> Iterator[Finding]:
    if isinstance(facts.journalled, Failure):
        yield unseen("durability", facts.journalled, "how a majority acknowledges writes")
    elif not facts.journalled:
        yield Finding(
            "durability",
            "wrong",
            "a majority acknowledges writes that are not in a journal yet",
            "set writeConcernMajorityJournalDefault of the replica set to true",
        )
    else:
        yield Finding("durability", "ok", "a majority acknowledges what is in its journals")


def _storage(facts: MongoFacts) -> Iterator[Finding]:
    if isinstance(facts.storage, Failure):
        yield unseen("durability", facts.storage, "how it stores")
        return
    if facts.storage.persistent is False:
        yield Finding(
            "durability",
            "wrong",
            "its storage engine keeps everything in memory: a restart loses it",
            "use WiredTiger",
        )
    if facts.storage.majority_reads is False:
        yield Finding(
            "durability",
            "wrong",
            "reads cannot be limited to what a majority holds",
            "switch enableMajorityReadConcern on",
        )


def _indexes(facts: MongoFacts) -> Iterator[Finding]:
    if not facts.declared:
        nobody = Failure("other", "no service says which it makes")
        yield unseen("indexes", nobody, "indexes", "install the package anew: `helpdesk.indexes`")
        return
    if isinstance(facts.indexes, Failure):
        yield unseen("indexes", facts.indexes, "indexes")
        return
    whole = []
    for service, indexes in sorted(facts.declared.items()):
        told = list(_of(service, indexes, facts.indexes))
        whole += [] if told else [service]
        yield from told
    if whole:
        yield Finding("indexes", "ok", f"all indexes are there of {', '.join(whole)}")


def _of(
    service: str, declared: Sequence[Index], there: Mapping[str, Sequence[Index]]
) -> Iterator[Finding]:
    absent = sorted({index.collection for index in declared if index.collection not in there})
    if absent:
        yield Finding(
            "indexes",
            "warning",
            f"{service} has never made {some(absent)} in this database",
            f"start {service}, which makes them; is HELPDESK_MONGO__DATABASE the services' one?",
        )
    other, missing = [], []
    for index in declared:
        if index.collection in absent or index in there[index.collection]:
            continue
        by_keys = [each for each in there[index.collection] if each.keys == index.keys]
        if by_keys:
            other.append(f"{by_keys[0].said} instead of {index.said}")
        else:
            missing.append(index.said)
    if missing:
        yield Finding(
            "indexes",
            "wrong",
            f"{service} lacks {some(missing)}: whole collections are read instead",
            f"restart {service}, which makes its indexes when it starts",
        )
    if other:
        yield Finding(
            "indexes",
            "wrong",
            f"{service} has {some(other)}",
            f"drop it, and restart {service}, which makes it as it should be",
        )
