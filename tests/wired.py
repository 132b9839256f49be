"""Services as their processes build them; nothing is started."""

import importlib
from typing import Any, Final

from shared.running.service import Service as Wired
from shared.topic import Service

ENVIRONMENT: Final = {
    "HELPDESK_HTTP_HOST": "127.0.0.1",
    "HELPDESK_HTTP_PORT": "0",
    "HELPDESK_SIGNING_SECRET": "known to nobody " * 3,
}
"""What processes of services need besides servers; who has no use for it passes it by."""

NEEDED: Final[dict[str, dict[str, str]]] = {
    "desk": {"signing_secret": ENVIRONMENT["HELPDESK_SIGNING_SECRET"]}
}
"""What has no default since everybody would know it."""


def settings_of(service: Service) -> Any:  # a class of each service's own
    """The settings class of a service."""
    return importlib.import_module(f"services.{service}.settings").Settings


def built(service: Service) -> Wired:
    """The app of a service, with its defaults and what it cannot do without."""
    module = importlib.import_module(f"services.{service}.app")
    app: Wired = module.build(settings_of(service)(**NEEDED.get(service, {})))
    return app
