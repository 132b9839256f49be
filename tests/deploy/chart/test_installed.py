"""Says so where the tests of what operators deploy are left out; in CI it fails."""

import os
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.deploy
NEEDED = ("aws_cdk", "cloudcoil", "cyclonedx", "jsonschema", "kubernetes_validate", "yaml")
MISSING = [name for name in NEEDED if find_spec(name) is None]


def test_the_dependency_group_deploy_is_installed() -> None:
    if MISSING and not os.environ.get("CI"):
        missing = f"{', '.join(MISSING)} missing (dependency group `deploy`)"
        pytest.skip(f"nothing that operators deploy is tested: {missing}")

    assert MISSING == []
