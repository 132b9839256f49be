"""How many segments an SMS takes, as the page counts it (GSM 03.38)."""

import json
import shutil
import subprocess

import pytest

from services.desk.web.templating import STATIC

NODE = shutil.which("node") or ""

pytestmark = pytest.mark.skipif(not NODE, reason="there is no node")


def counted(text: str) -> dict[str, object]:
    """Return what the page's script says of a text."""
    script = f"import {{ segments }} from {json.dumps((STATIC / 'sms.js').as_uri())};"
    script += f"console.log(JSON.stringify(segments({json.dumps(text)})))"
    command = [NODE, "--input-type=module", "--no-warnings", "-e", script]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return dict(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("text", "encoding", "segments", "left"),
    [
        ("", "GSM-7", 0, 160),
        ("a" * 160, "GSM-7", 1, 0),
        ("a" * 161, "GSM-7", 2, 145),
        ("a" * 307, "GSM-7", 3, 152),
        ("è" * 160, "GSM-7", 1, 0),
        ("€" * 80, "GSM-7", 1, 0),
        ("€" * 81, "GSM-7", 2, 143),
        ("ê", "UCS-2", 1, 69),
        ("ж" * 70, "UCS-2", 1, 0),
        ("ж" * 71, "UCS-2", 2, 63),
        ("😀" * 35, "UCS-2", 1, 0),
        ("😀" * 36, "UCS-2", 2, 61),
    ],
)
def test_segments_are_counted_as_networks_count_them(
    text: str, encoding: str, segments: int, left: int
) -> None:
    found = counted(text)

    assert (found["encoding"], found["segments"], found["left"]) == (encoding, segments, left)


def test_no_escape_sequence_is_cut_in_two() -> None:
    found = counted("a" * 152 + "€" + "a" * 10)

    assert (found["segments"], found["left"]) == (2, 141)
    assert found["units"] == 164
