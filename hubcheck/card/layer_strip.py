"""Where in the model do the weights agree, layer by layer?

One line per matching base, one cell per layer of that base: how many of the layer's sampled units
found themselves. A graft of a few layers and a copy of all look different at a glance.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import matches, names
from hubcheck.card.document import CodeBlock, Segment
from hubcheck.card.escaping import visible
from hubcheck.report.words import EvidenceKind

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, Report

CELLS: Final = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
"""From hardly any to all; eight heights that every monospaced face draws alike."""
UNREAD: Final = "\u00b7"
WIDEST: Final = 96
"""Cells in a line; deeper models share a cell between neighbouring layers."""
BASES_SHOWN: Final = 4
DEEPEST: Final = 4096
"""Layers beyond this are not drawn: a report from elsewhere may name any number."""
NAME_WIDTH: Final = 40


def layer_strip(report: Report) -> CodeBlock | None:
    """Return the strips, or None where no layer of a matching base was compared."""
    shown = [f for f in report.findings if f.verdict in matches.MATCHES][:BASES_SHOWN]
    strips = [(f, _shares(f)) for f in shown]
    strips = [(f, shares) for f, shares in strips if shares]
    if not strips:
        return None
    called = [visible(names.called(f.base), limit=NAME_WIDTH) for f, _ in strips]
    width = max(map(len, called)) + 2
    lines = [
        (Segment(text=name, width=width), Segment(text=_strip(shares)))
        for name, (_, shares) in zip(called, strips, strict=True)
    ]
    legend = f"layers left to right; {CELLS[-1]} all sampled units match, {UNREAD} not read"
    return CodeBlock(lines=(*lines, (Segment(text=legend),)))


def _shares(finding: Finding) -> dict[int, float]:
    """Return the best share of units hit in each layer."""
    shares: dict[int, float] = {}
    for item in finding.evidence:
        if item.kind is EvidenceKind.CONTEXT or item.part != "body" or not item.units:
            continue
        for layer in item.layers:
            if 0 <= layer < DEEPEST:
                share = min(item.hits / item.units, 1.0)
                shares[layer] = max(shares.get(layer, 0.0), share)
    return shares


def _strip(shares: dict[int, float]) -> str:
    depth = max(shares) + 1
    per_cell = -(-depth // WIDEST)
    cells = []
    for start in range(0, depth, per_cell):
        seen = [shares[i] for i in range(start, min(start + per_cell, depth)) if i in shares]
        cells.append(CELLS[round(min(seen) * (len(CELLS) - 1))] if seen else UNREAD)
    return "".join(cells)
