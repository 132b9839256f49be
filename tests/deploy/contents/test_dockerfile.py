"""hadolint finds nothing in the Dockerfile, and would."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

pytestmark = pytest.mark.deploy
DOCKERFILE = ROOT / "deploy" / "Dockerfile"


def linted(text: str) -> str:
    """What hadolint says of a Dockerfile; nothing if all is well."""
    # Its wheel has a program, which is put beside the interpreter, and no module.
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("hadolint is missing (dependency group `deploy`)")
        pytest.skip("hadolint is missing (dependency group `deploy`)")
    done = subprocess.run(
        [program, "--no-color", "--failure-threshold", "style", "-"],
        input=text,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert bool(done.returncode) is bool(done.stdout), done.stderr
    return done.stdout


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    assert linted(DOCKERFILE.read_text()) == ""


@pytest.mark.parametrize(
    ("said", "instead", "rule"),
    [
        ("WORKDIR /build", "WORKDIR build", "DL3000"),
        ("FROM ${BASE}", "FROM debian:latest", "DL3007"),
        ('CMD ["helpdesk", "--help"]', "CMD helpdesk --help", "DL3025"),
        ("USER 65532:65532", "USER root", "DL3002"),
        ("WORKDIR /build", "WORKDIR /build\nRUN echo $1 | cat $2", "SC2086"),
    ],
)
def test_hadolint_sees_what_is_wrong(said: str, instead: str, rule: str) -> None:
    text = DOCKERFILE.read_text()
    assert said in text

    assert rule in linted(text.replace(said, instead, 1))
