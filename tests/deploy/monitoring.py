"""Prometheus and Alertmanager as processes of a test's own, and a webhook that they call."""

import json
import re
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

from shared.embedded.servers import Server
from tests.deploy.promtool import program

_PROMETHEUS = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}/*.yaml"]
alerting:
  alertmanagers: [{{static_configs: [{{targets: {managers}}}]}}]
scrape_configs:
  - job_name: helpdesk
    static_configs: [{{targets: {targets}}}]
"""
_ALERTMANAGER = """
route: {{receiver: test, group_by: ["..."], group_wait: 0s, group_interval: 1s}}
receivers:
  - name: test
    webhook_configs: [{{url: "http://127.0.0.1:{port}/", send_resolved: true}}]
"""


def shrunk(rules: str) -> str:
    """The rules with every window and waiting time shortened to seconds; thresholds stay."""
    return re.sub(
        r"for: \d+[mhd]$", "for: 1s", re.sub(r"\[\d+[mhd]\]", "[10s]", rules), flags=re.MULTILINE
    )


class _OurServer(Server):
    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answers(self) -> bool:
        try:
            with urlopen(f"{self.url}/-/ready", timeout=1) as answer:  # noqa: S310  # our own port
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


class Alertmanager(_OurServer):
    """Calls a webhook with whatever fires and whatever is over."""

    name: ClassVar[str] = "alertmanager"

    def __init__(self, webhook: int) -> None:
        super().__init__()
        self._webhook = webhook

    def command(self) -> Sequence[str]:
        configuration = self.folder / "alertmanager.yml"
        configuration.write_text(_ALERTMANAGER.format(port=self._webhook))
        return (
            program("prometheus-alertmanager", "prometheus-alertmanager"),
            f"--config.file={configuration}",
            f"--storage.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
        )


class Prometheus(_OurServer):
    """Scrapes these ports each second, and evaluates shortened copies of these rules."""

    name: ClassVar[str] = "prometheus"

    def __init__(
        self,
        ports: Sequence[int],
        rules: Sequence[Path],
        manager: int | None = None,
        shortened: Callable[[str], str] = shrunk,
    ) -> None:
        super().__init__()
        self._ports, self._rules, self._manager = ports, rules, manager
        self._shortened = shortened

    def command(self) -> Sequence[str]:
        copies = self.folder / "rules"
        copies.mkdir(exist_ok=True)
        for file in self._rules:
            (copies / file.name).write_text(self._shortened(file.read_text()))
        configuration = self.folder / "prometheus.yml"
        targets = json.dumps([f"127.0.0.1:{port}" for port in self._ports])
        managers = json.dumps([f"127.0.0.1:{self._manager}"] if self._manager else [])
        text = _PROMETHEUS.format(rules=copies, managers=managers, targets=targets)
        configuration.write_text(text)
        return (
            program("prometheus", "prometheus"),
            f"--config.file={configuration}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
        )

    def firing(self) -> set[str]:
        """The names of the alerts that fire now."""
        with urlopen(f"{self.url}/api/v1/alerts", timeout=10) as answer:  # noqa: S310  # our own port
            alerts = json.load(answer)["data"]["alerts"]
        return {each["labels"]["alertname"] for each in alerts if each["state"] == "firing"}

    def ask(self, expression: str) -> list[Any]:
        """The series that an expression gives now; HTTPError where it is not valid."""
        address = f"{self.url}/api/v1/query?query={quote(expression)}"
        with urlopen(address, timeout=10) as answer:  # noqa: S310  # our own port
            result: list[Any] = json.load(answer)["data"]["result"]
        return result


class Webhook:
    """Remembers, of each alert, what was said last: firing or resolved. Close it afterwards."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, str]]] = []
        said = self.said

        class Listening(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the standard library's name
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                said.extend((alert["status"], alert["labels"]) for alert in body["alerts"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Listening)
        self.port: int = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def last(self, alert: str, **labels: str) -> str | None:
        """What was said last of an alert with these labels, None for nothing."""
        wanted = {"alertname": alert, **labels}.items()
        return next((s for s, had in reversed(self.said) if wanted <= had.items()), None)

    def close(self) -> None:
        """Listen no longer."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
