"""The dashboard on what agents and programs ask of the desk."""

from tests.deploy.grafana import Dashboard, Panel, rate

_TOOK = "helpdesk_http_request_duration_seconds"
_DELAY = "helpdesk_desk_update_delay_seconds"

DESK = Dashboard(
    "helpdesk-desk",
    "Helpdesk: the desk",
    "Do agents get answers, soon, and do their pages follow what happens?",
    [
        Panel(
            "Answers by status",
            "reqps",
            "A second. 5xx: ours to mend; 409: refused in words; 429: somebody asks too much.",
            [(rate(_TOOK + "_count", "status"), "{{status}}")],
        ),
        Panel(
            "Answers by route",
            "reqps",
            "A second; `other` is what is no route.",
            [(rate(_TOOK + "_count", "method, route"), "{{method}} {{route}}")],
        ),
        Panel(
            "Errors",
            "percentunit",
            "The share of requests that were answered with an error of ours; 2 % pages.",
            [("helpdesk:desk_errors:ratio_rate5m", "errors")],
        ),
        Panel(
            "Answers: 95 %, by route",
            "s",
            "95 % begin sooner. Commands wait for what becomes of them, 5 seconds at most.",
            [
                (
                    f"histogram_quantile(0.95, {rate(_TOOK + '_bucket', 'le, method, route')})",
                    "{{method}} {{route}}",
                )
            ],
        ),
        Panel(
            "Open pages",
            "short",
            "Pages and programs that follow live updates; one for all tabs of a browser.",
            [
                ("sum(helpdesk_desk_open_pages)", "all"),
                ("max(helpdesk_desk_open_pages)", "of the replica with the most"),
            ],
        ),
        Panel(
            "Updates: 95 %",
            "s",
            "From an update's entry in Redis to all open pages having been told.",
            [
                (f"histogram_quantile({q}, {rate(_DELAY + '_bucket', 'le')})", name)
                for q, name in (("0.5", "half"), ("0.95", "95 %"))
            ],
        ),
        Panel(
            "Slow answers and late updates",
            "percentunit",
            "The shares that took longer than a second; 5 % is told.",
            [
                ("helpdesk:desk_slow:ratio_rate15m", "answers"),
                ("helpdesk:desk_late:ratio_rate15m", "updates"),
            ],
        ),
        Panel(
            "Records to the read model",
            "s",
            "95 % of the records' effects are there sooner after their time on the topic.",
            [
                (
                    (
                        "histogram_quantile(0.95, sum by (le, topic) (rate("
                        'helpdesk_event_latency_seconds_bucket{service="desk"}'
                        "[$__rate_interval])))"
                    ),
                    "{{topic}}",
                )
            ],
        ),
    ],
)
