"""Whether each service's user may do what it has to, by the rules of the cluster's authorizer."""

from collections.abc import Iterator, Sequence

from shared.bus.acls import Acl, acls
from shared.bus.cluster import Right
from shared.cli.doctor.facts import KafkaFacts
from shared.cli.doctor.failures import Failure
from shared.cli.doctor.findings import Finding, some, unseen
from shared.topic import SERVICES, Service

_EVERYBODY = "User:*"


def judge_rights(facts: KafkaFacts) -> Iterator[Finding]:
    """The findings about rights. Which user is whose is seen by what it may do."""
    rights = facts.rights
    if isinstance(rights, Failure):
        yield unseen("rights", rights, "rights")
        return
    if not rights:
        nothing = Failure("unknown", "the brokers name no rule at all")
        yield unseen("rights", nothing, "rights")
        return
    whole = []
    for service in SERVICES:
        user, lacking = _closest(service, rights, facts.prefix)
        if user is None:
            yield Finding(
                "rights",
                "warning",
                f"no user has the rights of {service}",
                f"give its user those in docs/security.md; if {service} runs as a superuser, who"
                " needs no rule, give it a user of its own",
            )
        elif lacking:
            missing = [f"{acl.operation} on {acl.resource} {acl.name}" for acl in lacking]
            yield Finding(
                "rights",
                "wrong",
                f"{user}, who comes closest to {service}, may not {some(missing)}",
                "add these rules; docs/security.md has them all",
            )
        else:
            whole.append(f"{service} ({user})")
    if whole:
        yield Finding("rights", "ok", f"all that they need have {', '.join(whole)}")


def _closest(
    service: Service, rights: Sequence[Right], prefix: str
) -> tuple[str | None, list[Acl]]:
    """The user who lacks least of what a service needs, and what it lacks.

    Only who may read the service's group, or write to its dead letters, is taken for its user.
    """
    needed = acls(service, prefix)
    own = [acl for acl in needed if acl.resource == "group" or ".dead." in acl.name]
    found: list[tuple[int, str, list[Acl]]] = []
    for user in sorted({right.user for right in rights}):
        if any(may(user, acl, rights) for acl in own):
            lacking = [acl for acl in needed if not may(user, acl, rights)]
            found.append((len(lacking), user, lacking))
    if not found:
        return None, []
    _, user, lacking = min(found, key=lambda each: each[:2])
    return user, lacking


def may(user: str, acl: Acl, rights: Sequence[Right]) -> bool:
    """Whether the rules let the user do that: one allows it, and none denies it."""
    matching = [
        right
        for right in rights
        if right.user in {user, _EVERYBODY}
        and right.resource == acl.resource
        and right.operation in {acl.operation, "all"}
        and _names(right, acl.name)
    ]
    return bool(matching) and all(right.allowed for right in matching)


def _names(right: Right, name: str) -> bool:
    if right.pattern == "prefixed":
        return name.startswith(right.name)
    return right.pattern == "literal" and right.name in {name, "*"}
