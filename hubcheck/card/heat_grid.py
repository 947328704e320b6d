"""Which number stands in which cell of a heat map?

Rows are the parts of a layer, columns the layers of the subject, a cell how far the values moved as
a share of their own size. What was not compared is no cell; models deeper than the map is wide
share a column between neighbouring layers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final

from hubcheck.card import matches, numbers
from hubcheck.card.heat_roles import LINES, RoleName, role_name
from hubcheck.frozen import frozen

if TYPE_CHECKING:
    from hubcheck.report.schema import Change, Finding, Report

WIDEST: Final = 96
"""Columns of a picture; deeper models share a column between neighbouring layers."""
DEEPEST: Final = 4096
"""Layers beyond this are not drawn: a report from elsewhere may name any number."""
ROWS_SHOWN: Final = 40
APART_SHOWN: Final = 12
MAPS_SHOWN: Final = 3
"""Bases with a heat map of their own: a merge of more is rare, and the report has them all."""

STEPS: Final = 14
"""Colours: one below 0.01 %, three for each factor of ten, one from 100 % on."""
PER_DECADE: Final = 3
LEAST_LOG10: Final = -4.0
REPLACED: Final = 1.0
"""From here on the change is as large as the weights: nothing of the base can be told from it.
Two models trained apart come out at about 1.4."""
MOSTLY: Final = 0.5
"""Above this share of equal values a cell is marked as mostly unchanged."""
MOST_CHANGE: Final = 1e6
MOST_VALUES: Final = 2**62
"""No model comes near either; a report from elsewhere may name any number."""


@frozen
class Cell:
    """One part of one layer (or of a few neighbours) against the base."""

    base_layer: int
    relative: float
    equal: float
    cosine: float
    rank: int
    values: int
    whole: bool

    @property
    def unchanged(self) -> bool:
        """Whether every value compared has the same bits."""
        return self.equal >= 1

    @property
    def step(self) -> int:
        """Which of the colours, 0 to ``STEPS - 1``, on a logarithmic scale."""
        if self.relative <= 0:
            return 0
        position = PER_DECADE * (math.log10(self.relative) - LEAST_LOG10)
        # A hair of rounding must not move 1 % below its own tick.
        return min(max(math.floor(position + 1e-9) + 1, 0), STEPS - 1)


@frozen
class Row:
    """One part, over all columns; None where nothing was compared."""

    role: RoleName
    cells: tuple[Cell | None, ...]


@frozen
class Column:
    """One layer, or a few neighbours; ``base`` is the base layer of the first, -1 unknown."""

    first: int
    last: int
    base: int

    @property
    def name(self) -> str:
        """The layer in words."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"

    @property
    def moved(self) -> bool:
        """Whether the layer was held against a base layer of another number."""
        return self.base not in {-1, self.first}


