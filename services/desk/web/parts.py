"""What every route works with."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.desk.handlers import Telling
from services.desk.live.here import Here
from services.desk.live.hub import Hub
from services.desk.rules.people import Who
from services.desk.store.around import MongoAround
from services.desk.store.models import Models
from services.desk.store.own import MongoOwn
from services.desk.web.problems import Problem
from shared.bus.account_changes import Log
from shared.bus.accounts import Accounts
from shared.bus.delivery import Publish
from shared.clock import Clock
from shared.contracts.accounts import AccountSettings

CAP: Final = 1_000
"""Lists and views are counted up to this many."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The desk's stores and its ways to others. `secret` signs what pages send back.

    `log` is the accounts' topic, for whoever changes settings. `public_url` is where gateways fetch
    replies' files, "" for wherever agents come; these have `largest_upload` bytes at most.
    """

    models: Models
    around: MongoAround
    own: MongoOwn
    hub: Callable[[], Hub]
    here: Here
    telling: Telling
    accounts: Accounts
    log: Log
    publish: Publish
    clock: Clock
    secret: bytes
    public_url: str = ""
    largest_upload: int = 20 * 1024 * 1024

    def settings(self, who: Who) -> AccountSettings:
        """The settings of their account, as they are now."""
        found = self.accounts.get(who.account_id)
        if found is None:
            raise Problem(404, "no_account", "the account is gone")
        return found
