"""A figure of a benchmark beside its ceiling, measured in the same run."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal, TypeVar

from rich.console import Console
from rich.table import Table

T = TypeVar("T")
SECONDS = 2.0
FULL: Final = bool(os.environ.get("FULL"))
"""Whether a run may take as long as the whole amounts do."""


def rate(work: Callable[[T], object], inputs: Sequence[T]) -> float:
    """Inputs a second of processor time, over some seconds."""
    for each in inputs:
        work(each)
    done, began = 0, time.process_time()
    while time.process_time() - began < SECONDS:
        for each in inputs:
            work(each)
        done += len(inputs)
    return done / (time.process_time() - began)


@dataclass(frozen=True, slots=True)
class Figure:
    """`ratio` is value to ceiling; `aim` says on which side of it the ratio is to be.

    Where a figure has no ratio to aim at, the value itself is compared.
    """

    name: str
    value: float
    unit: str
    ceiling: float | None
    aim: float
    better: Literal["more", "less"]

    @property
    def ratio(self) -> float | None:
        """Value to ceiling."""
        return None if self.ceiling is None else self.value / self.ceiling

    @property
    def met(self) -> bool:
        """Whether the aim is reached."""
        reached = self.value if self.ratio is None else self.ratio
        return reached >= self.aim if self.better == "more" else reached <= self.aim

    def document(self) -> dict[str, Any]:
        """As `JSON=1` prints it."""
        rounded = {
            key: round(value, 4) if isinstance(value, float) else value
            for key, value in {**asdict(self), "ratio": self.ratio}.items()
        }
        return {**rounded, "met": self.met}


def print_table(figures: list[Figure], console: Console) -> None:
    """Show the figures for people."""
    table = Table("figure", "value", "unit", "ceiling", "ratio", "aim", "")
    for figure in figures:
        sign = "≥" if figure.better == "more" else "≤"
        table.add_row(
            figure.name,
            f"{figure.value:,.2f}",
            figure.unit,
            "-" if figure.ceiling is None else f"{figure.ceiling:,.2f}",
            "-" if figure.ratio is None else f"{figure.ratio:.2f}",
            f"{sign} {figure.aim:g}",
            "[green]met[/]" if figure.met else "[red]not met[/]",
        )
    console.print(table)
