"""Which layers beyond those that a configuration counts predict no further tokens?

Loaders make as many layers as ``config.json`` counts. What a file holds beyond them is a predictor
of further tokens (DeepSeek-V3's layer 61), which a loader that knows it reads, or what was left of
another model: nothing reads it. A predictor is joined to the body by a norm or a matrix that no
layer of the body has, or counted as one; else a layer is no predictor, whatever else it holds.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Mapping
from typing import Final

from hubcheck.anatomy.interface import Role

BLOCK: Final = re.compile(
    r"(?:.*\.)?(?:layers|blk|blocks|h|mtp_layers|mtp_block|mtp|nextn)\.(?P<layer>[0-9]{1,6})\."
    r"(?:transformer_layer\.|transformer_block\.|mtp_block\.|transformer\.)?(?P<rest>.+)"
)
"""A tensor inside a numbered block of a predictor; some families wrap the layer once more."""
COUPLING: Final = re.compile(
    r"(?:embed_tokens|shared_head|eh_proj|enorm|hnorm|emb_norm|embed_norm|token_layernorm|"
    r"hidden_layernorm|input_proj|final_layernorm|hidden_norm|embedding_norm|nextn|fc|norm|"
    r"pre_fc_norm\w*|output_layernorm|proj|e_proj|h_proj|head)(?=\.|$)"
)
"""What joins a predictor to the body and is no part of its layer."""
SAYS_SO: Final = re.compile(r"(?:^|\.)(?:mtp|nextn)")
"""Names that call a module a predictor."""


def without_uncounted(
    others: dict[str, Role], names: Mapping[str, str], *, counted: Container[int] = ()
) -> dict[str, Role]:
    """Return roles by tensor, with layers that predict nothing told from predictors.

    Args:
        others: Roles of tensors outside the body; every layer beyond the count is a predictor.
        names: The published name of every tensor. Hostile.
        counted: Numbers of layers that the configuration counts as predictors.
    """
    layers: dict[int, list[str]] = defaultdict(list)
    joined: set[int] = set()
    for name, role in others.items():
        found = BLOCK.fullmatch(names[name]) if role is Role.MTP else None
        if found is None:
            continue
        layer = int(found["layer"])
        layers[layer].append(name)
        says_so = COUPLING.match(found["rest"]) or SAYS_SO.search(names[name])
        if says_so or layer in counted:
            joined.add(layer)
    left = {n for layer, some in layers.items() if layer not in joined for n in some}
    return {**others, **dict.fromkeys(left, Role.UNCOUNTED)} if left else others


def uncounted_layers(others: Mapping[str, Role], plain: Mapping[str, str]) -> int:
    """Return how many layers there are that the configuration does not count.

    Args:
        others: Roles of tensors outside the body.
        plain: The published name of tensors that have another.
    """
    names = (plain.get(n, n) for n, role in others.items() if role is Role.UNCOUNTED)
    return len({found["layer"] for n in names if (found := BLOCK.fullmatch(n)) is not None})
