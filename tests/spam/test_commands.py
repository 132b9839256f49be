"""`helpdesk spam`: what an operator sees of screening, without a server."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.spam.commands import app
from services.spam.evaluation import Judged, curve, report

HELD_OUT = Path(__file__).parent / "held_out"
RUN = CliRunner()


def test_each_message_of_stdin_has_its_verdict_in_a_line() -> None:
    given = (
        '{"id":"a","channel":"sms","text":"Claim your prize now: http://bit.ly/x"}\n\n'
        '{"id":"b","channel":"email","subject":"Order 12","text":"Where is it?"}\n'
    )
    done = RUN.invoke(app, ["spam", "score"], input=given)
    told = [json.loads(line) for line in done.stdout.splitlines()]

    assert done.exit_code == 0
    assert [(each["id"], each["decision"]) for each in told] == [("a", "spam"), ("b", "ham")]
    assert all(0 <= each["score"] <= 1 and each["reasons"] for each in told)


@pytest.mark.parametrize("line", ["{", "[]", '{"text": 5}', '"x"'])
def test_a_line_that_is_no_message_is_told_with_its_number_and_the_rest_judged(line: str) -> None:
    done = RUN.invoke(app, ["spam", "score"], input=f'{line}\n{{"id":"b","text":"hi"}}\n')

    assert done.exit_code == 1
    assert [json.loads(each)["id"] for each in done.stdout.splitlines()] == ["b"]
    assert "stdin, line 1" in done.stderr


def test_sets_are_told_each_for_itself_and_drawn(tmp_path: Path) -> None:
    picture = tmp_path / "curve.svg"
    done = RUN.invoke(app, ["spam", "eval", str(HELD_OUT), "--json", "--curve", str(picture)])
    told = {each["set"]: each for each in json.loads(done.stdout)["sets"]}

    assert done.exit_code == 0, done.output
    assert told["sms.spam"]["recall"] > 0.5
    assert "recall_at_0.1_percent" in told["sms.spam"]
    assert told["en.tags"]["false_alarms"] <= 0.005
    assert picture.read_text().startswith("<svg")
    assert picture.read_text().count("<polyline") == 3


def test_csv_is_read_too_and_shown_as_a_table(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text('label,text\nham,"where, please?"\nspam,you won a prize\n')
    done = RUN.invoke(app, ["spam", "eval", str(tmp_path)])

    assert done.exit_code == 0, done.output
    assert "mine" in done.stdout


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.jsonl", '{"label":"spam","text":"x"}\n{"label":"?","text":"x"}\n', "line 2"),
        ("a.jsonl", '{"label":"spam"}\n', "no text"),
        ("a.jsonl", "{\n", "line 1"),
        ("a.csv", "label,text\nno,x\n", "line 2"),
    ],
)
def test_what_has_no_label_is_told_with_file_and_line(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    (tmp_path / name).write_text(content)
    done = RUN.invoke(app, ["spam", "eval", str(tmp_path)])

    assert done.exit_code != 0
    assert told in str(done.exception)
    assert name in str(done.exception)


def test_an_engine_that_nobody_knows_is_refused() -> None:
    done = RUN.invoke(app, ["spam", "eval", str(HELD_OUT), "--engines", "embeddings,magic"])

    assert done.exit_code == 2
    assert "magic" in done.stderr


def test_engines_that_are_asked_for_are_asked_and_what_became_of_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("aiohttp", reason="the extra `rspamd` is not installed")
    monkeypatch.setenv("HELPDESK_RSPAMD_URL", "http://127.0.0.1:1")
    said = {"label": "ham", "subject": "RE: winner", "text": "I have won your prize draw"}
    (tmp_path / "mine.jsonl").write_text(f"{json.dumps(said)}\n" * 99)
    done = RUN.invoke(app, ["spam", "eval", str(tmp_path), "--engines", "rspamd"])

    assert done.exit_code == 0, done.output
    assert "rspamd error" in done.stderr
    assert "rspamd skipped" in done.stderr


@pytest.mark.parametrize("folder", ["nowhere", "."])
def test_a_folder_without_sets_is_an_error(folder: str, tmp_path: Path) -> None:
    assert RUN.invoke(app, ["spam", "eval", str(tmp_path / folder)]).exit_code == 2


def test_recall_is_told_at_the_false_alarms_that_all_genuine_messages_give() -> None:
    genuine = [
        Judged("ham", spam=False, score=number / 1000, hidden=False) for number in range(999)
    ]
    loud = Judged("ham", spam=False, score=0.999, hidden=True)
    spam = [Judged("spam", spam=True, score=score, hidden=score > 0.9) for score in (0.5, 0.9985)]
    told = {each["set"]: each for each in report([*genuine, loud, *spam])["sets"]}

    assert told["ham"]["false_alarms"] == 0.001
    assert told["spam"]["recall"] == 0.5
    assert told["spam"]["recall_at_0.1_percent"] == 0.5
    assert curve([*genuine, *spam]).count("<polyline") == 1
