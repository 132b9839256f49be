"""What README says is there, is there."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def test_every_path_that_readme_names_exists() -> None:
    named = set(re.findall(r"`((?:services|shared|tests|docs|deploy)/[\w./-]+)`", README))
    linked = set(re.findall(r"\]\(([\w./-]+)\)", README))

    assert named
    assert [path for path in sorted(named | linked) if not (ROOT / path).exists()] == []


def test_every_handler_that_readme_names_exists() -> None:
    handlers = "\n".join(f.read_text() for f in (ROOT / "services").glob("*/handlers.py"))
    named = re.findall(r"`([A-Z]\w+)\.(\w+)`", README)

    assert named
    for owner, method in named:
        assert f"class {owner}" in handlers, owner
        assert f"def {method}(" in handlers, method


def test_readme_is_short_enough_to_be_read() -> None:
    assert len(README.splitlines()) <= 150
