"""Which towers (vision, audio) does a multimodal model have, each seen as a model of its own?

A tower is a transformer with names of its own prefix. Its tensors make a small checkpoint with the
prefix taken off, and the same rules read it: so the tests that serve a decoder serve a tower, and a
borrowed vision tower can be judged apart from the body. What does not fit (patch embeddings,
position tables, poolers) stays unknown there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from hubcheck.anatomy.gguf_names import FORMAT, published_config, published_name
from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.parts import published_names, stated_config
from hubcheck.anatomy.read import anatomy_of
from hubcheck.anatomy.stack_config import stack_config
from hubcheck.anatomy.stacks import stacks_in
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.frozen import frozen

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
SIGNS: Final = (
    (
        Role.AUDIO,
        frozenset(("num_mel_bins", "input_feat_per_channel", "feat_extract_norm", "conv_kernel")),
    ),
    (Role.VISION, frozenset(("image_size", "patch_size", "num_channels"))),
)
"""What the configuration of a tower alone says, and that of a language model does not. Sound goes
first: a transformer over spectrograms cuts them into patches as well."""
HEADS: Final = ("num_attention_heads", "num_heads", "encoder_attention_heads", "n_heads")
TOWER: Final = "tower"
"""The format of a tower's inner checkpoint: its names are published ones, whatever the file's."""
BEHIND: Final = "tower.normed-behind"
"""The model type of a tower that norms the sum of stream and block, where names do not say it."""
NORMED_BEHIND: Final = frozenset({"speecht5"})
"""Model types whose speech encoder does so and has no switch (wav2vec2 and its like have one)."""
MAX_DIGITS: Final = 6
"""Of a head count in a header."""
MAX_TOWERS: Final = 8
"""Most towers of one model; published ones have up to four (two eyes, an ear, a voice)."""


@frozen
class Tower:
    """One tower."""

    name: str
    """``vision`` or ``audio``; a second one of a kind is numbered, ``vision 2``. ``decoder`` for
    the stack beside an encoder."""
    role: Role
    prefix: str
    """What its tensor names begin with, up to the layers; hostile text."""
    anatomy: Anatomy
    """Read as a model of its own; tensor names lack the prefix."""
    names: frozenset[str] = frozenset()
    """Its tensors as the file names them. Hostile."""


def towers_of(whole: Anatomy, config: Mapping[str, object]) -> tuple[Tower, ...]:
    """Return the towers of a model, by role and prefix.

    Args:
        whole: The whole model.
        config: Its ``config.json``. Hostile; only head counts are taken.
    """
    checkpoint = whole.checkpoint
    gguf = checkpoint.format == FORMAT
    config = stated_config(checkpoint, config)
    found: dict[tuple[Role, str], dict[str, TensorRecord]] = defaultdict(dict)
    lone: dict[tuple[Role, str], dict[str, TensorRecord]] = defaultdict(dict)
    for name, role in whole.others.items():
        published = published_name(name, "") if gguf else whole.plain.get(name, name)
        layered = LAYERED.fullmatch(published) if role in CONFIGS else None
        if layered is not None:
            record = replace(checkpoint.tensors[name], name=published)
            found[role, layered["prefix"]][name] = record
    alone = None if found else _alone(whole, config)
    for name, record in checkpoint.tensors.items() if alone is not None else ():
        published = whole.plain.get(name, name)
        layered = LAYERED.fullmatch(published)
        if layered is not None and alone is not None and name not in whole.others:
            lone[alone, layered["prefix"]][name] = replace(record, name=published)
    found = found or lone
    facts = _stated(checkpoint.metadata) if gguf else config
    towers: list[Tower] = []
    seen: dict[Role, int] = defaultdict(int)
    for (role, prefix), records in sorted(found.items()):
        inner = _inner(checkpoint, records.values())
        anatomy = anatomy_of(inner, _config(facts, role))
        if anatomy.geometry.layers < MIN_LAYERS or len(towers) == MAX_TOWERS:
            continue
        if lone and not anatomy.matrices:  # no prefix called it a tower, and no rule reads it
            continue
        seen[role] += 1
        name = f"{role}" if seen[role] == 1 else f"{role} {seen[role]}"
        own = frozenset(records)
        towers.append(Tower(name=name, role=role, prefix=prefix, anatomy=anatomy, names=own))
    return (*towers, *stacks_beside(whole, config))


def stacks_beside(whole: Anatomy, config: Mapping[str, object]) -> tuple[Tower, ...]:
    """Return the decoder of a model whose body is its encoder, read as a model of its own.

    The embedding that both stacks share is read there, too, and counted in the body.

    Args:
        whole: The whole model.
        config: Its ``config.json``. Hostile; head counts and the family are taken.
    """
    if not whole.stack or Role.DECODER not in whole.others.values():
        return ()
    checkpoint = whole.checkpoint
    gguf = checkpoint.format == FORMAT
    stated = published_config(checkpoint.metadata) if gguf else stated_config(checkpoint, config)
    published = published_names(checkpoint)
    stacks = stacks_in({published[n]: r.shape for n, r in checkpoint.tensors.items()}, stated)
    if stacks is None or stacks.other is None:
        return ()
    inner: dict[str, TensorRecord] = {}
    borrowed: set[str] = set()
    for stored, record in checkpoint.tensors.items():
        name = published[stored]
        if name == stacks.embedding:
            borrowed.add("embed_tokens.weight")
            inner["embed_tokens.weight"] = replace(record, name="embed_tokens.weight")
        elif name in stacks.other.names and stored in whole.others:
            inside = stacks.other.names[name]
            inner.setdefault(inside, replace(record, name=inside))
    own = replace(
        checkpoint, tensors=MappingProxyType(dict(sorted(inner.items()))), format=TOWER, notes=()
    )
    kind = stacks.other.kind
    anatomy = anatomy_of(own, stack_config(stated, kind))
    anatomy = replace(anatomy, stack=kind, beside=stacks.main.kind, borrowed=frozenset(borrowed))
    return (Tower(name=kind, role=Role.DECODER, prefix=f"{kind}.", anatomy=anatomy),)


def _alone(whole: Anatomy, config: Mapping[str, object]) -> Role | None:
    """Return which tower a repository is that holds nothing else, by what its configuration says.

    Such a repository (CLIP, SigLIP, DINO, an audio encoder) is the base of a multimodal model's
    tower; its own names may have no prefix at all.
    """
    if whole.get(Role.EMBED) is not None:
        return None
    return next((role for role, words in SIGNS if not words.isdisjoint(config)), None)


def _inner(checkpoint: Checkpoint, records: Iterable[TensorRecord]) -> Checkpoint:
    """Return the layers of a tower as a checkpoint, names without the prefix."""
    named = {}
    for record in records:
        match = LAYERED.fullmatch(record.name)
        if match is not None:
            name = f"layers.{match['rest']}"
            named[name] = replace(record, name=name)
    return replace(checkpoint, tensors=MappingProxyType(dict(sorted(named.items()))), format=TOWER)


def _stated(metadata: Mapping[str, str]) -> dict[str, object]:
    """Return the head counts of a GGUF header under the names of ``config.json``."""
    found: dict[str, object] = {}
    for role, part in ((Role.VISION, "vision"), (Role.AUDIO, "audio")):
        heads = metadata.get(f"clip.{part}.attention.head_count", "")
        if heads.isdecimal() and len(heads) <= MAX_DIGITS:
            found[CONFIGS[role][0]] = {HEADS[0]: int(heads)}
    return found


def _config(config: Mapping[str, object], role: Role) -> dict[str, object]:
    """Return the facts of a tower's own configuration; head counts only."""
    outer: Mapping[str, object] = config
    for nested in ("thinker_config", "text_config"):
        inner = outer.get(nested)
        if isinstance(inner, Mapping) and any(k in inner for k in CONFIGS[role]):
            outer = inner
    own = next((v for k in CONFIGS[role] if isinstance(v := outer.get(k), Mapping)), outer)
    if own is outer and not any(w in outer for r, words in SIGNS if r is role for w in words):
        return {"model_type": TOWER}  # the heads of a language model are not the tower's
    heads = next((own[k] for k in HEADS if k in own), 0)
    behind = own.get("do_stable_layer_norm") is False or own.get("model_type") in NORMED_BEHIND
    return {"model_type": BEHIND if behind else TOWER, "num_attention_heads": heads}
