"""`helpdesk tags`: what an operator sees of tagging, without a server."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.tagging.commands import app
from services.tagging.evaluation import Judged, curve, report

HELD_OUT = Path(__file__).parents[1] / "spam" / "held_out"
RUN = CliRunner()


def test_each_message_of_stdin_has_its_tags_in_a_line() -> None:
    given = (
        '{"id":"a","text":"I want to return these shoes for a refund"}\n{"id":"b","text":"42"}\n{\n'
    )
    done = RUN.invoke(app, ["tags", "score"], input=given)
    told = [json.loads(line) for line in done.stdout.splitlines()]

    assert done.exit_code == 1
    assert "stdin, line 3" in done.stderr
    assert [each["id"] for each in told] == ["a", "b"]
    assert "Returns" in told[0]["tags"]
    assert told[0]["reasons"][0]["words"]
    assert (told[0]["language"], told[0]["model"][:5]) == ("en", "tags-")


def test_sets_and_tags_are_told_each_for_itself_and_drawn(tmp_path: Path) -> None:
    folder, picture = tmp_path / "sets", tmp_path / "curve.svg"
    folder.mkdir()
    for name in ("en", "es"):
        text = (HELD_OUT / f"{name}.tags.jsonl").read_text()
        (folder / f"{name}.jsonl").write_text(text)
    done = RUN.invoke(app, ["tags", "eval", str(folder), "--json", "--curve", str(picture)])
    told = json.loads(done.stdout)

    assert done.exit_code == 0, done.output
    assert [each["set"] for each in told["sets"]] == ["en", "es"]
    assert all(each["tagged"] >= 0.5 and each["precision"] >= 0.85 for each in told["sets"])
    assert len(told["tags"]) == 9
    assert picture.read_text().count("<polyline") == 2


def test_sets_that_are_labelled_for_something_else_are_left_out_aloud() -> None:
    done = RUN.invoke(app, ["tags", "eval", str(HELD_OUT), "--json"])
    told = {each["set"] for each in json.loads(done.stdout)["sets"]}
    languages = ("de", "en", "es", "fr", "it", "pt")

    assert told == {"hard.ham", *(f"{language}.tags" for language in languages)}
    assert "mail.spam.jsonl is left out: no message in it has `tags`" in done.stderr


def test_csv_is_read_too_and_shown_as_tables(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(
        'tags,text\nReturns;Shipping,"how do I return it, and who pays the postage"\n,asdf\n'
    )
    done = RUN.invoke(app, ["tags", "eval", str(tmp_path)])

    assert done.exit_code == 0, done.output
    assert "mine" in done.stdout
    assert "Shipping" in done.stdout


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"text":"x","tags":7}', "`tags`"),
        ('{"tags":["Gold"],"text":"x"}', "Gold"),
        ('{"tags":[]}', "text"),
    ],
)
def test_what_has_no_tags_is_told_with_file_and_line(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "a.jsonl").write_text(line)
    done = RUN.invoke(app, ["tags", "eval", str(tmp_path)])

    assert done.exit_code != 0
    assert told in str(done.exception)
    assert "a.jsonl, line 1" in str(done.exception)


def test_precision_and_recall_count_tags_and_the_share_counts_messages() -> None:
    def one(fits: str, given: str) -> Judged:
        return Judged("x", frozenset(fits), frozenset(given), dict.fromkeys(given, 1.0))

    told = report([one("ab", "ac"), one("a", ""), one("", "b"), one("", "")])
    [whole] = told["sets"]

    assert (whole["tagged"], whole["precision"], whole["recall"]) == (0.5, 0.3333, 0.3333)
    assert {each["tag"]: (each["given"], each["recall"]) for each in told["tags"]} == {
        "a": (1, 0.5),
        "b": (1, 0.0),
        "c": (1, None),
    }
    assert curve([one("a", "a")]).count("<polyline") == 1
