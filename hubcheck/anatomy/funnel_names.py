"""What would the tensors of a Funnel Transformer be called if its layers were one list?

Funnel keeps its layers in blocks, each of a shorter sequence, and a few more at full length behind
them. What the last ones read is the sum of the first block's output and of the last one's: one
stream, so they are one list. Source: ``transformers``, ``modeling_funnel``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

MARK: Final = "encoder.blocks.0.0.attention.r_w_bias"
"""What Funnel has and no other family."""
_LAYER: Final = re.compile(
    r"(?:encoder\.blocks\.(?P<block>\d{1,4})\.(?P<at>\d{1,4})|decoder\.layers\.(?P<last>\d{1,4}))"
    r"\.(?P<path>.+)"
)
_MODULES: Final = (
    (re.compile(r"attention\.q_head\b"), "attention.query"),
    (re.compile(r"attention\.k_head\b"), "attention.key"),
    (re.compile(r"attention\.v_head\b"), "attention.value"),
    (re.compile(r"attention\.post_proj\b"), "attention.out_lin"),
    (re.compile(r"attention\.layer_norm\b"), "rel_attn.layer_norm"),
    (re.compile(r"attention\.r_kernel\b"), "rel_attn.r"),
    (re.compile(r"attention\.(r_\w_bias|seg_embed)\b"), r"rel_attn.\1"),
    (re.compile(r"ffn\.layer_norm\b"), "ff.layer_norm"),
    (re.compile(r"ffn\.linear_([12])\b"), r"ff.layer_\1"),
)
"""Funnel's modules, and those of other encoders that compute the same."""


def funnel_names(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    """Return the names of a Funnel's tensors in one list of layers; nothing for any other model.

    Args:
        shapes: Of every tensor by name, wrappers taken off. Hostile.
    """
    front = next((name.removesuffix(MARK) for name in shapes if name.endswith(MARK)), None)
    if front is None:
        return {}
    cut = {n: _LAYER.fullmatch(n, len(front)) for n in shapes if n.startswith(front)}
    places = sorted({_place(match) for match in cut.values() if match})
    number = {place: i for i, place in enumerate(places)}
    found = {}
    for name, match in cut.items():
        if match is None:
            found[name] = name.removeprefix(front)
            continue
        path = match["path"]
        for pattern, new in _MODULES:
            path = pattern.sub(new, path)
        found[name] = f"layers.{number[_place(match)]}.{path}"
    return found


def _place(match: re.Match[str]) -> tuple[int, int, int]:
    """Return what the layers are sorted by: the blocks first, then what follows them."""
    if match["last"] is not None:
        return 1, 0, int(match["last"])
    return 0, int(match["block"]), int(match["at"])
