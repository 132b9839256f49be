"""What the rules look for, as it is written down in the files of the folder `phrases`.

`rules.toml` says what is looked for and what it weighs, a file per language in which words, and
`links.toml` what is known of links. A spam phrase must be nothing that a customer may say of an
order.
"""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.spam.rules.ways import Unfit, Way, way
from shared.errors import HelpdeskError

RULES: Final = "rules.toml"
LINKS: Final = "links.toml"
_FIELDS: Final = ("about", "weight", "again")


class PhrasesDamaged(HelpdeskError):
    """The phrases cannot be read: the message says which file, which rule and which way."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """Several ways to say one thing; `about` says in a verdict's reason which thing.

    Weights are logits. A message that says it has `weight`; one that says it in two or more
    different wordings ("bitcoin" and "bitcoins", say) has `again` added, once.
    """

    code: str
    about: str
    weight: float
    again: float
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Everything that the rules look for. What customers say counts against spam."""

    spam: tuple[Phrases, ...]
    customers: tuple[Phrases, ...]
    shorteners: frozenset[str]
    invites: frozenset[str]
    risky_endings: frozenset[str]


def parsed(files: Mapping[str, str]) -> Lexicon:
    """What the files say, each under its name. Raises PhrasesDamaged.

    All ways of a rule count alike, whatever their language; they are in the order of the files'
    names.
    """
    rules = _table(files, RULES)
    kinds = {"spam": 1, "customer": -1}
    for kind in rules:
        if kind not in kinds:
            raise PhrasesDamaged(f"{RULES}: “{kind}” is neither “spam” nor “customer”")
    codes: set[str] = set()
    for kind in kinds:
        for code in _rules_of(rules, kind):
            if code in codes:
                raise PhrasesDamaged(f"{RULES}, {code}: it is both spam's and a customer's")
            codes.add(code)
    ways: dict[str, dict[str, Way]] = {code: {} for code in codes}
    for name in sorted(files.keys() - {RULES, LINKS}):
        for code, said in _ways(name, _table(files, name), codes):
            ways[code].setdefault(said.text, said)
    spam, customers = (
        tuple(
            _phrases(code, fields, sign, tuple(ways[code].values()))
            for code, fields in _rules_of(rules, kind).items()
        )
        for kind, sign in kinds.items()
    )
    links = _table(files, LINKS)
    return Lexicon(
        spam=spam,
        customers=customers,
        shorteners=_hosts(links, "short_link"),
        invites=_hosts(links, "invite"),
        risky_endings=_hosts(links, "risky_link"),
    )


def _table(files: Mapping[str, str], name: str) -> dict[str, Any]:
    if name not in files:
        raise PhrasesDamaged(f"{name}: there is no such file")
    try:
        return tomllib.loads(files[name])
    except tomllib.TOMLDecodeError as error:
        raise PhrasesDamaged(f"{name}: {error}") from error


def _rules_of(rules: dict[str, Any], kind: str) -> dict[str, Any]:
    said = rules.get(kind)
    if not isinstance(said, dict) or not said:
        raise PhrasesDamaged(f"{RULES}: there is no rule “{kind}.…”")
    return said


def _phrases(code: str, fields: object, sign: int, ways: tuple[Way, ...]) -> Phrases:
    where = f"{RULES}, {code}"
    if not isinstance(fields, dict):
        raise PhrasesDamaged(f"{where}: it is no table")
    for field in _FIELDS:
        if field not in fields:
            raise PhrasesDamaged(f"{where}: “{field}” is missing")
    for field in fields:
        if field not in _FIELDS:
            raise PhrasesDamaged(f"{where}: “{field}” means nothing here")
    about = fields["about"]
    if not isinstance(about, str) or not about.strip():
        raise PhrasesDamaged(f"{where}: “about” has to be words")
    if not ways:
        raise PhrasesDamaged(f"{where}: no language has a way to say it")
    weight, again = (_weight(where, field, fields[field], sign) for field in _FIELDS[1:])
    return Phrases(code, about, weight, again, ways)


def _weight(where: str, field: str, said: object, sign: int) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
        raise PhrasesDamaged(f"{where}: “{field}” has to be a number, and is {said!r}")
    if said * sign < 0:
        whose = "spam's is 0 or more, a customer's 0 or less"
        raise PhrasesDamaged(f"{where}: “{field}” is {said}, but {whose}")
    return float(said)


def _ways(name: str, language: dict[str, Any], codes: set[str]) -> list[tuple[str, Way]]:
    found = []
    for code, said in language.items():
        where = f"{name}, {code}"
        if code not in codes:
            raise PhrasesDamaged(f"{where}: {RULES} has no such rule")
        if not isinstance(said, list) or not said:
            raise PhrasesDamaged(f"{where}: it has to be a list of ways")
        for number, text in enumerate(said, 1):
            if not isinstance(text, str):
                raise PhrasesDamaged(f"{where}, way {number}: {text!r} is no text")
            try:
                found.append((code, way(text)))
            except Unfit as error:
                raise PhrasesDamaged(f"{where}, way {number} ({text}): {error}") from error
    return found


def _hosts(links: dict[str, Any], code: str) -> frozenset[str]:
    said = links.get(code)
    if not isinstance(said, list) or not said:
        raise PhrasesDamaged(f"{LINKS}, {code}: it has to be a list of hosts")
    for host in said:
        if not isinstance(host, str) or not host or host != host.strip().lower():
            raise PhrasesDamaged(f"{LINKS}, {code}: {host!r} is no host in small letters")
    return frozenset(said)
