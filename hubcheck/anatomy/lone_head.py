"""Is a checkpoint nothing but a head, made to be put on another model's body, and of which kind?

A reward or classification head, Medusa's heads, the layer that EAGLE drafts with: what it was made
for is another repository, and whether it fits there is no question of derivation. It is known by
what it lacks, a body: it has no list of layers, or one or two layers of which the first reads the
embedding beside the stream of the other model. What holds a body is no head, whatever
it says.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Final

from hubcheck.anatomy.interface import Role

MAX_LAYERS: Final = 2
"""Layers of a draft model that is a head: EAGLE has one, a few have two."""
JOINED: Final = (2, 3)
"""Widths of the stream that a draft layer joins: with the embedding, or from three depths
(EAGLE-3)."""
MATRIX_AXES: Final = 2
JOIN: Final = re.compile(r"(?:.+\.)?(?:fc|embed_fc|eh_proj)\.weight")
"""What joins them."""
ORDERED: Final = frozenset(
    {
        Role.V, Role.MLA_V_B, Role.UP, Role.DOWN, Role.EXPERT_UP, Role.EXPERT_DOWN,
        Role.SHARED_UP, Role.SHARED_DOWN,
    }
)  # fmt: skip
"""Roles that only a layer has."""
MIXING: Final = frozenset({Role.SSM, Role.DELTA, Role.CONV, Role.VISION, Role.AUDIO, Role.DECODER})
"""Listed roles of a body or of a tower."""


class Head(StrEnum):
    """Kinds of heads that are published alone; the words are the card's."""

    EAGLE = "eagle"
    MEDUSA = "medusa"
    SPECULATOR = "speculator"
    PREDICTOR = "predictor"
    TASK = "task"


NAMED: Final = (
    (
        Head.MEDUSA,
        re.compile(
            r"(?:.*\.)?(?:medusa_heads?|hydra_heads?)\..+|[0-9]+\.[0-9]+\..+|"
            r"blocks\.[0-9]+\.layers\.[0-9]+\.(?:weight|bias)|lm_heads\.[0-9]+\.weight"
        ),
    ),
    (Head.SPECULATOR, re.compile(r"(?:.*\.)?(?:mlp_)?speculator\..+")),
)
"""Heads by the names of their tensors; two indices and nothing before them are Medusa's list."""
DRAFT: Final = re.compile(r"(?:.*\.)?(?:midlayer|layers\.[01])\..+")
"""The layer of a draft model: it may read two streams at once, which no rule of a body does."""
STATED: Final = (
    (Head.EAGLE, re.compile(r"eagle", re.IGNORECASE)),
    (Head.MEDUSA, re.compile(r"medusa|hydra", re.IGNORECASE)),
    (Head.SPECULATOR, re.compile(r"speculator", re.IGNORECASE)),
)
"""Draft heads by what the configuration calls them: a word for what names have shown, no proof."""
STATING: Final = ("architectures", "model_type", "speculators_model_type")


def lone_head(
    shapes: Mapping[str, tuple[int, ...]],
    *,
    roles: Mapping[Role, int],
    others: Collection[Role],
    unknown: Collection[str],
    hidden: int,
    layers: int,
    config: Mapping[str, object],
) -> Head | None:
    """Return which head a checkpoint is and nothing else, None where it is more or something else.

    Args:
        shapes: Shape of every tensor by published name. Hostile.
        roles: How many matrices have a role.
        others: Roles of tensors without a canonical matrix.
        unknown: Published names of tensors that no rule understands: they may be a body.
        hidden: Width of the stream, 0 where unknown.
        layers: Layers of the body.
        config: The parsed ``config.json``. Hostile.
    """
    if not MIXING.isdisjoint(others) or layers > MAX_LAYERS:
        return None
    open_ = [name for name in unknown if len(shapes[name]) >= MATRIX_AXES]
    stated = _stated(config)
    joining = [n for n, shape in shapes.items() if JOIN.fullmatch(n) and _joins(shape, hidden)]
    if joining and all(n in joining or DRAFT.fullmatch(n) for n in open_):
        return stated or Head.EAGLE
    named = {head for head, names in NAMED if any(map(names.fullmatch, shapes))}
    known = [names for _, names in NAMED]
    if any(roles.get(role) for role in ORDERED) or not all(
        any(names.fullmatch(n) for names in known) for n in open_
    ):
        return None
    if named or Role.HEAD in others:
        return next(iter(sorted(named)), Head.TASK)
    return Head.PREDICTOR if Role.MTP in others else None


def _joins(shape: tuple[int, ...], hidden: int) -> bool:
    """Say whether a matrix takes several streams and gives one."""
    wide = {n * hidden for n in JOINED}
    return len(shape) == MATRIX_AXES and shape[0] == hidden > 0 and shape[1] in wide


def _stated(config: Mapping[str, object]) -> Head | None:
    """Return which head a configuration says the model is."""
    words: list[str] = []
    for name in STATING:
        value = config.get(name)
        values = value if isinstance(value, list) else [value]
        words += [v for v in values[:4] if isinstance(v, str)]
    return next((h for h, pattern in STATED if any(map(pattern.search, words))), None)
