"""Which stacks (an encoder, a decoder) does a checkpoint hold, and what is in each called?

An encoder-decoder has two streams: two lists of layers, final norms and position tables, an
embedding that they mostly share, and attention of the decoder to the encoder. Each stack is read as
a model of its own, under names that the rules of a decoder know. The main stack is the body of the
model: the encoder of text, or the decoder where the encoder hears or sees (Whisper, TrOCR). The
other one is a part beside it (``anatomy.towers``).

Names decide: a decoder is a list of layers under ``decoder`` of which some attend to an encoder. A
lone encoder is claimed only under the names of T5, which no other kind has.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.stack_names import CROSS, T5_LAYER, Kind, Paths, names_inside
from hubcheck.frozen import frozen

LISTS: Final = frozenset(("layers", "layer", "block", "blocks"))
"""What lists of layers are called."""
KIND_OF: Final = {kind.value: kind for kind in Kind}
MAX_DIGITS: Final = 6
"""Of a layer's number; a longer one is no index of a real model."""
FINAL_NORM: Final = "layer_norm"
"""A stack that norms before its blocks norms once more at its end; one that norms after them needs
not (BART, Marian against mBART, Pegasus, M2M, Whisper)."""
PRE_NORM: Final = frozenset(("bigbird_pegasus",))
"""Model types that norm before their blocks and call the norm at the end something else."""
SHARED: Final = ("shared", "model.shared", "transformer.shared")
HEADS: Final = ("lm_head", "proj_out", "model.lm_head", "decoder.output_projection")
"""What reads the decoder's stream for tokens."""
LOGITS_BIAS: Final = "final_logits_bias"
"""BART keeps it as a buffer of zeros."""
SIGNS: Final = (
    (Role.AUDIO, frozenset(("num_mel_bins", "input_feat_per_channel", "conv_kernel"))),
    (Role.VISION, frozenset(("image_size", "patch_size", "num_channels", "backbone_config"))),
)
"""What the configuration says of an encoder that does not read text."""
NOT_TEXT: Final = (
    (Role.AUDIO, re.compile(r"(?:conv\d?|conv_layers|feature_\w+)\b.*")),
    (Role.VISION, re.compile(r"(?:patch_\w+|embeddings\.patch_\w+)\b.*")),
)
"""What such an encoder has before its layers."""


@frozen
class Stack:
    """One stack."""

    kind: Kind
    names: Mapping[str, str]
    """Published name of each of its tensors -> its name in a model that is this stack alone."""


@frozen
class Stacks:
    """What a checkpoint of one or two stacks holds."""

    main: Stack
    """The body of the model."""
    other: Stack | None
    role: Role
    """Of the other stack's tensors: a decoder, or an encoder that hears or sees."""
    embedding: str
    """Published name of the embedding that the other stack reads as well; empty without one."""
    copies: frozenset[str]
    """Further stored copies of the shared embedding, which loaders tie to it."""

    def apart(self, name: str) -> Role | None:
        """Return the role of a tensor (by published name) that is not the body's, else None."""
        if name in self.copies or name.endswith(LOGITS_BIAS):
            return Role.BUFFER
        return self.role if self.other is not None and name in self.other.names else None

    def named(self, name: str) -> str:
        """Return what a tensor (by published name) is called in its own stack."""
        if self.other is not None and name in self.other.names:
            return self.other.names[name]
        return self.main.names.get(name, name)


def stacks_in(shapes: Mapping[str, tuple[int, ...]], config: Mapping[str, object]) -> Stacks | None:
    """Return the stacks of a checkpoint, None where it is no encoder-decoder and no part of one.

    Args:
        shapes: Shape of every tensor by published name. Hostile.
        config: Its ``config.json``. Hostile; it says what kind of encoder there is where names do
            not.
    """
    found = _claimed(shapes)
    if found is None:
        return None
    outer, paths = found
    kinds = [kind for kind in Kind if any(layer >= 0 for layer, _ in paths[kind].values())]
    role = _sense(paths, shapes, config)
    main = kinds[0] if len(kinds) == 1 or role is Role.DECODER else Kind.DECODER
    shared = next((f"{s}.weight" for s in _shared(outer) if f"{s}.weight" in shapes), "")
    named = {
        kind: names_inside(kind, paths[kind], pre_norm=_norms_before(paths[kind], config))
        for kind in kinds
    }
    copies = frozenset[str]()
    if shared:
        copies = frozenset(
            published
            for names in named.values()
            for published, name in names.items()
            if name == "embed_tokens.weight" and shapes[published] == shapes[shared]
        )
        for names in named.values():
            for name in copies & names.keys():
                del names[name]
        if "embed_tokens.weight" not in named[main].values():
            named[main][shared] = "embed_tokens.weight"
    reader = Kind.DECODER if Kind.DECODER in named else main
    for name in shapes:
        if name.removesuffix(".weight").removeprefix(outer) in HEADS:
            named[reader][name] = "lm_head.weight"
    owned = (n for n, name in named[main].items() if name == "embed_tokens.weight")
    others = [Stack(kind=k, names=named[k]) for k in kinds if k is not main]
    other = others[0] if others else None
    reads = other is None or "embed_tokens.weight" not in other.names.values()
    return Stacks(
        main=Stack(kind=main, names=named[main]),
        other=other,
        role=role,
        embedding=next(owned, "") if reads and role is Role.DECODER else "",
        copies=copies,
    )


