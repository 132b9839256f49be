"""Every metric once. Labels come from closed sets; never an account's, contact's or ticket's id."""

from prometheus_client import Counter, Gauge, Histogram

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
    "When a sweep last ended well, in Unix seconds.",
    ["service", "sweep"],
)
SWEEP_FAILURES = Counter(
    "helpdesk_sweep_failures", "Sweeps that ended with an error.", ["service", "sweep"]
)
EVENT_LOOP_LAG = Gauge(
    "helpdesk_event_loop_lag_seconds", "How late the event loop turned, last time.", ["service"]
)
INBOUND_OUTCOMES = Counter(
    "helpdesk_inbound_outcomes",
    "What providers' records became: message, edit, deletion, signal, part, unaddressed or dead.",
    ["channel", "outcome", "reason"],
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
LEARNING_DAMAGED = Counter(
    "helpdesk_learning_damaged",
    "Seeds, weights or rules that could not be read: the service goes on without them.",
    ["service", "what"],
)
MODEL_INFO = Gauge(
    "helpdesk_model_info", "Always 1; the model's version is in the label.", ["service", "version"]
)
BUILD_INFO = Gauge("helpdesk_build_info", "Always 1; the version is in the label.", ["version"])
