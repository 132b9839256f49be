"""Dashboards on what the pipeline decides, and on the processes that run it."""

from tests.deploy.grafana import Dashboard, Panel

_BY_SERVICE = " * on (instance) group_left (service) helpdesk_consumer_assigned_partitions ^ 0"

TICKETS = Dashboard(
    "helpdesk-tickets",
    "Helpdesk: tickets and judgement",
    "What comes in, who waits, and whether verdicts and tags are right.",
    [
        Panel(
            "The longest wait for an assignee",
            "s",
            "Of all accounts; nothing where none waits.",
            [
                (
                    "time() - (max(helpdesk_oldest_waiting_ticket_timestamp_seconds) > 0)",
                    "oldest ticket",
                )
            ],
        ),
        Panel(
            "Agents available",
            "short",
            "Agents who are online, of all accounts.",
            [("max(helpdesk_agents_available)", "agents")],
        ),
        Panel(
            "Open and snoozed tickets",
            "short",
            "Of all accounts, whoever they are assigned to.",
            [('max by (status) (helpdesk_tickets{status!="closed"})', "{{status}}")],
        ),
        Panel(
            "Closed tickets",
            "short",
            "Of all accounts, as the database keeps count: after a crash, wrong by some.",
            [('max(helpdesk_tickets{status="closed"})', "closed")],
        ),
        Panel(
            "What comes in",
            "reqps",
            "What providers' records became, a second.",
            [
                (
                    (
                        "sum by (channel, outcome) "
                        "(rate(helpdesk_inbound_outcomes_total[$__rate_interval]))"
                    ),
                    "{{channel}} {{outcome}}",
                )
            ],
        ),
        Panel(
            "Kept back, and let in",
            "reqps",
            "Messages beyond their account's share, a second, where shares are set (ING 9).",
            [
                (
                    "sum by (channel) (rate(helpdesk_messages_kept_back_total[$__rate_interval]))",
                    "{{channel}} kept back",
                ),
                (
                    "sum by (channel) (rate(helpdesk_messages_let_in_total[$__rate_interval]))",
                    "{{channel}} let in",
                ),
            ],
        ),
        Panel(
            "The longest kept back",
            "s",
            "Of what is let in next; nothing where nothing is kept.",
            [
                (
                    "time() - (max(helpdesk_oldest_kept_back_timestamp_seconds) > 0)",
                    "oldest message",
                )
            ],
        ),
        Panel(
            "Receipt to ticket, by channel",
            "s",
            "95 % of the messages take less.",
            [
                (
                    (
                        "histogram_quantile(0.95, sum by (le, channel) "
                        "(rate(helpdesk_inbound_to_ticket_seconds_bucket[$__rate_interval])))"
                    ),
                    "{{channel}}",
                )
            ],
        ),
        Panel(
            "Verdicts",
            "reqps",
            "Messages screened: spam (hidden), grey (badged) or ham, a second.",
            [
                (
                    "sum by (verdict) (rate(helpdesk_spam_verdicts_total[$__rate_interval]))",
                    "{{verdict}}",
                )
            ],
        ),
        Panel(
            "Share hidden as spam",
            "percentunit",
            "Of the messages of the last hour, by channel and (guessed) language.",
            [("helpdesk:spam_hidden:ratio_rate1h", "{{channel}} {{language}}")],
        ),
        Panel(
            "Genuine messages that were hidden",
            "percentunit",
            "By agents' marks within a week of the ticket's opening, of seven days.",
            [("helpdesk:spam_mistakes:ratio_increase7d", "share")],
        ),
        Panel(
            "Agents' marks",
            "short",
            "Of the last day.",
            [
                (
                    "sum by (mark, after) (increase(helpdesk_spam_marks_total[1d]))",
                    "{{mark}} {{after}}",
                )
            ],
        ),
        Panel(
            "Scores",
            "short",
            "The mean of the last day, by channel: it moves when other messages come.",
            [("helpdesk:spam_score:mean1d", "{{channel}}")],
        ),
        Panel(
            "Optional engines",
            "reqps",
            "Questions by outcome, a second; nothing where none is switched on.",
            [
                (
                    "sum by (engine, outcome) (rate(helpdesk_spam_advice_total[$__rate_interval]))",
                    "{{engine}} {{outcome}}",
                )
            ],
        ),
        Panel(
            "Tags chosen",
            "short",
            "Of the last day; an account's own are all `own`.",
            [("sum by (tag) (increase(helpdesk_tags_chosen_total[1d]))", "{{tag}}")],
        ),
        Panel(
            "Tags that agents removed",
            "percentunit",
            "Within a week of the ticket's opening, of those chosen in seven days.",
            [("helpdesk:tags_removed:ratio_increase7d", "{{tag}}")],
        ),
        Panel(
            "First messages that got a tag",
            "percentunit",
            "Of the last day, by (guessed) language.",
            [("helpdesk:tagged:ratio_rate1d", "{{language}}")],
        ),
    ],
)
RUNTIME = Dashboard(
    "helpdesk-runtime",
    "Helpdesk: runtime",
    "The processes: processor, memory, event loop, garbage, versions.",
    [
        Panel(
            "Processor",
            "percentunit",
            "1 is one core; a replica cannot use more.",
            [
                (
                    'rate(process_cpu_seconds_total{job="helpdesk"}[$__rate_interval])'
                    + _BY_SERVICE,
                    "{{service}} {{instance}}",
                )
            ],
        ),
        Panel(
            "Memory",
            "bytes",
            "Resident, of each replica.",
            [
                (
                    'process_resident_memory_bytes{job="helpdesk"}' + _BY_SERVICE,
                    "{{service}} {{instance}}",
                )
            ],
        ),
        Panel(
            "Event loop: how late",
            "s",
            "As it was at the scrape; heartbeats share this loop.",
            [("helpdesk_event_loop_lag_seconds", "{{service}} {{instance}}")],
        ),
        Panel(
            "Open files",
            "short",
            "Connections among them.",
            [
                (
                    'process_open_fds{job="helpdesk"}' + _BY_SERVICE,
                    "{{service}} {{instance}}",
                )
            ],
        ),
        Panel(
            "Garbage collections",
            "short",
            "Of the oldest generation, a second.",
            [
                (
                    "rate(python_gc_collections_total"
                    '{job="helpdesk", generation="2"}[$__rate_interval])' + _BY_SERVICE,
                    "{{service}} {{instance}}",
                )
            ],
        ),
        Panel(
            "Running for",
            "s",
            "Since the process was started.",
            [
                (
                    'time() - process_start_time_seconds{job="helpdesk"}' + _BY_SERVICE,
                    "{{service}} {{instance}}",
                )
            ],
        ),
        Panel(
            "Versions",
            "short",
            "Replicas of each version; two of them during a rollout only.",
            [("count by (version) (helpdesk_build_info)", "{{version}}")],
        ),
        Panel(
            "Models",
            "short",
            "Replicas of each model's version.",
            [("count by (service, version) (helpdesk_model_info)", "{{service}} {{version}}")],
        ),
        Panel(
            "Damaged learning",
            "short",
            "Seeds, weights or rules that could not be read since the start; 0 or nothing is well.",
            [("sum by (service, what) (helpdesk_learning_damaged_total)", "{{service}} {{what}}")],
        ),
        Panel(
            "Replayed dead letters",
            "short",
            "Records that operators put back, in the last day, by what became of them.",
            [
                (
                    "sum by (service, outcome) (increase(helpdesk_replayed_records_total[1d]))",
                    "{{service}} {{outcome}}",
                )
            ],
        ),
    ],
)
