"""The parameters of every scenario: the environment, durations and rounds, and the builds to measure."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from load import Load, measure_verification
from results import Series
from rounds import Case, Measured, interleave
from servers import Frontgate, Recipe, Stage


@dataclass(frozen=True)
class Settings:
    """The extent of the measurement."""

    rounds: int = 5
    seconds: int = 2
    smoke: bool = False

    def count(self, full: int, smoke: int) -> int:
        return smoke if self.smoke else full


@dataclass
class Bench:
    """One run."""

    stage: Stage
    settings: Settings
    example: Path
    binaries: dict[str, Path]  # by the name of the row; the first is judged as `frontgate`

    def load(self, targets: str | Path, **more: object) -> Load:
        """A load with targets from one of the files of links."""
        path = self.stage.links / targets
        limit = self.settings.count(0, 300)
        return Load(path, **({"seconds": self.settings.seconds, "limit": limit} | more))  # type: ignore[arg-type]

    def frontgate(self, binary: str, **more: object) -> Frontgate:
        return Frontgate(self.binaries[binary], name=binary, **more)  # type: ignore[arg-type]

    def case(self, label: str, recipe: Recipe, load: Load, **more: object) -> Case:
        """A case with a warmed-up server."""
        protocol = "https" if load.is_secure else "http"
        warm_up = [self.load("public.txt", seconds=20, limit=self.settings.count(3_000, 100), protocol=protocol)]
        more["warm_up"] = [*warm_up, *more.get("warm_up", [])]  # type: ignore[misc]
        return Case(label, recipe, load, **more)  # type: ignore[arg-type]

    def run(self, cases: list[Case]) -> dict[str, Measured]:
        return interleave(self.stage, cases, self.settings.rounds)

    def run_with_verification(self, cases: list[Case]) -> tuple[dict[str, Measured], dict[str, Series]]:
        """As `run`, with the cost of one verification measured in every round."""
        seen: dict[str, list[float]] = {"rsa": [], "ecdsa": []}
        repeats = self.settings.count(5_000, 100)

        def verify() -> None:
            for kind, microseconds in measure_verification(self.example, repeats, self.stage.cores).items():
                seen[kind].append(microseconds)

        results = interleave(self.stage, cases, self.settings.rounds, verify)
        return results, {kind: Series(tuple(values)) for kind, values in seen.items()}
