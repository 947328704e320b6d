"""Builds reports of what only the deeper depths say: heat maps, layer maps, shares, disguises."""

from __future__ import annotations

import math
from typing import Any, Final

from hubcheck.report.phrases import PhraseCode, phrase, text
from hubcheck.report.schema import (
    BaseModelRef,
    Change,
    Evidence,
    Finding,
    LayerMatch,
    MergeShare,
    Relation,
    Report,
)
from hubcheck.report.words import (
    DeclarationVerdict,
    Depth,
    EvidenceKind,
    RelationKind,
    Verdict,
)
from tests.card import reports

DENSE: Final = ("norm.attn_in", "norm.mlp_in", "q", "k", "v", "o", "gate", "up", "down")
_SCALE: Final = {"q": 1.4, "v": 0.7, "down": 0.8}


def change(role: str, layer: int, relative: float, **changes: Any) -> Change:
    """Return one cell of a heat map."""
    fields: dict[str, Any] = {
        "layer": layer,
        "base_layer": layer,
        "role": role,
        "relative": relative,
        "equal": 0.0 if relative else 1.0,
        "cosine": 1 - min(relative, 1.4) ** 2 / 2,
        "values": 4096 if role.startswith("norm") else 16_777_216,
        "whole": True,
    }
    return Change(**(fields | changes))


def tuned(layers: int = 32) -> tuple[Change, ...]:
    """Return a fine-tune that changed later layers more, left two alone and replaced the last MLP."""
    cells = []
    for layer in range(layers):
        for place, role in enumerate(DENSE):
            norm = role.startswith("norm")
            wave = 1 + 0.25 * math.sin(7 * layer + 3 * place)
            depth = 0.4 + 2.2 * (layer / layers) ** 2
            relative = round((0.0007 if norm else 0.006) * wave * depth * _SCALE.get(role, 1), 7)
            if layer < 2:
                relative = 0.0
            elif layer == layers - 1 and role in {"gate", "up", "down"}:
                relative = 1.38
            equal = {"equal": 0.62} if norm and relative else {}
            if not (role == "k" and 3 <= layer <= 5):
                cells.append(change(role, layer, relative, **equal))
    apart = (("embed", 0.0007), ("norm.final", 0.0), ("lm_head", 0.0021))
    return (*cells, *(change(role, -1, moved) for role, moved in apart))


def whole_model(note: str) -> Evidence:
    """Return the row that says what was measured over every value."""
    return reports.evidence(
        test="change", family="every value", units=0, hits=0, log10_p=0, note=note, kept=0
    )


def fine_tune() -> Report:
    """Return a declared fine-tune at depth full."""
    row = whole_model(
        "Over 7.2 B values the weights moved by 0.71 % of their size; 8.4 % of the values are "
        "equal to the bit"
    )
    base = reports.matching(
        ref="acme/base-7b",
        declared=True,
        proposed_by=("README.md line 4",),
        changes=tuned(),
        evidence=(*reports.matching().evidence, row),
    )
    return reports.report(DeclarationVerdict.CONFIRMED, base, depth=Depth.FULL)


def small() -> Report:
    """Return a model of three layers that shows each kind of cell."""
    cells = (
        change("norm.attn_in", 0, 0.00005, equal=0.9),
        change("q", 0, 0.0),
        change("q", 1, 0.011, rank=16),
        change("q", 2, 1.41, base_layer=1),
        change("down", 0, 0.3, whole=False),
        change("down", 2, 0.002, base_layer=1),
        change("embed", -1, 0.0004),
    )
    base = reports.matching(ref="acme/base-7b", changes=cells)
    return reports.report(DeclarationVerdict.UNDECLARED, base, depth=Depth.FULL)


def upscaled() -> Report:
    """Return a model of 24 layers, the last eight of which repeat layers 8 to 15 of its base."""
    origin = [*range(16), *range(8, 16)]
    cells = tuple(
        change(
            role,
            layer,
            (0.004 if layer < 16 else 0.012) * (1 + 0.2 * math.cos(5 * layer + place)),
            base_layer=base,
            values=262_144,
            whole=False,
        )
        for layer, base in enumerate(origin)
        for place, role in enumerate(DENSE)
    )
    found = tuple(
        LayerMatch(layer=layer, base_layer=base, hits=63, units=64, log10_p=-87.3 + 1.5, kept=0.991)
        for layer, base in enumerate(origin)
    )
    base = reports.matching(
        ref="acme/base-7b",
        relation=Relation(
            kind=RelationKind.LAYERS_CHANGED,
            detail=(text("layers 0-15 from base layers 0-15, layers 8-15 duplicated behind them"),),
        ),
        changes=cells,
        layer_map=found,
        direction="base-to-subject",
        direction_reason="layers of the base stand in the subject twice",
        notes=("not compared: model.extra.weight (subject): no counterpart in the base",),
    )
    return reports.report(DeclarationVerdict.UNDECLARED, base, depth=Depth.DEEP)


