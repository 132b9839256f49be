"""docs/security.md shows the rights that services have."""

from shared.bus.acls import markdown
from tests.architecture.tree import ROOT


def test_the_table_of_rights_is_current() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")

    shown = page.partition("<!-- acls -->\n")[2].partition("\n<!-- /acls -->")[0]
    assert shown == markdown(), (
        "python -c 'from shared.bus.acls import markdown; print(markdown())'"
    )
