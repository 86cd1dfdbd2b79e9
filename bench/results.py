"""The results of a scenario: rows of figures, each with its goals."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Series:
    """The measurements of one figure in all rounds."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def shown(self, digits: int = 1) -> str:
        return f"{self.median:,.{digits}f}"

    def spread(self, digits: int = 1) -> str:
        return f"{min(self.values):,.{digits}f}–{max(self.values):,.{digits}f}"


@dataclass(frozen=True)
class Goal:
    """A limit for a figure. `found` and `limit` have the same unit."""

    text: str
    found: float
    limit: float
    at_least: bool = False

    @property
    def reached(self) -> bool:
        return self.found >= self.limit if self.at_least else self.found <= self.limit

    def verdict(self) -> str:
        if self.found == self.limit or self.limit == 0:
            return "yes" if self.reached else "no"
        distance = abs(self.found / self.limit - 1)
        side = "above" if self.found > self.limit else "below"
        return f"{'yes' if self.reached else 'no'}, {distance:.0%} {side}"


@dataclass
class Row:
    """One line of the table."""

    system: str
    figure: str
    unit: str
    spread: str = ""
    ratio: str = ""
    goals: list[Goal] = field(default_factory=list)
    summary: bool = False  # also in the summary


@dataclass
class Section:
    """The result of one scenario."""

    letter: str
    title: str
    rows: list[Row]
    notes: list[str] = field(default_factory=list)


def cost_row(system: str, cost: Series, **more: object) -> Row:
    """A row of CPU time per request."""
    return Row(system, cost.shown(), "µs/request", cost.spread(), **more)  # type: ignore[arg-type]


def times(found: Series, reference: Series, name: str) -> str:
    """A ratio of medians."""
    return f"{found.median / reference.median:.2f} × {name}"
