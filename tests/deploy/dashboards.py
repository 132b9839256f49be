"""The dashboards in `deploy/grafana`; `python -m tests.deploy.dashboards` writes them anew."""

import json
from pathlib import Path

from tests.architecture.tree import ROOT
from tests.deploy.boards_of_desk import DESK
from tests.deploy.boards_of_kafka import KAFKA
from tests.deploy.boards_of_services import OVERVIEW, SERVICES
from tests.deploy.boards_of_tickets import RUNTIME, TICKETS
from tests.deploy.boards_of_unattended import UNATTENDED
from tests.deploy.grafana import Dashboard

FOLDER = ROOT / "deploy" / "grafana"
FILES = {
    FOLDER / f"{name}.json": dashboard
    for name, dashboard in {
        "overview": OVERVIEW,
        "services": SERVICES,
        "kafka-client": KAFKA,
        "tickets": TICKETS,
        "desk": DESK,
        "unattended": UNATTENDED,
        "runtime": RUNTIME,
    }.items()
}


def text_of(dashboard: Dashboard) -> str:
    """What the dashboard's file holds."""
    return json.dumps(dashboard.as_json(), indent=2) + "\n"


def write() -> list[Path]:
    """Write all files anew; returns them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file, dashboard in FILES.items():
        file.write_text(text_of(dashboard))
    return list(FILES)


if __name__ == "__main__":
    write()
