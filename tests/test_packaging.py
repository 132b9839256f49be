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

    folders = ("shared/learning/seeds", "services/spam/rules/phrases")
    read = {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).iterdir()
    }
    assert {"services/spam/rules/phrases/en.toml", "shared/learning/seeds/en.ham.jsonl"} <= read
    assert read - packed == set()
