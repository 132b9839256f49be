"""The indexes that `helpdesk doctor` looks for are those that services make when they start."""

import importlib
import os
import tomllib
from collections.abc import Sequence
from typing import Any

import pytest

from shared.stores.indexes import ENTRY_POINTS, Index, Indexed, StoresOf, declared
from shared.topic import SERVICES, Service
from tests.architecture.tree import ROOT
from tests.wired import built


def stores_of(service: Service) -> StoresOf:
    """What pyproject.toml names as the service's stores."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    module, _, name = project["entry-points"][ENTRY_POINTS][service].partition(":")
    found: StoresOf = getattr(importlib.import_module(module), name)
    return found


@pytest.mark.parametrize("service", SERVICES)
async def test_a_service_declares_each_store_whose_indexes_it_makes(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in os.environ:
        if name.startswith("HELPDESK_"):
            monkeypatch.delenv(name)
    app = built(service)
    makers = [
        type(owner)
        for step in app.opening
        if getattr(step, "__name__", "") == "ensure_indexes"
        and (owner := getattr(step, "__self__", None))
    ]

    noted: list[type] = []

    def noting(database: Any) -> Sequence[Indexed]:
        stores = stores_of(service)(database)
        noted.extend(map(type, stores))
        return stores

    indexes = await declared(noting)

    assert makers
    assert noted == makers
    assert indexes


async def test_what_a_store_asks_for_is_noted_as_it_was_asked() -> None:
    found = await declared(stores_of("ticketing"))

    assert Index("tickets", (("account_id", 1), ("slot", 1)), unique=True) in found
    assert Index("thread", (("message_id", 1),), sparse=True) in found
    expiring = [i for i in await declared(stores_of("attribution")) if i.expires_after]
    assert [i.said for i in expiring] == [
        "attribution_erasures(at) expiring after 10368000 s",
    ]
