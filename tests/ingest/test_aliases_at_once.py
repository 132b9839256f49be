"""Replicas that meet a WhatsApp user at the same time agree on who it is (TKT 7)."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.emit.emitter import Emitted
from services.ingest.store import MongoAliases
from services.ingest.who import whatsapp_ids
from services.ingest.who.whatsapp_ids import Alias, Claim
from shared.errors import Transient
from shared.running.settings import MongoSettings
from shared.stores.mongo import Mongo
from tests.ingest.memory import MemoryAliases
from tests.ingest.test_aliases import by_both, by_number, by_user, contacts, said_by

RECORDS = [by_number(), by_user(), by_both()]


@pytest.mark.spec("TKT 7")
@pytest.mark.connected
@pytest.mark.parametrize("order", [[0, 2], [2, 0], [2, 1], [1, 2], [2, 2]])
async def test_two_replicas_at_once_agree(servers: Any, unique: str, order: list[int]) -> None:
    settings = MongoSettings.model_validate({"url": servers.mongo, "database": unique})
    replicas = [Mongo(settings), Mongo(settings)]
    bodies = [said_by(RECORDS[place])[0] for place in order]

    answers = await asyncio.gather(
        *(
            whatsapp_ids.settled([body], MongoAliases(replica.database))
            for body, replica in zip(bodies, replicas, strict=True)
        )
    )

    found = {answer[body.id] for answer, body in zip(answers, bodies, strict=True)}
    found |= set(await contacts(MongoAliases(replicas[0].database), by_both()))
    assert len(found) == 1
    for replica in replicas:
        await replica.close()


class Interleaved(MemoryAliases):
    """Lets another replica decide for the whole of its message between two steps of this one."""

    def __init__(self, others: Sequence[Emitted], at: int) -> None:
        super().__init__()
        self._others, self._at, self.step = others, at, 0

    async def _step(self) -> None:
        self.step += 1
        if self.step == self._at:
            for body in self._others:
                await whatsapp_ids.settled([body], self)

    async def find(self, keys: Iterable[str]) -> Mapping[str, Alias]:
        await self._step()
        return await super().find(keys)

    async def claim(self, claims: Sequence[Claim]) -> bool:
        await self._step()
        return await super().claim(claims)


@pytest.mark.spec("TKT 7")
@given(st.sampled_from([0, 2]), st.sampled_from([0, 2]), st.integers(1, 6))
def test_in_whatever_order_replicas_step_a_new_user_is_one_contact(
    mine: int, other: int, at: int
) -> None:
    async def run() -> set[str]:
        others = said_by(RECORDS[other])
        store = Interleaved(others, at)
        (body,) = said_by(RECORDS[mine])
        found = {(await whatsapp_ids.settled([body], store))[body.id]}
        found |= set((await whatsapp_ids.settled(others, store)).values())
        return found | set(await contacts(store, by_both(), by_number(), by_user()))

    assert len(asyncio.run(run())) == 1


async def test_who_is_never_fast_enough_waits() -> None:
    class Contended(MemoryAliases):
        async def claim(self, claims: Sequence[Claim]) -> bool:  # noqa: ARG002
            return False

    with pytest.raises(Transient):
        await whatsapp_ids.settled(said_by(by_number()), Contended())
