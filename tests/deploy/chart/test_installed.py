"""Says so where the chart's tests are left out; in CI it fails."""

import os
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.deploy
NEEDED = ("aws_cdk", "cloudcoil", "jsonschema", "kubernetes_validate", "yaml")
MISSING = [name for name in NEEDED if find_spec(name) is None]


def test_the_dependency_group_deploy_is_installed() -> None:
    if MISSING and not os.environ.get("CI"):
        pytest.skip(f"no chart is tested: {', '.join(MISSING)} missing (dependency group `deploy`)")

    assert MISSING == []
