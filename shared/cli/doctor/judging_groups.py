"""Whether somebody reads, and how far behind they are."""

from collections.abc import Iterator, Mapping

from shared.bus.acls import group_id
from shared.bus.cluster import Place
from shared.cli.doctor.facts import KafkaFacts
from shared.cli.doctor.failures import Failure
from shared.cli.doctor.findings import Finding, some, unseen
from shared.topic import SERVICES, Service
from shared.topics import TOPICS


def judge_groups(facts: KafkaFacts, behind: int) -> Iterator[Finding]:
    """The findings about groups' members and lag."""
    yield from _members(facts)
    yield from _lags(facts, behind)


def _members(facts: KafkaFacts) -> Iterator[Finding]:
    there, empty = [], []
    failures: dict[Failure, list[str]] = {}
    for service, count in facts.members.items():
        if isinstance(count, Failure):
            failures.setdefault(count, []).append(service)
        elif count:
            there.append(f"{service} ({count})")
        else:
            empty.append(service)
    for failure, services in failures.items():
        yield unseen("groups", failure, f"the groups of {some(services, len(SERVICES))}")
    for service in empty:
        yield Finding(
            "groups",
            "wrong",
            f"nobody reads the topics of {service}: {group_id(service, facts.prefix)} is empty",
            f"start replicas of {service}; if they run, /ready and their log say what is wrong",
        )
    if there:
        yield Finding("groups", "ok", f"members: {', '.join(there)}")


def _lags(facts: KafkaFacts, behind: int) -> Iterator[Finding]:
    if isinstance(facts.spans, Failure):
        yield unseen("lag", facts.spans, "how far services are behind")
        return
    near = []
    failures: dict[Failure, list[str]] = {}
    for service, committed in facts.committed.items():
        if isinstance(committed, Failure):
            failures.setdefault(committed, []).append(service)
            continue
        lags = unread(service, committed, facts.spans)
        total = sum(lags.values())
        if total > behind or (total and facts.members.get(service) == 0):
            worst = max(lags, key=lambda topic: lags[topic])
            yield Finding(
                "lag",
                "warning",
                f"{service} is behind by {total}, {lags[worst]} of them on {worst}",
                f"start replicas of {service}, or more of them; see what its log waits for",
            )
        else:
            near.append(f"{service} ({total})")
        if gone := lost(committed, facts.spans):
            yield Finding(
                "lag",
                "wrong",
                f"{service} did not read records before they were deleted on {some(gone)}",
                "lengthen the retention; what the topic held then is lost to it",
            )
    for failure, services in failures.items():
        yield unseen("lag", failure, f"the places of {some(services, len(SERVICES))}")
    if near:
        yield Finding("lag", "ok", f"records behind: {', '.join(near)}")


def unread(
    service: Service, committed: Mapping[Place, int], spans: Mapping[Place, tuple[int, int]]
) -> dict[str, int]:
    """How many records of each topic the service's group has still to read.

    A compacted topic without a committed place is followed without a group, and does not count.
    """
    read = {t.name: t.compacted for t in TOPICS if service in t.consumers}
    lags: dict[str, int] = {}
    for place, (first, end) in spans.items():
        topic = place[0]
        if topic not in read or (read[topic] and place not in committed):
            continue
        lag = end - max(committed.get(place, first), first)
        if lag > 0:
            lags[topic] = lags.get(topic, 0) + lag
    return lags


def lost(committed: Mapping[Place, int], spans: Mapping[Place, tuple[int, int]]) -> list[str]:
    """The topics whose first record comes after the place where the group goes on."""
    plain = {topic.name for topic in TOPICS if not topic.compacted}
    return sorted(
        {
            place[0]
            for place, at in committed.items()
            if place[0] in plain and at < spans.get(place, (at, at))[0]
        }
    )