def _claimed(names: Iterable[str]) -> tuple[str, dict[Kind, dict[str, tuple[int, str]]]] | None:
    """Return the prefix before the stacks, and the tensors of each."""
    every = [*names]
    around = _around(every)
    groups: dict[str, dict[Kind, dict[str, tuple[int, str]]]] = defaultdict(
        lambda: {kind: {} for kind in Kind}
    )
    wanted: dict[str, int] = defaultdict(int)
    for name in every:
        placed = _placed(name[len(around) :])
        if placed is None:
            continue
        outer, kind, layer, path = around + placed[0], *placed[1:]
        groups[outer][kind][name] = (layer, path)
        if layer >= 0:
            t5 = kind is Kind.ENCODER and T5_LAYER.fullmatch(path) is not None
            cross = kind is Kind.DECODER and CROSS.match(path.removeprefix("layer.1.")) is not None
            wanted[outer] += t5 or cross
    claimed = [outer for outer, count in wanted.items() if count]
    if not claimed:
        return None
    outer = max(claimed, key=lambda o: (wanted[o], o))
    return outer, groups[outer]


def _around(names: Sequence[str]) -> str:
    """Return the word of a stack that stands before all names, both stacks among them."""
    if not names:
        return ""
    first, last = min(names).split("."), max(names).split(".")
    n = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), 0)
    shared = first[:n]
    if KIND_OF.keys().isdisjoint(shared):
        return ""
    around = "".join(f"{part}." for part in shared)
    kinds = {placed[1] for name in names if (placed := _placed(name[len(around) :])) is not None}
    return around if len(kinds) == len(Kind) else ""


def _placed(name: str) -> tuple[str, Kind, int, str] | None:
    """Return prefix, kind, layer and path of a tensor of a stack."""
    if not any(word in name for word in KIND_OF):
        return None
    parts = name.split(".")
    at = next((i for i, part in enumerate(parts) if part in KIND_OF), -1)
    if at < 0:
        return None
    outer = "".join(f"{part}." for part in parts[:at])
    for i in range(at + 1, len(parts) - 2):
        number = parts[i + 1]
        if parts[i] in LISTS and number.isdecimal() and len(number) <= MAX_DIGITS:
            return outer, KIND_OF[parts[at]], int(number), ".".join(parts[i + 2 :])
    return outer, KIND_OF[parts[at]], -1, ".".join(parts[at + 1 :])


def _shared(outer: str) -> tuple[str, ...]:
    """Return what an embedding of both stacks may be called."""
    return (f"{outer}shared", *SHARED, f"{outer}word_embeddings")


def _sense(
    paths: Mapping[Kind, Paths], shapes: Mapping[str, tuple[int, ...]], config: Mapping[str, object]
) -> Role:
    """Return ``decoder`` where the encoder reads text, else what kind of tower the encoder is."""
    outside = [path for layer, path in paths[Kind.ENCODER].values() if layer < 0]
    if any(p.startswith(("embed_tokens.", "embeddings.word_embeddings.")) for p in outside):
        return Role.DECODER
    by_name = (r for r, words in NOT_TEXT if any(words.fullmatch(p) for p in outside))
    role = next(by_name, None)
    if role is None and not any(f"{s}.weight" in shapes for s in SHARED):
        own = config.get(Kind.ENCODER)
        stated = {*config, *(own if isinstance(own, Mapping) else ())}
        role = next((r for r, words in SIGNS if words & stated), None)
    return role or Role.DECODER


def _norms_before(paths: Paths, config: Mapping[str, object]) -> bool:
    """Say whether a stack norms what goes into its blocks, not what comes out of them."""
    outside = {
        path.removesuffix(".weight").rpartition(".")[2] for n, path in paths.values() if n < 0
    }
    return FINAL_NORM in outside or config.get("model_type") in PRE_NORM
