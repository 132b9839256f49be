"""Files of accounts' settings: what is wrong is told where it stands, with what to do."""

import json
from datetime import time as hour
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from shared.cli import app
from shared.cli.account_files import claimed, read, schema
from shared.cli.places import Unreadable, documents
from shared.contracts.accounts import AccountSettings, Address
from tests.architecture.tree import ROOT
from tests.cli.settings_table import rows
from tests.cli.wrong_files import WRONG

SAMPLE = ROOT / "docs" / "accounts"


def told(folder: Path, *files: str | bytes) -> list[str]:
    """What is wrong with the files a.yaml, b.yaml and so on."""
    for name, said in zip("abcdefg", files, strict=False):
        raw = said if isinstance(said, bytes) else said.encode()
        (folder / f"{name}.yaml").write_bytes(raw)
    return [str(each).replace(f"{folder}/", "") for each in read([folder])[1]]


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_where_it_stands(tmp_path: Path, case: str) -> None:
    said, wrong = WRONG[case]

    assert told(tmp_path, said) == wrong


def test_what_is_wrong_between_files_is_told_too(tmp_path: Path) -> None:
    address = "addresses: [{channel: sms, value: '+39 02 12345678'}]\n"
    written_otherwise = "region: IT\naddresses: [{channel: sms, value: 02 12345678}]\n"

    assert told(
        tmp_path,
        f"account_id: one\n{address}",
        f"account_id: two\n{written_otherwise}---\n# again\naccount_id: one\n",
    ) == [
        "b.yaml:3:35: addresses[0].value: sms 02 12345678 is an address of one too: one has it",
        "b.yaml:6:13: account_id: one stands in a.yaml:1 already: take one away",
    ]


def test_an_address_of_another_account_on_the_topic_is_told_unless_it_moves(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "account_id: two\naddresses: [{channel: email, value: Help@x.example}]"
    )
    accounts, problems = read([tmp_path])
    assert not problems
    mailbox = (Address(channel="email", value="help@x.example"),)
    other = AccountSettings(account_id="one", addresses=mailbox)

    (problem,) = claimed(accounts, [other])
    assert problem.line == 2
    assert "is an address of one too" in problem.message

    (tmp_path / "b.yaml").write_text("account_id: one\n")
    accounts, _ = read([tmp_path])
    assert not claimed(accounts, [other])


def test_a_path_that_is_not_there_and_a_folder_without_files_are_told(tmp_path: Path) -> None:
    (nothing,) = read([tmp_path / "nowhere.yaml"])[1]
    (empty,) = read([tmp_path])[1]

    assert str(nothing).endswith("nowhere.yaml:1:1: No such file or directory")
    assert empty.message == "the folder has no file that ends in .yaml, .yml, .json"


def test_words_mean_what_they_mean_in_json_and_in_yaml_1_2() -> None:
    said = "[off, yes, 12:30, 2026-12-25, 0o14, 1_0, ~, null, true, '1', 1.5, -2]"
    (document,) = documents("x", said)

    assert document.value == [
        "off", "yes", "12:30", "2026-12-25", 12, 10, None, None, True, "1", 1.5, -2,
    ]  # fmt: skip


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(["yes", "off", "12:30", "1e3", "~", "2026-12-25", "+39", "a: b"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=50), inner, max_size=4)
    ),
    max_leaves=12,
)  # fmt: skip


@settings(deadline=None)
@given(value=st.dictionaries(st.text(max_size=50), values, max_size=4))
def test_json_is_read_as_what_it_says(value: dict[str, Any]) -> None:
    (document,) = documents("x", json.dumps(value))

    assert document.value == value


@settings(deadline=None)
@given(text=st.text(alphabet="ab&*!%?|>-:{}[],'\"\n \t#0.é\x00\ud800", max_size=60))
def test_whatever_a_file_says_it_is_values_or_a_problem_with_its_place(text: str) -> None:
    problem = None
    try:
        for document in documents("x", text):
            json.dumps(document.value)
    except Unreadable as error:
        problem = error.problem

    assert problem is None or 1 <= problem.line <= text.count("\n") + 1
    assert problem is None or problem.column >= 1


