"""What services that learn from agents' marks tell themselves and one another."""

from typing import Literal

from pydantic import Field

from shared.contracts.base import Contract, Envelope, Id, UtcTime, Whole

Subject = Literal["spam", "tags"]
"""What is learned: whether a message is spam, or which tags fit it."""


class Label(Contract):
    """A label, and whether it fits."""

    name: str
    fits: bool


class Change(Contract):
    """What is learned of a label: base64 of zlib of 32-bit floats, one for each index."""

    name: str
    values: str


class Lesson(Envelope):
    """An agent's mark on a ticket, or what follows from one who answered and marked nothing.

    `example_id` is the ticket. Of several lessons on one ticket and label the one with the highest
    `rank` counts, and of equals the first; 0 is the lowest. `indices` are those of the message's
    hashed grams (base64 of little-endian 32-bit numbers): no words. `teacher` is the agent,
    `sender` the contact who wrote it.
    """

    type: Literal["Lesson"] = "Lesson"
    subject: Subject
    example_id: Id
    rank: Whole = Field(ge=0)
    labels: tuple[Label, ...]
    weight: float = Field(default=1.0, gt=0, le=1)
    teacher: str | None = None
    sender: str | None = None
    indices: str


class LearnedWeights(Envelope):
    """What an account's lessons change of the model of that `version`; older ones count no more.

    `lessons` is how many there are, `marks` how many of them agents gave by a mark, and `rarer` how
    many are of the rarer kind: for a label or against it, of the label that has most. `indices` are
    as a lesson's.
    """

    type: Literal["LearnedWeights"] = "LearnedWeights"
    subject: Subject
    version: Id
    lessons: Whole
    marks: Whole
    rarer: Whole = 0
    learned_at: UtcTime
    indices: str
    changes: tuple[Change, ...]