@frozen
class Grid:
    """A heat map as numbers."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    apart: tuple[tuple[RoleName, Cell], ...]
    """What has no layer: embedding, output head, final norm."""
    sampled: bool
    """Whether part of the numbers was estimated from a sample of the values. What is missing then
    was not compared; where every tensor was, it is not there on one side, or of another shape."""


def mapped(report: Report) -> tuple[tuple[Finding, Grid], ...]:
    """Return the matching bases that have a heat map, the one that the title is about first."""
    main = matches.main_match(report)
    found = [
        f for f in report.findings if f.verdict in matches.MATCHES and f.changes and not withheld(f)
    ]
    found.sort(key=lambda f: f != main)
    grids = ((f, grid(f, layers=depth_of(report))) for f in found)
    return tuple((f, g) for f, g in grids if g is not None)[:MAPS_SHOWN]


def withheld(finding: Finding) -> bool:
    """Return whether the changes are those of units that do not stand for each other.

    Values are held against those at the same place. Of a rearranged copy that compares every unit
    with a stranger: the map would say that all was replaced, beside a verdict that it matches.
    """
    return bool(finding.changes) and matches.is_rearranged(finding)


def depth_of(report: Report) -> int:
    """Return how many layers the subject has, 0 where the report does not say."""
    own = (m for m in report.context.architecture if m.ref == report.subject.ref)
    return next((m.layers for m in own if m.layers < DEEPEST), 0)


def grid(finding: Finding, *, widest: int = WIDEST, layers: int = 0) -> Grid | None:
    """Return the heat map of one base, or None where nothing was compared.

    Args:
        finding: What was found of the base.
        widest: Columns at most.
        layers: Layers of the subject: the axis ends at the last, looked at or not.
    """
    changes = usable(finding)
    if not changes:
        return None
    inside: dict[str, dict[int, list[Change]]] = {}
    outside: dict[str, list[Change]] = {}
    for change in changes:
        if change.layer < 0:
            outside.setdefault(change.role, []).append(change)
        else:
            inside.setdefault(change.role, {}).setdefault(change.layer, []).append(change)
    columns = _columns([c for c in changes if c.layer >= 0], widest, layers)
    rows = []
    for role in sorted(inside, key=_order)[:ROWS_SHOWN]:
        of_role = inside[role]
        cells = tuple(
            _joined([c for i in range(k.first, k.last + 1) for c in of_role.get(i, [])])
            for k in columns
        )
        rows.append(Row(role=role_name(role), cells=cells))
    apart = [(role_name(role), _joined(outside[role])) for role in sorted(outside, key=_order)]
    return Grid(
        columns=columns,
        rows=tuple(rows),
        apart=tuple((name, cell) for name, cell in apart if cell is not None)[:APART_SHOWN],
        sampled=not all(c.whole for c in changes),
    )


def usable(finding: Finding) -> list[Change]:
    """Return the changes that are numbers of layers that a model can have."""
    return [c for c in finding.changes if _usable(c)]


def cell_of(change: Change) -> Cell:
    """Return one measurement as a cell."""
    cell = _joined([change])
    assert cell is not None
    return cell


def by_line(found: Grid) -> tuple[Row, ...]:
    """Return the rows joined into the few lines of the strip."""
    joined = []
    for line in LINES:
        rows = [row.cells for row in found.rows if row.role.line == line]
        if rows:
            cells = tuple(
                _joined([c for c in of if c is not None]) for of in zip(*rows, strict=True)
            )
            joined.append(Row(role=RoleName(place=0, name=line, group="", line=line), cells=cells))
    return tuple(joined)


def amount(cell: Cell) -> str:
    """Return how far a cell moved, in words: ``unchanged``, ``0.83 %``, ``replaced``."""
    if cell.unchanged:
        return "unchanged"
    if cell.relative >= REPLACED:
        return "replaced"
    return share(cell.relative)


def share(relative: float) -> str:
    """Return a relative change as per cent with two digits that count."""
    percent = 100 * relative
    if percent < 0.01:  # noqa: PLR2004 - the foot of the scale
        return "under 0.01 %"
    digits = 2 if percent < 0.995 else 1 if percent < 9.95 else 0  # noqa: PLR2004
    return f"{percent:.{digits}f} %"


def missing(found: Grid) -> str:
    """Return what a cell is of which there is no number."""
    return "not compared" if found.sampled else "no counterpart"


def told(part: str, column: Column | None, cell: Cell | None, found: Grid) -> tuple[str, str]:
    """Return one cell in full, in two lines: what is read when it is pointed at.

    Args:
        part: The name of the row, raw.
        column: Its layer; None for what has none.
        cell: What was measured; None where nothing was.
        found: The map.
    """
    where = part if column is None else f"layer {column.name}, {part}"
    if cell is None:
        return f"{where}: {missing(found)}", ""
    if column is not None and column.moved:
        where += f" (from base layer {cell.base_layer})"
    values = f"{numbers.count(cell.values)} values{'' if cell.whole else ', a sample'}"
    if cell.unchanged:
        return f"{where}: unchanged, every bit the same", values
    moved = f"moved by {share(cell.relative)} of its size"
    if cell.relative >= REPLACED:
        moved = f"replaced ({share(cell.relative)} of its size)"
    rank = f", rank about {numbers.count(cell.rank)}" if cell.rank >= 0 else ""
    same = f", {numbers.percent(cell.equal)} of them unchanged" if cell.equal > 0 else ""
    return f"{where}: {moved}", f"cosine {cosine(cell.cosine)}{rank}; {values}{same}"


def cosine(value: float) -> str:
    """Return a cosine with the digits in which fine-tunes differ."""
    # Fine-tunes differ in the fourth or fifth place, and only equality may read as 1.
    return f"{min(value, 0.99999):.5f}" if math.isfinite(value) else numbers.NOTHING


def _usable(change: Change) -> bool:
    finite = math.isfinite(change.relative) and math.isfinite(change.equal)
    return finite and change.values > 0 and change.layer < DEEPEST


def _order(role: str) -> tuple[int, str]:
    return role_name(role).place, role


def _columns(changes: Sequence[Change], widest: int, layers: int) -> tuple[Column, ...]:
    if not changes:
        return ()
    base: dict[int, int] = {}
    for change in changes:
        base.setdefault(change.layer, change.base_layer)
    depth = max(max(base) + 1, layers)
    width = -(-depth // widest)
    return tuple(
        Column(
            first=i,
            last=min(i + width, depth) - 1,
            base=base.get(i, -1),
        )
        for i in range(0, depth, width)
    )


def _joined(parts: Iterable[Change | Cell]) -> Cell | None:
    """Join measurements, each weighted by the values behind it."""
    some = list(parts)
    if not some:
        return None
    weights = [float(min(p.values, MOST_VALUES)) for p in some]
    total = sum(weights)

    def mean(of: Iterable[float]) -> float:
        return sum(w * value for w, value in zip(weights, of, strict=True)) / total

    equal = min(mean(p.equal for p in some), math.nextafter(1, 0))
    return Cell(
        base_layer=some[0].base_layer,
        relative=math.sqrt(mean(min(p.relative, MOST_CHANGE) ** 2 for p in some)),
        equal=1.0 if all(p.equal >= 1 for p in some) else equal,
        cosine=mean(p.cosine for p in some),
        rank=some[0].rank if len(some) == 1 else -1,
        values=sum(min(p.values, MOST_VALUES) for p in some),
        whole=all(p.whole for p in some),
    )