@settings(deadline=None)
@given(raw=st.binary(max_size=60))
def test_whatever_bytes_a_file_holds_no_trace_is_shown(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    assert told(tmp_path_factory.mktemp("any"), b"account_id: x\n" + raw) is not None


def test_the_sample_is_right_and_says_what_it_seems_to() -> None:
    (account,), problems = read([SAMPLE])

    assert not problems
    assert account.settings.business_hours.weekly[0].from_ == hour(9)
    assert account.settings.assignment.routing[0].team_id == "vip"


def test_the_schema_for_editors_is_the_contract_s() -> None:
    committed = json.loads((ROOT / "docs" / "accounts.schema.json").read_text())
    assert committed == schema(), "helpdesk accounts schema > docs/accounts.schema.json"

    check = Draft202012Validator(committed)
    (document,) = documents("x", (SAMPLE / "lumen.yaml").read_text())
    assert not list(check.iter_errors(document.value))
    assert list(check.iter_errors({"account_id": "lumen", "agnets": []}))
    assert list(check.iter_errors({"account_id": "lumen", "spam": {"treshold": 1}}))
    modeline = (SAMPLE / "lumen.yaml").read_text().splitlines()[0]
    named = modeline.removeprefix("# yaml-language-server: $schema=")
    assert (SAMPLE / named).resolve() == ROOT / "docs" / "accounts.schema.json"


def test_the_page_lists_every_setting_with_what_it_may_be_and_its_default() -> None:
    page = (ROOT / "docs" / "accounts.md").read_text()
    table = page.partition("<!-- settings -->\n")[2].partition("<!-- /settings -->")[0]
    cells = [[cell.strip() for cell in row.strip("|\n").split("|")] for row in table.splitlines()]

    assert [tuple(row[:3]) for row in cells[2:]] == rows()
    assert all(row[3] for row in cells[2:])


def test_no_setting_holds_a_secret() -> None:
    """Two settings name one: a file that the operator mounts."""
    said = schema()
    for whose in ("Zendesk", "Gorgias"):
        named = said["$defs"][whose]["properties"].pop("secret")
        assert named["type"] == "string"
        said["$defs"][whose].pop("required")
        said["$defs"][whose].pop("description")
    whole = json.dumps(said).lower()

    assert not [word for word in ("secret", "password", "token", "writeonly") if word in whole]


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["accounts", *words], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_validate_tells_by_its_exit_code_and_in_json(tmp_path: Path) -> None:
    assert run("validate", str(SAMPLE)) == (0, "", "nothing is wrong; accounts: 1\n")
    wrong = tmp_path / "a.yaml"
    wrong.write_text("account_id: lumen\nnmae: x\n")

    code, out, err = run("validate", str(wrong))
    assert (code, err) == (2, "")
    assert out == f"{wrong}:2:1: nmae: there is no such field: is 'name' meant?\n"
    code, out, _ = run("validate", str(wrong), str(SAMPLE), "--json")
    assert code == 2
    assert json.loads(out) == {
        "ok": False,
        "accounts": ["lumen"],
        "problems": [
            {
                "file": str(wrong),
                "line": 2,
                "column": 1,
                "path": "nmae",
                "message": "there is no such field: is 'name' meant?",
            }
        ],
    }


@pytest.mark.parametrize("command", ["apply", "diff"])
def test_a_wrong_file_is_not_compared_with_anything(tmp_path: Path, command: str) -> None:
    (tmp_path / "a.yaml").write_text("account_id: lumen\nnmae: x\n")

    code, out, err = run(command, str(tmp_path))

    assert (code, out) == (2, "")
    assert "there is no such field" in err


def test_without_anybody_to_ask_apply_asks_for_a_yes() -> None:
    code, out, err = run("apply", str(SAMPLE))

    assert (code, out) == (2, "")
    assert "--yes publishes, --dry-run does not" in err
