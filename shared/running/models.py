"""How a service that learns keeps what accounts teach its model."""

from datetime import timedelta
from typing import Final

import structlog

from shared.bus.ports import FollowingBus
from shared.contracts.learning import Subject
from shared.learning.model import Model
from shared.learning.teaching import (
    Before,
    Lessons,
    TaughtAgain,
    Teaching,
    WeightsTable,
    unchanged,
)
from shared.running import metrics
from shared.topic import Service
from shared.topics import LESSONS, WEIGHTS

_log: Final = structlog.get_logger()


def learn(  # who learns what, from what, and on which ground
    bus: FollowingBus,
    service: Service,
    subject: Subject,
    model: Model,
    lessons: Lessons,
    interval: timedelta,
    before: Before = unchanged,
) -> tuple[WeightsTable, Teaching]:
    """Afterwards lessons on the subject become weights; those of all accounts are in the table.

    `before` is what an account's settings change of the model. What fits another version of it is
    taught again at the start, some accounts each `interval`. Damaged weights are a dead letter,
    a line in the log and in the metrics; their account then has the model alone. What teaches is
    returned too, for what is to be taught at other times.
    """

    def damaged(what: str) -> None:
        _log.error("an account's weights are damaged: the seeds judge alone", which=what)
        metrics.LEARNING_DAMAGED.labels(service, "weights").inc()

    metrics.MODEL_INFO.labels(service, model.version).set(1)
    weights = WeightsTable(subject, model.version, damaged)
    teaching = Teaching(subject, model, lessons, bus.publish, before)
    bus.follow(WEIGHTS, weights.apply)
    bus.consume(LESSONS, teaching.lessons_given)
    bus.consume(WEIGHTS, teaching.weights_published)
    bus.every(interval, TaughtAgain(teaching, weights).sweep)
    return weights, teaching
