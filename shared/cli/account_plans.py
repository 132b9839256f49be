"""What `helpdesk accounts` is about to do, and what it says of it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from shared.bus.account_changes import History, Outcome, alike
from shared.cli.account_files import InFile
from shared.cli.places import in_words, in_yaml
from shared.contracts.accounts import AccountSettings
from shared.values.differences import Difference, differences

_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Plan:
    """An account of a file, beside what the topic has said of it."""

    file: InFile
    history: History

    @property
    def account(self) -> str:
        """Its id."""
        return self.file.settings.account_id

    @property
    def changes(self) -> bool:
        """Whether the file says anything else than what is in force."""
        return not alike(self.history.settings, self.file.settings)

    @property
    def differences(self) -> list[Difference]:
        """What differs, from what is in force to the file; a new account's from the defaults."""
        new = AccountSettings(account_id=self.account)
        return different(self.history.settings or new, self.file.settings)

    @property
    def stale(self) -> str | None:
        """Why the account must not be published: it rests on what is no longer in force."""
        wanted, now = self.file.settings.revision, self.history.in_force
        if not self.changes or wanted is None or (now and now.revision == wanted):
            return None
        if now is None:
            return (
                f"the file rests on revision {wanted}, and the topic has no such account:"
                " take the line `revision` away to make it"
            )
        return f"the file rests on revision {wanted}, in force is {now.told}"

    @property
    def since(self) -> list[Difference]:
        """What others changed since the revision that the file rests on, where that is known."""
        wanted = self.file.settings.revision
        base = self.history.at(wanted) if wanted else None
        now = self.history.settings
        return different(base, now) if base and now else []


def plans(files: Iterable[InFile], known: Mapping[str, History]) -> list[Plan]:
    """A plan for each account of the files."""
    named = [(file, file.settings.account_id) for file in files]
    return [Plan(file, known.get(name) or History(name)) for file, name in named]


def as_json(settings: AccountSettings) -> dict[str, Any]:
    """The settings as JSON has them, defaults included."""
    said: dict[str, Any] = settings.model_dump(mode="json", by_alias=True, exclude_none=True)
    return said


def different(before: AccountSettings, after: AccountSettings) -> list[Difference]:
    """What differs, the revision apart."""
    ones, others = as_json(before), as_json(after)
    ones.pop("revision", None)
    others.pop("revision", None)
    return list(differences(ones, others))


def lines(found: Iterable[Difference]) -> Iterator[str]:
    """A line for each difference: `+` what comes, `-` what goes, `~` what is another value."""
    for each in found:
        if each.before is None:
            yield f"  + {each.path}: {_short(each.after)}"
        elif each.after is None:
            yield f"  - {each.path}: {_short(each.before)}"
        else:
            yield f"  ~ {each.path}: {_short(each.before)} → {_short(each.after)}"


def _short(value: Any) -> str:  # noqa: ANN401  # as JSON has it
    said = json.dumps(value, ensure_ascii=False)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]} …"


def heading(plan: Plan) -> str:
    """Which account, and what of it is in force."""
    now = plan.history.in_force
    return f"{plan.account}: {now.told if now else 'a new account'}"


def in_document(found: Iterable[Difference]) -> list[dict[str, Any]]:
    """The differences for `--json`."""
    return [{"path": each.path, "before": each.before, "after": each.after} for each in found]


def planned(plan: Plan) -> dict[str, Any]:
    """The plan for `--json`."""
    now = plan.history.in_force
    return {
        "account": plan.account,
        "file": plan.file.document.file,
        "in_force": now is not None,
        "revision": now.revision if now else None,
        "differences": in_document(plan.differences) if plan.changes else [],
        "refused": plan.stale,
        "changed_meanwhile": in_document(plan.since) if plan.stale else [],
    }


def outcome_document(plan: Plan, outcome: Outcome) -> dict[str, Any]:
    """What became of it, for `--json`."""
    now = outcome.history.in_force
    return {
        **planned(plan),
        "outcome": outcome.fate,
        "revision": outcome.revision or (now.revision if now else None),
        "refused": refusal(outcome) if outcome.fate == "refused" else None,
        "changed_meanwhile": in_document(changed_meanwhile(plan, outcome)),
    }


def refusal(outcome: Outcome) -> str:
    """Why a change was refused when it was to be published."""
    now = outcome.history.in_force
    return f"somebody was faster: in force is {now.told if now else 'nothing, it was deleted'}"


def changed_meanwhile(plan: Plan, outcome: Outcome) -> list[Difference]:
    """What others changed between the look at the topic and the end."""
    before = plan.history.settings or AccountSettings(account_id=plan.account)
    other = outcome.replaced.settings if outcome.replaced else None
    if outcome.fate == "refused":
        other = outcome.history.settings
    return different(before, other) if other else []


def unknown_fields(history: History) -> list[str]:
    """What is in force and of a newer version: fields that this one does not know."""
    now = history.in_force
    if now is None:
        return []
    try:
        AccountSettings.model_validate_json(now.record.value or b"", extra="forbid")
    except ValidationError as error:
        found: Sequence[Any] = error.errors(include_url=False)
        return [in_words(each["loc"]) for each in found if each["type"] == "extra_forbidden"]
    return []


def shown(history: History) -> str:
    """The account's settings in force as a file that `apply` takes, and takes for no change."""
    now = history.in_force
    assert now is not None  # noqa: S101  # nobody asks for others
    assert now.settings is not None  # noqa: S101
    remarks = [f"{history.account} as it is in force: {now.told}"]
    if strange := unknown_fields(history):
        remarks.append(f"left out, as this version does not know it: {', '.join(strange)}")
    comments = "".join(f"# {harmless(remark)}\n" for remark in remarks)
    return comments + in_yaml(as_json(now.settings))


def harmless(text: str) -> str:
    """The text on one line, without characters that a terminal or an editor might obey."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
