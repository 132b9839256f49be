"""Who may import whom, as pyproject.toml has it."""

from tests.architecture.tree import make


def test_imports_go_the_way_the_contracts_allow() -> None:
    result = make("imports")

    assert result.returncode == 0, result.stdout
