"""The files of the chart that follow from the code, or from its values."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.bus.acls import acls
from shared.bus.kafka import topic_configuration
from shared.topic import SERVICES, Service
from shared.topics import BY_NAME, TOPICS
from tests.architecture.tree import ROOT
from tests.deploy.chart.helm import CHART
from tests.wired import built

BEGIN, END = "<!-- values -->", "<!-- /values -->"
# Files of others that the chart ships: `.Files` sees nothing outside it, and no links.
COPIED = {"rules": "deploy/prometheus/rules/*.yaml", "dashboards": "deploy/grafana/*.json"}
KEY = re.compile(r"^(?P<indent> *)(?P<key>[A-Za-z0-9_./-]+):(?: (?P<value>.*))?$")


@dataclass(frozen=True, slots=True)
class Value:
    """A value of the chart: its path, what its comment says, and its default as it is written."""

    path: str
    about: str
    default: str


def registry() -> str:
    """What the templates must know of topics and groups: `files/registry.json`."""
    return _json(
        {
            "services": {service: _known(service) for service in SERVICES},
            "topics": [
                {
                    "name": topic.name,
                    "partitions": topic.partitions,
                    # How many replicas must have a record depends on how many there are.
                    "config": {
                        key: value
                        for key, value in topic_configuration(topic, 3).items()
                        if key != "min.insync.replicas"
                    },
                }
                for topic in TOPICS
            ],
        }
    )


def _known(service: Service) -> dict[str, Any]:
    bus = built(service).bus
    rights: defaultdict[str, list[str]] = defaultdict(list)
    for acl in acls(service):
        if acl.resource == "topic":
            rights[acl.name].append(acl.operation.title())
    # One partition needs no second replica: its lag is no reason for one.
    shared_out = sorted(name for name in bus.consumed if BY_NAME[name].partitions > 1)
    return {
        "group": bus.group,
        "consumes": shared_out,
        "partitions": max(BY_NAME[name].partitions for name in shared_out),
        "acls": {topic.name: rights[topic.name] for topic in TOPICS if topic.name in rights},
    }


def schema() -> str:
    """`values.schema.json` with an entry for each service."""
    told = json.loads((CHART / "values.schema.json").read_text())
    told["properties"]["services"]["properties"] = {
        service: {"$ref": "#/$defs/service"} for service in SERVICES
    }
    return _json(told)


def readme() -> str:
    """The chart's README with the table of its values."""
    text = (CHART / "README.md").read_text()
    before, rest = text.split(BEGIN)
    rows = ["| value | default | what |", "|---|---|---|"]
    rows += [f"| `{value.path}` | `{value.default}` | {value.about} |" for value in values()]
    table = "\n".join(rows).replace("| `` |", "| |")
    return f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}"


def values() -> Iterator[Value]:
    """The leaves of `values.yaml`, with the comments right above them."""
    lines = (CHART / "values.yaml").read_text().splitlines()
    path: list[tuple[int, str]] = []
    about: list[str] = []
    for number, line in enumerate(lines):
        if line.lstrip().startswith("#"):
            about.append(line.lstrip(" #"))
            continue
        if (found := KEY.match(line)) is not None:
            indent = len(found["indent"])
            path = [*((i, key) for i, key in path if i < indent), (indent, found["key"])]
            following = next((each for each in lines[number + 1 :] if each.strip(" #")), "")
            if found["value"] or len(following) - len(following.lstrip()) <= indent:
                name = ".".join(key.replace(".", r"\.") for _, key in path)
                yield Value(name, " ".join(about).replace("|", r"\|"), found["value"] or "")
        about = []


def copies() -> dict[Path, str]:
    """The chart's copies of rules and dashboards that are kept elsewhere."""
    return {
        CHART / "files" / folder / file.name: file.read_text()
        for folder, pattern in COPIED.items()
        for file in sorted(ROOT.glob(pattern))
    }


def generated() -> dict[Path, str]:
    """Every file that follows from something else, and what it has to say."""
    return {
        CHART / "files/registry.json": registry(),
        CHART / "values.schema.json": schema(),
        CHART / "README.md": readme(),
        **copies(),
    }


def _json(told: object) -> str:
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"
