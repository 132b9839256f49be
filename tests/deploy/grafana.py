"""Grafana's dashboards as plain dicts: panels with units, laid out from left to right."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SOURCE = {"type": "prometheus", "uid": "${source}"}
_WIDTH, _HEIGHT, _ROW = 12, 8, 24


@dataclass(frozen=True, slots=True)
class Panel:
    """A graph; `series` are pairs of an expression and its legend, `unit` is Grafana's name."""

    title: str
    unit: str
    about: str
    series: Sequence[tuple[str, str]]
    kind: str = "timeseries"


@dataclass(frozen=True, slots=True)
class Dashboard:
    """What one file holds; with `by_service`, people choose a service at its top."""

    uid: str
    title: str
    about: str
    panels: Sequence[Panel]
    by_service: bool = False

    def as_json(self) -> dict[str, Any]:
        """What Grafana reads from the file."""
        choices = [
            {"name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
        ]
        if self.by_service:
            choices.append(_service())
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.about,
            "tags": ["helpdesk"],
            "schemaVersion": 39,
            "version": 1,
            "editable": True,
            "refresh": "30s",
            "time": {"from": "now-3h", "to": "now"},
            "templating": {"list": choices},
            "panels": [_panel(place, panel) for place, panel in enumerate(self.panels)],
        }


def _service() -> dict[str, Any]:
    return {
        "name": "service",
        "label": "Service",
        "type": "query",
        "datasource": SOURCE,
        "query": "label_values(helpdesk_consumer_assigned_partitions, service)",
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _panel(place: int, panel: Panel) -> dict[str, Any]:
    left = place * _WIDTH
    return {
        "id": place + 1,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "gridPos": {"h": _HEIGHT, "w": _WIDTH, "x": left % _ROW, "y": left // _ROW * _HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "datasource": SOURCE, "expr": expression}
            | {"legendFormat": legend}
            for number, (expression, legend) in enumerate(panel.series)
        ],
    }


def rate(metric: str, by: str, where: str = "") -> str:
    """How fast a counter grows, a second, by labels."""
    return f"sum by ({by}) (rate({metric}{{{where}}}[$__rate_interval]))"


def quantile(share: str, metric: str, by: str, where: str = "") -> str:
    """The value that a share of a histogram's observations does not exceed, by labels."""
    return f"histogram_quantile({share}, {rate(metric + '_bucket', f'le, {by}', where)})"
