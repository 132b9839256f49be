"""Every metric once. Labels come from closed sets; never an account's, contact's or ticket's id."""

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

# A `_created` beside every series would be read by nobody, and doubles what is scraped.
disable_created_metrics()  # type: ignore[no-untyped-call]  # theirs to type

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600)

MESSAGES_PROCESSED = Counter(
    "helpdesk_messages_processed",
    "Records whose fate is decided: handled, ignored (a newer version's type) or dead.",
    ["service", "topic", "outcome"],
)
EVENT_LATENCY = Histogram(
    "helpdesk_event_latency_seconds",
    "From a record's time on its topic to all its effects, of the newest record of each batch.",
    ["service", "topic"],
    buckets=_SECONDS,
)
INBOUND_TO_TICKET = Histogram(
    "helpdesk_inbound_to_ticket_seconds",
    "From the receipt of a customer's message to all its effects on tickets, of every message.",
    ["channel"],
    buckets=_SECONDS,
)
PROCESSING_DURATION = Histogram(
    "helpdesk_processing_duration_seconds",
    "How long a batch of one topic took.",
    ["service", "topic"],
    buckets=_SECONDS,
)
BATCH_SIZE = Histogram(
    "helpdesk_batch_size_messages",
    "Records a batch of one topic.",
    ["service", "topic"],
    buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000),
)
CONSUMER_LAG = Gauge(
    "helpdesk_consumer_lag_messages",
    "Records not yet handled, of the partitions this replica has.",
    ["service", "topic", "partition"],
)
LAST_RECORD = Gauge(
    "helpdesk_consumer_last_record_timestamp_seconds",
    "The time on its topic of the record whose fate was decided last, in Unix seconds.",
    ["service", "topic"],
)
COMMITTED_OFFSET = Gauge(
    "helpdesk_consumer_committed_offset",
    "The offset this replica committed last, of the partitions that it has.",
    ["service", "topic", "partition"],
)
COMMITS = Counter(
    "helpdesk_consumer_commits",
    "Commits: ok, or failed (harmless: the records may come again).",
    ["service", "outcome"],
)
WAITING = Gauge(
    "helpdesk_consumer_waiting_seconds",
    "For how long records of a topic have failed and are waited for; 0 while none is.",
    ["service", "topic"],
)
POLL_LOOP = Gauge(
    "helpdesk_poll_loop_timestamp_seconds",
    "When the poll loop last asked for records, in Unix seconds; an idle topic does not age it.",
    ["service"],
)
REBALANCES = Counter(
    "helpdesk_consumer_rebalances", "How often partitions were handed out anew.", ["service"]
)
ASSIGNED_PARTITIONS = Gauge(
    "helpdesk_consumer_assigned_partitions", "Partitions this replica has.", ["service"]
)
RETRIES = Counter(
    "helpdesk_retries",
    "Batches that wait or are tried again: transient (a dependency is away) or bug.",
    ["service", "topic", "reason"],
)
DEAD_LETTERS = Counter(
    "helpdesk_dead_letters",
    "Records that went to the dead letters.",
    ["service", "topic", "reason"],
)
REPLAYED_RECORDS = Counter(
    "helpdesk_replayed_records",
    "Records put back from the dead letters whose fate is decided: handled, or dead again.",
    ["service", "topic", "outcome"],
)
DEAD_LETTER_FAILURES = Counter(
    "helpdesk_dead_letter_publish_failures",
    "Dead letters that could not be published; their records wait.",
    ["service"],
)
SWEEP_LAST_RUN = Gauge(
    "helpdesk_sweep_last_run_timestamp_seconds",
    "When a sweep last ended well, in Unix seconds; before its first run, when it was started.",
    ["service", "sweep"],
)
SWEEP_FAILURES = Counter(
    "helpdesk_sweep_failures", "Sweeps that ended with an error.", ["service", "sweep"]
)
EVENT_LOOP_LAG = Gauge(
    "helpdesk_event_loop_lag_seconds", "How late the event loop turned, last time.", ["service"]
)
DEPENDENCY_DURATION = Histogram(
    "helpdesk_dependency_request_duration_seconds",
    "How long MongoDB, Redis or Kafka (publishing, a batch) took to answer: ok or error.",
    ["service", "dependency", "operation", "outcome"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20),
)
OLDEST_WAITING = Gauge(
    "helpdesk_oldest_waiting_ticket_timestamp_seconds",
    "Since when the ticket waits that has waited longest for an assignee, in Unix seconds; "
    "0 where none waits. Each replica shows the same: take the max, not the sum.",
)
AGENTS_AVAILABLE = Gauge(
    "helpdesk_agents_available",
    "Agents who are online, of all accounts. Each replica shows the same: take the max, "
    "not the sum.",
)
TICKETS = Gauge(
    "helpdesk_tickets",
    "Tickets of all accounts by status: open, snoozed or closed. Each replica shows the same: take "
    "the max, not the sum.",
    ["status"],
)
INBOUND_OUTCOMES = Counter(
    "helpdesk_inbound_outcomes",
    "What providers' records became: message, edit, deletion, signal, part, unaddressed or dead.",
    ["channel", "outcome", "reason"],
)
KEPT_BACK = Counter(
    "helpdesk_messages_kept_back",
    "Messages that were beyond their account's share, and are let in by and by.",
    ["channel"],
)
LET_IN = Counter(
    "helpdesk_messages_let_in", "Messages that were kept back, and are in.", ["channel"]
)
OLDEST_KEPT_BACK = Gauge(
    "helpdesk_oldest_kept_back_timestamp_seconds",
    "When the oldest of what is let in next was kept, in Unix seconds; 0 where nothing is kept.",
)
EVENT_GAPS = Counter(
    "helpdesk_ticket_event_gaps",
    "Events of tickets that a consumer has not seen; the next one's summary made up for them.",
    ["service"],
)
SPAM_VERDICTS = Counter(
    "helpdesk_spam_verdicts",
    "Screened messages by verdict: spam (hidden), grey (badged) or ham; the language is a guess.",
    ["verdict", "channel", "language"],
)
SPAM_SCORES = Histogram(
    "helpdesk_spam_scores",
    "Scores of screened messages.",
    ["channel"],
    buckets=(0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0),
)
SPAM_MARKS = Counter(
    "helpdesk_spam_marks",
    "Agents' marks: spam or not_spam, within a_week of the ticket's opening or later.",
    ["mark", "after"],
)
TAG_CHOICES = Counter(
    "helpdesk_tag_choices",
    "First messages of tickets: tagged, or none where nothing was sure; the language is a guess.",
    ["outcome", "language"],
)
AUTO_REPLIES = Counter(
    "helpdesk_auto_replies",
    "Automatic replies by their kind: sent, or why none was.",
    ["kind", "outcome"],
)
TAGS_CHOSEN = Counter(
    "helpdesk_tags_chosen", "Tags that fitted a message; an account's own are all `own`.", ["tag"]
)
TAGS_REMOVED = Counter(
    "helpdesk_tags_removed",
    "Tags that were given and that agents removed, within a_week of the ticket's opening or later.",
    ["tag", "after"],
)
SPAM_ADVICE = Counter(
    "helpdesk_spam_advice",
    "Messages that an optional engine was asked about: ok, timeout, error, or skipped.",
    ["engine", "outcome"],
)
HTTP_DURATION = Histogram(
    "helpdesk_http_request_duration_seconds",
    "From a request at the desk to the beginning of its answer; the route is a template's.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
DESK_OPEN_PAGES = Gauge(
    "helpdesk_desk_open_pages", "Pages and programs that follow live updates of this replica."
)
DESK_UPDATE_DELAY = Histogram(
    "helpdesk_desk_update_delay_seconds",
    "From the moment that something was told to the replicas to all open pages having been told.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
HANDOFFS = Counter(
    "helpdesk_handoffs",
    "Conversations that the AI agent handed over and what became of each, by the account's method.",
    ["method", "reason", "outcome"],
)
HANDOFF_DURATION = Histogram(
    "helpdesk_handoff_duration_seconds",
    "From the request for a hand-off to its end.",
    ["method"],
    buckets=(0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400, 93600),
)
HANDOFF_ATTEMPTS = Counter(
    "helpdesk_handoff_attempts",
    "Attempts to make a ticket in another helpdesk: made, found (it was there), busy, away, "
    "timeout, denied (the credentials or the settings), invalid, unclear or absent.",
    ["method", "result"],
)
HANDOFF_ANSWERS_IGNORED = Counter(
    "helpdesk_handoff_answers_ignored",
    "Visitors' answers to a hand-off that there is none of in their account.",
)
HANDOFFS_OPEN = Gauge(
    "helpdesk_handoffs_open_over_10_minutes",
    "Hand-offs that have been under way for over 10 minutes since the visitor was asked all. Each "
    "replica shows the same: take the max, not the sum.",
    ["method"],
)
AI_RESOLVED = Counter(
    "helpdesk_ai_conversations_resolved",
    "Conversations that the AI agent ended by itself, without handing them over.",
)
LINKS_FOLLOWED = Counter(
    "helpdesk_links_followed",
    "Short links that were followed, by whom it seems to have been: person, preview or robot.",
    ["by"],
)
CLICKS_DROPPED = Counter(
    "helpdesk_clicks_dropped",
    "Short links that were followed and are not counted: they could not be published in time.",
)
LEARNING_DAMAGED = Counter(
    "helpdesk_learning_damaged",
    "Seeds, weights or rules that could not be read: the service goes on without them.",
    ["service", "what"],
)
MODEL_INFO = Gauge(
    "helpdesk_model_info", "Always 1; the model's version is in the label.", ["service", "version"]
)
BUILD_INFO = Gauge("helpdesk_build_info", "Always 1; the version is in the label.", ["version"])
