"""The dashboard on the services' ends of Kafka."""

from tests.deploy.grafana import Dashboard, Panel, quantile, rate

_CHOSEN = 'service=~"$service"'
_DEPENDENCY = "helpdesk_dependency_request_duration_seconds"

KAFKA = Dashboard(
    "helpdesk-kafka",
    "Helpdesk: Kafka client",
    "Groups, partitions, offsets and publishing, as the services see them.",
    [
        Panel(
            "Records behind, by topic",
            "short",
            "Records that no replica has handled yet.",
            [
                (
                    f"sum by (service, topic) (helpdesk_consumer_lag_messages{{{_CHOSEN}}})",
                    "{{service}} {{topic}}",
                )
            ],
        ),
        Panel(
            "The worst partitions",
            "short",
            "The ten that are most behind.",
            [
                (
                    f"topk(10, helpdesk_consumer_lag_messages{{{_CHOSEN}}})",
                    "{{service}} {{topic}} {{partition}}",
                )
            ],
        ),
        Panel(
            "Age of the record handled last",
            "s",
            "It ages on an idle topic, too: it is lag only where records are behind.",
            [
                (
                    (
                        "time() - max by (service, topic) "
                        f"(helpdesk_consumer_last_record_timestamp_seconds{{{_CHOSEN}}})"
                    ),
                    "{{service}} {{topic}}",
                )
            ],
        ),
        Panel(
            "Committed, a second",
            "short",
            "How fast the committed offsets move.",
            [
                (
                    (
                        "sum by (service, topic) "
                        f"(deriv(helpdesk_consumer_committed_offset{{{_CHOSEN}}}[$__rate_interval]))"
                    ),
                    "{{service}} {{topic}}",
                )
            ],
        ),
        Panel(
            "Commits",
            "reqps",
            "Ok or failed, a second; after a failed one records may come again.",
            [
                (
                    rate("helpdesk_consumer_commits_total", "service, outcome", _CHOSEN),
                    "{{service}} {{outcome}}",
                )
            ],
        ),
        Panel(
            "Partitions a replica",
            "short",
            "0 is a member without partitions, or no member.",
            [(f"helpdesk_consumer_assigned_partitions{{{_CHOSEN}}}", "{{service}} {{instance}}")],
        ),
        Panel(
            "Rebalances",
            "short",
            "How often a replica gave its partitions back, in the last half hour.",
            [
                (
                    (
                        "sum by (service) "
                        f"(increase(helpdesk_consumer_rebalances_total{{{_CHOSEN}}}[30m]))"
                    ),
                    "{{service}}",
                )
            ],
        ),
        Panel(
            "Since the poll loop last asked",
            "s",
            "An idle topic does not age it; a handler that does not return does.",
            [
                (
                    f"time() - helpdesk_poll_loop_timestamp_seconds{{{_CHOSEN}}}",
                    "{{service}} {{instance}}",
                )
            ],
        ),
        Panel(
            "Publishing",
            "s",
            "Until all in-sync replicas have a batch; 95 % take less.",
            [
                (
                    quantile("0.95", _DEPENDENCY, "service", f'{_CHOSEN}, dependency="kafka"'),
                    "{{service}}",
                )
            ],
        ),
        Panel(
            "Dead letters that could not be published",
            "reqps",
            "Their records wait, and their partitions with them.",
            [
                (
                    rate("helpdesk_dead_letter_publish_failures_total", "service", _CHOSEN),
                    "{{service}}",
                )
            ],
        ),
    ],
    by_service=True,
)
