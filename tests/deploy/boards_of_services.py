"""Dashboards on the pipeline as a whole, and on one service."""

from tests.deploy.grafana import Dashboard, Panel, quantile, rate

_CHOSEN = 'service=~"$service"'
_DEAD = "helpdesk_dead_letters_total"
_PROCESSED = "helpdesk_messages_processed_total"
_TO_TICKET = "helpdesk_inbound_to_ticket_seconds"
_DEPENDENCY = "helpdesk_dependency_request_duration_seconds"

OVERVIEW = Dashboard(
    "helpdesk-overview",
    "Helpdesk: overview",
    "Does the pipeline keep its promises, and is anything wrong?",
    [
        Panel(
            "Alerts that fire",
            "short",
            "By severity; docs/runbook.md says what to do.",
            [('sum by (alertname, severity) (ALERTS{alertstate="firing"})', "{{alertname}}")],
        ),
        Panel(
            "Replicas that answer",
            "short",
            "Targets whose last scrape worked, and those whose last one did not.",
            [('sum(up{job="helpdesk"})', "up"), ('sum(up{job="helpdesk"} == bool 0)', "down")],
        ),
        Panel(
            "Records whose fate was decided",
            "reqps",
            "Handled, ignored (a newer version's type) or dead, a second.",
            [(rate(_PROCESSED, "service, outcome"), "{{service}} {{outcome}}")],
        ),
        Panel(
            "Receipt to ticket",
            "s",
            "From a message's receipt to its effects on tickets; 99 % should take less than 60 s.",
            [
                (f"histogram_quantile({q}, {rate(_TO_TICKET + '_bucket', 'le')})", name)
                for q, name in (("0.5", "half"), ("0.99", "99 %"))
            ],
        ),
        Panel(
            "Dead letters: how fast the budget burns",
            "short",
            "1 uses up the month's budget (0.1 %) in a month; 14.4 pages.",
            [
                ("helpdesk:records_dead:ratio_rate1h / 0.001", "{{service}} 1 h"),
                ("helpdesk:records_dead:ratio_rate6h / 0.001", "{{service}} 6 h"),
            ],
        ),
        Panel(
            "Late messages: how fast the budget burns",
            "short",
            "1 uses up the month's budget (1 %) in a month; 14.4 pages.",
            [
                ("helpdesk:inbound_slow:ratio_rate1h / 0.01", "1 h"),
                ("helpdesk:inbound_slow:ratio_rate6h / 0.01", "6 h"),
            ],
        ),
        Panel(
            "Records behind",
            "short",
            "Records that no replica has handled yet.",
            [("sum by (service) (helpdesk_consumer_lag_messages)", "{{service}}")],
        ),
        Panel(
            "Waiting for dependencies",
            "s",
            "For how long records have been tried again; 0 while all is well.",
            [("max by (service) (helpdesk_consumer_waiting_seconds)", "{{service}}")],
        ),
    ],
)
SERVICES = Dashboard(
    "helpdesk-services",
    "Helpdesk: services",
    "One service, or several, from its records to its dependencies.",
    [
        Panel(
            "Records",
            "reqps",
            "By topic and fate, a second.",
            [(rate(_PROCESSED, "service, topic, outcome", _CHOSEN), "{{topic}} {{outcome}}")],
        ),
        Panel(
            "From the topic to all effects",
            "s",
            "Of the newest record of each batch, from its time on its topic; 95 % take less.",
            [
                (
                    quantile("0.95", "helpdesk_event_latency_seconds", "service, topic", _CHOSEN),
                    "{{service}} {{topic}}",
                )
            ],
        ),
        Panel(
            "A batch",
            "s",
            "How long a batch of one topic takes; 95 % take less.",
            [
                (
                    quantile(
                        "0.95", "helpdesk_processing_duration_seconds", "service, topic", _CHOSEN
                    ),
                    "{{service}} {{topic}}",
                )
            ],
        ),
        Panel(
            "Records a batch",
            "short",
            "The mean; it grows as a service falls behind.",
            [
                (
                    rate("helpdesk_batch_size_messages_sum", "service, topic", _CHOSEN)
                    + " / "
                    + rate("helpdesk_batch_size_messages_count", "service, topic", _CHOSEN),
                    "{{service}} {{topic}}",
                )
            ],
        ),
        Panel(
            "Dead letters",
            "reqps",
            "By reason, a second; `bug` is ours.",
            [(rate(_DEAD, "service, topic, reason", _CHOSEN), "{{service}} {{reason}}")],
        ),
        Panel(
            "Tried again",
            "reqps",
            "Batches a second: transient (a dependency is away) or bug.",
            [(rate("helpdesk_retries_total", "service, reason", _CHOSEN), "{{reason}}")],
        ),
        Panel(
            "Dependencies: time to answer",
            "s",
            "95 % of the calls of MongoDB, Redis and Kafka (publishing) take less.",
            [
                (
                    quantile("0.95", _DEPENDENCY, "service, dependency, operation", _CHOSEN),
                    "{{service}} {{dependency}} {{operation}}",
                )
            ],
        ),
        Panel(
            "Dependencies: calls that failed",
            "reqps",
            "By dependency and operation, a second.",
            [
                (
                    rate(
                        _DEPENDENCY + "_count",
                        "service, dependency, operation",
                        f'{_CHOSEN}, outcome="error"',
                    ),
                    "{{service}} {{dependency}} {{operation}}",
                )
            ],
        ),
        Panel(
            "Sweeps: time since the last run",
            "s",
            "Of the replica that ran it last.",
            [
                (
                    (
                        "time() - max by (service, sweep) "
                        f"(helpdesk_sweep_last_run_timestamp_seconds{{{_CHOSEN}}})"
                    ),
                    "{{service}} {{sweep}}",
                )
            ],
        ),
        Panel(
            "Sweeps that failed",
            "reqps",
            "A second; the next run looks at the same things.",
            [(rate("helpdesk_sweep_failures_total", "service, sweep", _CHOSEN), "{{sweep}}")],
        ),
        Panel(
            "Gaps in tickets' events",
            "reqps",
            "Events that a consumer has not seen; the next one's summary made up for them.",
            [(rate("helpdesk_ticket_event_gaps_total", "service", _CHOSEN), "{{service}}")],
        ),
    ],
    by_service=True,
)
