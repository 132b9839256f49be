"""The helpdesks of others, by the accounts' settings."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import httpx2

from services.handoff.clients import gorgias, zendesk
from services.handoff.clients.http import Api, Trouble
from services.handoff.clients.secrets import Credentials, NoCredentials
from services.handoff.rules.letter import Letter
from services.handoff.rules.outside import ATTEMPT, Result
from shared.contracts.accounts import AccountSettings

_NOT_SET_UP = "the account's settings do not say where it is any more"


@dataclass(frozen=True, slots=True)
class Others:
    """See `sweep.Outside`. `secrets` gives what lets us in, by the name of a secret."""

    secrets: Callable[[str], Credentials]
    transport: httpx2.AsyncBaseTransport | None = None

    async def attempt(
        self,
        method: Literal["zendesk", "gorgias"],
        account: AccountSettings,
        letter: Letter,
        still_mine: Callable[[], bool],
        *,
        look_only: bool,
    ) -> Result:
        """See `sweep.Outside`."""
        try:
            async with asyncio.timeout(ATTEMPT.total_seconds()):
                if method == "zendesk":
                    return await self._zendesk(account, letter, still_mine, look_only)
                return await self._gorgias(account, letter, still_mine, look_only)
        except Trouble as trouble:
            return trouble.result
        except NoCredentials as error:
            return Result("denied", str(error))
        except TimeoutError:
            return Result("timeout", "it does not answer in time", uncertain=True)

    async def _zendesk(
        self,
        account: AccountSettings,
        letter: Letter,
        still_mine: Callable[[], bool],
        look_only: bool,  # noqa: FBT001  # see `attempt`
    ) -> Result:
        there = account.handoff.zendesk
        if there is None:
            return Result("denied", _NOT_SET_UP)
        found = self.secrets(there.secret)
        # An API token is told from a password by what follows the user's address.
        user = f"{found.user.removesuffix('/token')}/token"
        base = f"https://{there.subdomain}.zendesk.com"
        api = Api(zendesk.NAME, base, Credentials(user, found.token), self.transport)
        return await zendesk.hand(api, letter, still_mine, look_only=look_only)

    async def _gorgias(
        self,
        account: AccountSettings,
        letter: Letter,
        still_mine: Callable[[], bool],
        look_only: bool,  # noqa: FBT001  # see `attempt`
    ) -> Result:
        there = account.handoff.gorgias
        if there is None:
            return Result("denied", _NOT_SET_UP)
        base = f"https://{there.domain}.gorgias.com"
        api = Api(gorgias.NAME, base, self.secrets(there.secret), self.transport)
        return await gorgias.hand(api, letter, there.from_address, still_mine, look_only=look_only)
