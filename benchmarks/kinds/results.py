"""What did a run find, row by row and in sum, and how is it kept?"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.kinds.judge import Call, Judged
from benchmarks.kinds.pairs import SIX, Pair
from benchmarks.kinds.recipes import KINDS, Group
from hubcheck.report.words import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """One pair of one kind."""

    kind: str
    group: Group
    pair: Pair
    judged: Judged
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LayoutRow:
    """One way of laying a repository out."""

    layout: str
    family: str
    expected: str
    judged: Judged
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A kind or layout that could not be built here."""

    name: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counts over some rows."""

    asked: int
    right: int
    blind: int
    false: int
    wrong_exits: int

    @property
    def share(self) -> float:
        """Share judged rightly; 0 where nothing was asked."""
        return self.right / self.asked if self.asked else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Everything that a run found."""

    pairs: tuple[PairRow, ...]
    layouts: tuple[LayoutRow, ...]
    skipped: tuple[Skipped, ...]
    seconds: float

    @property
    def six(self) -> tuple[PairRow, ...]:
        """Rows of the six pairs, without the grafts."""
        return tuple(r for r in self.pairs if r.pair in SIX)

    @property
    def grafts(self) -> tuple[PairRow, ...]:
        """Rows of the grafts."""
        return tuple(r for r in self.pairs if r.pair is Pair.GRAFT)

    @property
    def _rows(self) -> tuple[PairRow | LayoutRow, ...]:
        return (*self.pairs, *self.layouts)

    @property
    def false(self) -> int:
        """Questions with a false statement, grafts included."""
        return sum(bool(r.judged.false) for r in self._rows)

    @property
    def wrong_exits(self) -> int:
        """Questions with a wrong exit code."""
        return sum(r.judged.wrong_exit for r in self._rows)


def totals(judgements: Iterable[Judged]) -> Totals:
    """Return the counts over some judgements."""
    found = list(judgements)
    return Totals(
        asked=len(found),
        right=sum(j.call is Call.RIGHT for j in found),
        blind=sum(j.call is Call.BLIND for j in found),
        false=sum(bool(j.false) for j in found),
        wrong_exits=sum(j.wrong_exit for j in found),
    )


def unrelated_share(rows: Sequence[PairRow]) -> float:
    """Return the share of independents that were called unrelated; 0 where none was asked."""
    strangers = [r for r in rows if r.pair is Pair.STRANGER]
    hits = sum(r.judged.verdict == Verdict.UNRELATED for r in strangers)
    return hits / len(strangers) if strangers else 0.0


def save(results: Results, path: Path) -> None:
    """Write all rows as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(dataclasses.asdict(results), indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> Results:
    """Return what ``save`` wrote: the rows of another run of the same code."""
    kept = json.loads(path.read_text(encoding="utf-8"))

    def judged(row: dict[str, Any]) -> Judged:
        stated = dict(row["judged"])
        stated |= {"call": Call(stated["call"]), "false": tuple(stated["false"])}
        return Judged(**stated)

    return Results(
        pairs=tuple(
            PairRow(
                kind=row["kind"], group=Group(row["group"]), pair=Pair(row["pair"]),
                judged=judged(row), seconds=row["seconds"],
            )
            for row in kept["pairs"]
        ),
        layouts=tuple(LayoutRow(**{**row, "judged": judged(row)}) for row in kept["layouts"]),
        skipped=tuple(Skipped(**row) for row in kept["skipped"]),
        seconds=kept["seconds"],
    )  # fmt: skip


def joined(results: Sequence[Results]) -> Results:
    """Return the rows of several runs, text kinds first as in one run."""
    order = {kind.name: n for n, kind in enumerate(KINDS)}
    pairs = [row for one in results for row in one.pairs]
    return Results(
        pairs=tuple(sorted(pairs, key=lambda row: order.get(row.kind, len(order)))),
        layouts=tuple(row for one in results for row in one.layouts),
        skipped=tuple(row for one in results for row in one.skipped),
        seconds=sum(one.seconds for one in results),
    )
