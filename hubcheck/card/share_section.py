"""How much of each base does a merge hold?

The whole model's share of each base with its 95 % interval; layer by layer as a chart on a page and
as a strip in a comment.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from hubcheck.card import names, numbers, share_chart
from hubcheck.card.document import (
    CodeBlock,
    Details,
    Figure,
    Inner,
    Line,
    Meter,
    OnPage,
    Paragraph,
    Role,
    Segment,
    Table,
    Trusted,
)
from hubcheck.card.escaping import visible
from hubcheck.card.heat_strip import BLOCKS, NOT_COMPARED
from hubcheck.card.share_chart import Series, share_words

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, MergeShare, Report

WHOLE: Final = -1
BASES_SHOWN: Final = 8
LAYERS_SHOWN: Final = 256
"""Of a table; the report has them all."""
WIDEST: Final = 64
NAME_WIDTH: Final = 40
NOTE: Final = (
    "Shares are estimated so that they add up to 1 in each layer, from what tells the bases apart; "
    "the interval holds 95 % of the time. They say how much, not who merged."
)


def share_section(report: Report) -> tuple[Details, ...]:
    """Return the folded shares, or nothing where no merge was found."""
    merged = [f for f in report.findings if f.shares][:BASES_SHOWN]
    if not merged:
        return ()
    blocks: list[Inner] = [_whole(merged)]
    series = tuple(Series(name=names.called(f.base), layers=_layers(f)) for f in merged)
    if any(one.layers for one in series):
        figure = Figure(
            element=share_chart.element(series),
            style=share_chart.STYLE,
            plain=_strips(series),
            width=share_chart.NARROWEST,
        )
        table = OnPage(summary=(Trusted("The same numbers as a table"),), table=_table(series))
        blocks += [figure, table]
    blocks.append(Paragraph(content=(Trusted(NOTE),), role=Role.NOTE))
    return (
        Details(
            summary=(Trusted("Shares of the bases in this merge"),),
            blocks=tuple(blocks),
            unfolded=True,
        ),
    )


def whole_share(finding: Finding) -> MergeShare | None:
    """Return the share of the base in the model as a whole, if it is known."""
    return next((s for s in finding.shares if s.layer == WHOLE and math.isfinite(s.share)), None)


def _whole(merged: list[Finding]) -> Table:
    rows: list[tuple[Line, ...]] = []
    for finding in merged:
        share = whole_share(finding)
        known: Line = (Trusted(numbers.NOTHING),)
        interval: Line = known
        if share is not None:
            known = (Meter(share.share, Trusted(numbers.percent(share.share))),)
            ends = f"{numbers.percent(share.low)} to {numbers.percent(share.high)}"
            interval = (Trusted(ends),)
        base = names.pinned_base(finding.base)
        rows.append(((base,), known, interval))
    return Table(head=("base", "share", "95 % interval"), rows=tuple(rows))


def _layers(finding: Finding) -> tuple[MergeShare, ...]:
    by_layer = {s.layer: s for s in finding.shares if s.layer >= 0}
    return tuple(by_layer[layer] for layer in sorted(by_layer)[:LAYERS_SHOWN])


def _strips(series: tuple[Series, ...]) -> CodeBlock:
    called = [visible(one.name, limit=NAME_WIDTH) for one in series]
    width = max(map(len, called)) + 2
    lines = [
        (Segment(text=name, width=width), Segment(text=_strip(one)))
        for name, one in zip(called, series, strict=True)
    ]
    legend = f"layers left to right; {BLOCKS[0]} none of it, {BLOCKS[-1]} all of it"
    return CodeBlock(lines=(*lines, (Segment(text=legend),)))


def _strip(one: Series) -> str:
    if not one.layers:
        return NOT_COMPARED
    per_cell = -(-len(one.layers) // WIDEST)
    cells = []
    for start in range(0, len(one.layers), per_cell):
        some = [s.share for s in one.layers[start : start + per_cell] if math.isfinite(s.share)]
        mean = min(max(sum(some) / len(some), 0.0), 1.0) if some else None
        cells.append(NOT_COMPARED if mean is None else BLOCKS[round(mean * (len(BLOCKS) - 1))])
    return "".join(cells)


def _table(series: tuple[Series, ...]) -> Table:
    layers = sorted({s.layer for one in series for s in one.layers})
    found = [{s.layer: s for s in one.layers} for one in series]
    rows = tuple(
        (
            (Trusted(str(layer)),),
            *(
                (Trusted(share_words(of[layer]) if layer in of else numbers.NOTHING),)
                for of in found
            ),
        )
        for layer in layers
    )
    head = ("layer", *(visible(one.name, limit=NAME_WIDTH) for one in series))
    return Table(head=head, rows=rows, numeric=frozenset({0}))