def merged() -> Report:
    """Return a merge of two bases whose shares differ from layer to layer."""

    def shares(sign: int) -> tuple[MergeShare, ...]:
        rows = [(-1, 0.5 + 0.12 * sign, 0.008)]
        rows += [
            (i, 0.5 + sign * (0.12 + 0.2 * math.sin(i / 5)), 0.02 + 0.01 * (i % 3))
            for i in range(32)
        ]
        return tuple(
            MergeShare(layer=i, share=mid, low=mid - half, high=mid + half) for i, mid, half in rows
        )

    kind = Relation(
        kind=RelationKind.MERGE, detail=(text("weighted mean of two bases, layer by layer"),)
    )
    one = reports.matching(
        ref="acme/math-7b", declared=True, relation=kind, shares=shares(1), kept=0.91,
        proposed_by=("README.md line 4",),
        direction="base-to-subject", direction_reason="the subject's values are computed from the bases'",
    )  # fmt: skip
    other = reports.matching(
        ref="other/code-7b", declared=True, relation=kind, shares=shares(-1), kept=0.86,
        base=BaseModelRef(ref="other/code-7b", revision="5" * 40, created=""),
        proposed_by=("README.md line 5",),
        direction="base-to-subject", direction_reason="the subject's values are computed from the bases'",
    )  # fmt: skip
    return reports.report(DeclarationVerdict.CONFIRMED, one, other, depth=Depth.DEEP)


def disguise(**changes: Any) -> Finding:
    """Return a finding that rests on the calibrated test alone."""
    rows = tuple(
        reports.evidence(
            test="disguise", family=f"neurons of layer {layer}, matched by gate, up and down alone",
            kind=EvidenceKind.CALIBRATED, frame="token", layers=(layer,), units=240, hits=hits,
            log10_p=-2.11, kept=0.93, ceiling=0.0, control_hits=-1, detectable_kept=0.4,
            note=phrase(
                PhraseCode.NOTE_CALIBRATED, models=256, score=0.853, pairs=2016, greatest=0.024,
                outstanding=0.9, layer=layer,
            ),
        )
        for layer, hits in ((3, 209), (9, 203))
    )  # fmt: skip
    fields: dict[str, Any] = {
        "verdict": Verdict.DISGUISED,
        "log10_p": -2.11,
        "kept": 0.93,
        "relation": Relation(kind=RelationKind.REARRANGED, detail=()),
        "disguise": (
            "the neurons of every layer were put into another order",
            "the residual stream was turned by a rotation",
            "rows of gate and up were rescaled",
        ),
        "evidence": (*rows, reports.evidence(hits=1, log10_p=0.0, kept=0.0, ceiling=0.2)),
        "parts": (),
        "log10_p_without_strongest": 0.0,
        "families_hit": 0,
        "units_hit": 3,
        "compared": 0.15,
        "held": 0.0,
        "not_compared": ("attention 12%",),
    }
    return reports.matching(**(fields | changes))


def disguised() -> Report:
    """Return a copy whose every symmetry was randomised, under a card that names another base."""
    return reports.report(
        DeclarationVerdict.CONTRADICTED, reports.unrelated(), disguise(), depth=Depth.SAMPLE
    )


def twin() -> Report:
    """Return two models trained apart in the same way: nothing moved, for nothing was shared."""
    finding = reports.unrelated(
        ref="acme/twin-7b",
        declared=False,
        proposed_by=("--suspect",),
        changes=tuple(change(role, i, 1.41, cosine=0.0) for i in range(4) for role in DENSE),
        evidence=(
            *reports.unrelated().evidence,
            whole_model(
                "no value of 7.2 B is equal to the bit; the difference has 141 % of the size"
            ),
        ),
    )
    return reports.report(
        DeclarationVerdict.NONE_FOUND, finding, depth=Depth.FULL, context=reports.context()
    )


def deep_cases() -> dict[str, Report]:
    """Return the reports whose cards are golden, by name."""
    return {
        "fine-tune-full": fine_tune(),
        "upscaled": upscaled(),
        "merged": merged(),
        "disguised": disguised(),
        "twin": twin(),
    }
