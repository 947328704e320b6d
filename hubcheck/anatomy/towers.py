"""Which towers (vision, audio) does a multimodal model have, each seen as a model of its own?

A tower is a transformer with names of its own prefix. Its tensors make a small checkpoint with the
prefix taken off, and the same rules read it: so the tests that serve a decoder serve a tower, and a
borrowed vision tower can be judged apart from the body. What does not fit (patch embeddings,
position tables, poolers) stays unknown there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from hubcheck.anatomy.gguf_names import FORMAT
from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.read import anatomy_of
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord

LAYERED: Final = re.compile(
    r"(?P<prefix>(?:.*\.)?)(?P<list>layers|blocks|block|layer|resblocks|h)\.(?P<rest>[0-9]{1,6}\..+)"
)
"""A tensor inside a numbered layer: everything before the list of layers is the tower's prefix."""
MIN_LAYERS: Final = 2
"""Fewer layers are a projector or a pooler."""
CONFIGS: Final[Mapping[Role, tuple[str, ...]]] = MappingProxyType(
    {
        Role.VISION: ("vision_config", "visual", "vit_config", "vision_cfg"),
        Role.AUDIO: ("audio_config", "speech_config", "encoder_config", "audio_cfg"),
    }
)
HEADS: Final = ("num_attention_heads", "num_heads", "encoder_attention_heads", "n_heads")
MAX_TOWERS: Final = 8
"""Most towers of one model; published ones have up to four (two eyes, an ear, a voice)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tower:
    """One tower."""

    name: str
    """``vision`` or ``audio``; a second one of a kind is numbered, ``vision 2``."""
    role: Role
    prefix: str
    """What its tensor names begin with, up to the layers; hostile text."""
    anatomy: Anatomy
    """Read as a model of its own; tensor names lack the prefix."""


def towers_of(whole: Anatomy, config: Mapping[str, object]) -> tuple[Tower, ...]:
    """Return the towers of a model, by role and prefix.

    Args:
        whole: The whole model.
        config: Its ``config.json``. Hostile; only head counts are taken.
    """
    checkpoint = whole.checkpoint
    if checkpoint.format == FORMAT:  # a GGUF model keeps its towers in a file of their own
        return ()
    found: dict[tuple[Role, str], list[TensorRecord]] = defaultdict(list)
    for name, role in whole.others.items():
        layered = LAYERED.fullmatch(name) if role in CONFIGS else None
        if layered is not None:
            found[role, layered["prefix"]].append(checkpoint.tensors[name])
    towers: list[Tower] = []
    seen: dict[Role, int] = defaultdict(int)
    for (role, prefix), records in sorted(found.items()):
        anatomy = anatomy_of(_inner(checkpoint, records), _config(config, role))
        if anatomy.geometry.layers < MIN_LAYERS or len(towers) == MAX_TOWERS:
            continue
        seen[role] += 1
        name = f"{role}" if seen[role] == 1 else f"{role} {seen[role]}"
        towers.append(Tower(name=name, role=role, prefix=prefix, anatomy=anatomy))
    return tuple(towers)


def _inner(checkpoint: Checkpoint, records: list[TensorRecord]) -> Checkpoint:
    """Return the layers of a tower as a checkpoint, names without the prefix."""
    named = {}
    for record in records:
        match = LAYERED.fullmatch(record.name)
        if match is not None:
            name = f"layers.{match['rest']}"
            named[name] = replace(record, name=name)
    return replace(checkpoint, tensors=MappingProxyType(dict(sorted(named.items()))))


def _config(config: Mapping[str, object], role: Role) -> dict[str, object]:
    """Return the facts of a tower's own configuration; head counts only."""
    outer: Mapping[str, object] = config
    for nested in ("thinker_config", "text_config"):
        inner = outer.get(nested)
        if isinstance(inner, Mapping) and any(k in inner for k in CONFIGS[role]):
            outer = inner
    own = next((v for k in CONFIGS[role] if isinstance(v := outer.get(k), Mapping)), {})
    heads = next((own[k] for k in HEADS if k in own), 0)
    return {"model_type": "tower", "num_attention_heads": heads}
