"""The dashboard on what happens without an agent: automatic replies, hand-offs, links."""

from tests.deploy.grafana import Dashboard, Panel, quantile, rate

UNATTENDED = Dashboard(
    "helpdesk-unattended",
    "Helpdesk: without an agent",
    "What is sent without an agent, and who takes over from the AI agent?",
    [
        Panel(
            "Automatic replies",
            "short",
            "Sent within an hour, by kind.",
            [
                (
                    'sum by (kind) (increase(helpdesk_auto_replies_total{outcome="sent"}[1h]))',
                    "{{kind}}",
                )
            ],
        ),
        Panel(
            "Why none was sent",
            "short",
            "Within an hour, by reason; docs/automatic-replies.md names them.",
            [
                (
                    'sum by (outcome) (increase(helpdesk_auto_replies_total{outcome!="sent"}[1h]))',
                    "{{outcome}}",
                )
            ],
        ),
        Panel(
            "Hand-offs",
            "short",
            "Within an hour, by method and outcome.",
            [
                (
                    "sum by (method, outcome) (increase(helpdesk_handoffs_total[1h]))",
                    "{{method}} {{outcome}}",
                )
            ],
        ),
        Panel(
            "Resolved or handed over",
            "short",
            "The AI agent's conversations of an hour: ended by itself, or given to people.",
            [
                ("sum(increase(helpdesk_ai_conversations_resolved_total[1h]))", "resolved"),
                ("sum(increase(helpdesk_handoffs_total[1h]))", "handed over"),
            ],
        ),
        Panel(
            "How long a hand-off takes",
            "s",
            "From its request to its end; visitors take their time to answer.",
            [
                (quantile(q, "helpdesk_handoff_duration_seconds", "method"), "{{method}} " + q)
                for q in ("0.5", "0.95")
            ],
        ),
        Panel(
            "Attempts at other helpdesks",
            "reqps",
            "By what came of each; denied is for the operator.",
            [(rate("helpdesk_handoff_attempts_total", "method, result"), "{{method}} {{result}}")],
        ),
        Panel(
            "Answers to no hand-off",
            "short",
            "Within an hour: visitors' answers that name no hand-off of their account.",
            [("sum(increase(helpdesk_handoff_answers_ignored_total[1h]))", "answers")],
        ),
        Panel(
            "Short links followed",
            "short",
            "Within an hour, by whom; what could not be published was led on all the same.",
            [
                ("sum by (by) (increase(helpdesk_links_followed_total[1h]))", "{{by}}"),
                ("sum(increase(helpdesk_clicks_dropped_total[1h]))", "not published"),
            ],
        ),
        Panel(
            "Hand-offs that wait",
            "short",
            "Under way for over ten minutes.",
            [("max by (method) (helpdesk_handoffs_open_over_10_minutes)", "{{method}}")],
        ),
    ],
)
