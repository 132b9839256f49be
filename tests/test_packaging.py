"""What is in the wheel."""

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_files_that_services_read_at_start_are_in_the_wheel(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.iterdir()
    packed = set(zipfile.ZipFile(wheel).namelist())

    web = "services/desk/web"
    folders = (
        "shared/learning/seeds",
        "services/spam/rules/phrases",
        f"{web}/templates",
        f"{web}/static",
        f"{web}/words",
    )
    read = {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*.*")
    }
    assert {"services/spam/rules/phrases/en.toml", "shared/learning/seeds/en.ham.jsonl"} <= read
    assert {f"{web}/templates/shell.html", f"{web}/static/desk.css", f"{web}/words/es.toml"} <= read
    assert read - packed == set()
