"""Which numbers of each tensor stand behind the cells of a layer?

A page opens every layer to the parts that were compared in it: how far each moved, how much of it
is equal to the bit, the cosine, the estimated rank of the change, and the values behind that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import heat_grid, numbers
from hubcheck.card.document import Line, OnPage, Opened, Table, Trusted, Untrusted
from hubcheck.card.heat_roles import role_name

if TYPE_CHECKING:
    from hubcheck.report.schema import Change, Finding

LAYERS_SHOWN: Final = 160
"""Layers of the deepest models that are published; the report has them all."""
PARTS_SHOWN: Final = 40
HEAD: Final = ("part", "moved by", "equal bits", "cosine", "rank of the change", "values")
SUMMARY: Final = "Layer by layer, every part with its numbers"


def opened(finding: Finding) -> tuple[Opened, ...]:
    """Return the layers of a map, each folded over a table of its parts; nothing without any."""
    layers: dict[int, list[Change]] = {}
    for change in heat_grid.usable(finding):
        layers.setdefault(change.layer, []).append(change)
    tables = tuple(
        _layer(layer, layers[layer])
        for layer in sorted(layers, key=lambda n: (n < 0, n))[:LAYERS_SHOWN]
    )
    return (Opened(summary=(Trusted(SUMMARY),), tables=tables),) if tables else ()


def _layer(layer: int, changes: list[Change]) -> OnPage:
    name = f"layer {layer}" if layer >= 0 else "outside the layers"
    base = changes[0].base_layer
    if layer >= 0 and base not in {-1, layer}:
        name += f", from base layer {base}"
    ordered = sorted(changes, key=lambda c: (role_name(c.role).place, c.role))
    rows = tuple(_row(change) for change in ordered[:PARTS_SHOWN])
    return OnPage(
        summary=(Trusted(name),),
        table=Table(head=HEAD, rows=rows, numeric=frozenset(range(1, len(HEAD)))),
    )


def _row(change: Change) -> tuple[Line, ...]:
    cell = heat_grid.cell_of(change)
    sample = "" if cell.whole else ", a sample"
    return (
        (Untrusted(role_name(change.role).name),),
        (Trusted("unchanged" if cell.unchanged else heat_grid.share(cell.relative)),),
        (Trusted(numbers.percent(cell.equal)),),
        (Trusted("1" if cell.unchanged else heat_grid.cosine(cell.cosine)),),
        (Trusted(f"about {numbers.count(cell.rank)}" if cell.rank >= 0 else numbers.NOTHING),),
        (Trusted(numbers.count(cell.values) + sample),),
    )
