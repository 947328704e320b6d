"""Which layer comes from which, and what was undone before the weights matched?

One compact line for a reader, a table on the page for a doubter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import matches, numbers
from hubcheck.card.document import (
    Heading,
    Inner,
    ItemList,
    Line,
    Meter,
    OnPage,
    Paragraph,
    Strong,
    Table,
    Trusted,
    Untrusted,
)
from hubcheck.card.wording import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hubcheck.report.schema import Finding, LayerMatch

RUNS_SHOWN: Final = 16
LAYERS_SHOWN: Final = 512
WORDS_SHOWN: Final = 12
LONG_TEXT: Final = 300
NO_LAYER: Final = -1
UNDONE: Final = "What was undone before the weights matched"
LOOKS_UNDONE: Final = "What seems to have been done, if this is a copy"


def origin_blocks(finding: Finding) -> tuple[Inner, ...]:
    """Return the disguise in words and the layer map of one base, as far as there are any."""
    blocks: list[Inner] = []
    if finding.disguise:
        items: list[Line] = [
            (Untrusted(words(done), limit=LONG_TEXT),) for done in finding.disguise[:WORDS_SHOWN]
        ]
        heading = UNDONE if finding.verdict in matches.MATCHES else LOOKS_UNDONE
        blocks += [Heading(content=(Trusted(heading),)), ItemList(items=tuple(items))]
    if finding.layer_map:
        origin: Line = (Strong((Trusted("Layers:"),)), Trusted(f" {layer_line(finding)}."))
        blocks += [
            Paragraph(content=origin),
            OnPage(summary=(Trusted("Layer by layer"),), table=_table(finding.layer_map)),
        ]
    return tuple(blocks)


def layer_line(finding: Finding) -> str:
    """Return the map as stretches: ``0-15 from base layers 0-15; 16-23 from 8-15``."""
    pairs = sorted({m.layer: m.base_layer for m in finding.layer_map}.items())
    runs = _runs(pairs)
    if len(runs) == 1 and runs[0][0] == runs[0][2]:
        return "each comes from the base layer of the same number"
    shown = [
        f"{_span(first, last)} from {_origin(begin, end, base_layers=i == 0)}"
        for i, (first, last, begin, end) in enumerate(runs[:RUNS_SHOWN])
    ]
    more = len(runs) - RUNS_SHOWN
    return "; ".join([*shown, f"and {more} more stretches"] if more > 0 else shown)


def _runs(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int, int, int]]:
    """Join neighbours: (first and last layer, first and last base layer)."""
    runs: list[tuple[int, int, int, int]] = []
    for layer, base in pairs:
        if runs:
            first, last, begin, end = runs[-1]
            expected = NO_LAYER if end == NO_LAYER else end + 1
            if layer == last + 1 and base == expected:
                runs[-1] = (first, layer, begin, base)
                continue
        runs.append((layer, layer, base, base))
    return runs


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _origin(begin: int, end: int, *, base_layers: bool) -> str:
    if begin == NO_LAYER:
        return "no layer of this base"
    noun = f"base layer{'s' if end != begin else ''} " if base_layers else ""
    return noun + _span(begin, end)


def _table(layers: tuple[LayerMatch, ...]) -> Table:
    rows: list[tuple[Line, ...]] = []
    for match in sorted(layers, key=lambda m: m.layer)[:LAYERS_SHOWN]:
        stands = match.base_layer != NO_LAYER
        kept: Line = (Meter(match.kept, Trusted(numbers.kept(match.kept))),)
        chance = numbers.chance(match.log10_p) if stands and match.log10_p < 0 else numbers.NOTHING
        rows.append(
            (
                (Trusted(str(match.layer)),),
                (Trusted(str(match.base_layer) if stands else "none of this base"),),
                (Trusted(numbers.hits(match.hits, match.units)),),
                (Trusted(chance),),
                kept if stands else (Trusted(numbers.NOTHING),),
            )
        )
    head = ("layer", "base layer", "hits", "by chance", "similarity")
    return Table(head=head, rows=tuple(rows), numeric=frozenset({0, 1, 2}))
