"""Do the channels of a mixer (state space, delta rule, convolution) stand in the same order?

Null. The channels of one head of a mixer share decay, step and keys, so relabelling the rows that
feed and gate them together with the columns that read them leaves the layer unchanged; no position
encoding and no initial value tells them apart (``anatomy.mixers`` says which orders are arbitrary
and which are not). One family per layer and head, as for V/O dimensions; where a norm shared by all
heads makes their channels stand in ONE order, one family per layer, seen through a drawn head.
Decays, steps, keys, state dimensions, convolution taps and the order of heads are never used: they
start from fixed ladders in some families. Signs are no coins here, since a channel's input passes
through an activation of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hubcheck.anatomy.interface import Anatomy, Mixer, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block, Part, Profiles, Test
from hubcheck.evidence.orders.neurons import corresponding_layers, is_small, joined_views
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.statistics.profiles import FloatArray


def channels_of(mixer: Mixer | None) -> int:
    """Return the channels of one head, 0 without a mixer."""
    return mixer.values.n_out // mixer.heads if mixer is not None else 0


class MixerTest:
    """The order of mixer channels, one family per layer and head (or per layer)."""

    test = Test.VO
    part = Part.BODY
    separate = (
        ("raw values", "raw gate", "raw out"),
        ("token values", "token gate", "token out"),
    )

    def __init__(self, base: Anatomy, subject: Anatomy, draw: Draw) -> None:
        """Bind the two models."""
        self._base, self._subject, self.draw = base, subject, draw

    def pool(self) -> int:
        """Return the channels of a head."""
        return max((channels_of(m) for m in self._base.mixers.values()), default=0)

    def base_blocks(self) -> Sequence[Block]:
        """Return a drawn head per layer; every head where these are small and orders differ."""
        sizes = {self._shape(m) for m in self._subject.mixers.values()}
        layers = self.draw.layers(self._base.geometry.layers)
        usable = [i for i in layers if self._shape(self._base.mixers.get(i)) in sizes]
        blocks = [self._drawn(self._base.mixers[i], i) for i in usable]
        seen = set(blocks)
        for i in usable:
            mixer = self._base.mixers[i]
            if not mixer.joint and is_small(mixer.values):
                more = (Block(layer=i, member=h) for h in range(mixer.heads))
                blocks += [b for b in more if b not in seen]
        return blocks

    @staticmethod
    def _shape(mixer: Mixer | None) -> tuple[Role, int, int] | None:
        """Return what two mixers must have in common to be held against each other."""
        return None if mixer is None else (mixer.values.role, channels_of(mixer), mixer.heads)

    def _drawn(self, mixer: Mixer, layer: int) -> Block:
        return Block(layer=layer, member=self.draw.one_of(mixer.heads, layer))

    def _fits(self, block: Block, layer: int) -> bool:
        base, subject = self._base.mixers.get(block.layer), self._subject.mixers.get(layer)
        return base is not None and self._shape(subject) == self._shape(base)

    def direct(self, block: Block) -> Sequence[Block]:
        """Return the same head in the corresponding layers."""
        n_base, n_subject = self._base.geometry.layers, self._subject.geometry.layers
        return [
            Block(layer=j, member=block.member)
            for j in corresponding_layers(block.layer, n_base, n_subject)
            if self._fits(block, j)
        ]

    def mapped(self, block: Block) -> Sequence[Block]:
        """Return every other head of every subject layer."""
        near = set(self.direct(block))
        every = (
            Block(layer=j, member=h)
            for j, mixer in self._subject.mixers.items()
            for h in range(mixer.heads)
            if self._fits(block, j)
        )
        return [b for b in every if b not in near]

    def label(self, block: Block) -> Phrase:
        """Return the channels of a layer's mixer, or of one head of it."""
        mixer = self._base.mixers[block.layer]
        head = block.member if mixer.heads > 1 and not mixer.joint else -1
        kind = mixer.values.role.value
        return phrase(PhraseCode.UNITS_MIXER, kind=kind, layer=block.layer, head=head)

    def rows_wanted(self, side: Side, block: Block) -> dict[str, Wanted]:
        """Return the rows that feed and gate the block's channels and, where cheap, its columns."""
        mixer = side.anatomy.mixers.get(block.layer)
        if mixer is None or block.member >= mixer.heads:
            return {}
        size, first = channels_of(mixer), block.member * channels_of(mixer)
        # A single block of thousands of channels (Mamba) is sampled as neurons are.
        several = mixer.heads > 1
        drawn = range(size) if several else self.draw.rows(size, 2 * mixer.values.n_in, 0)
        units = tuple(first + n for n in drawn)
        named = {"values": mixer.values, "gate": mixer.gate}
        wanted = {
            name: Wanted(matrix=matrix, units=units, why=self.test)
            for name, matrix in named.items()
            if matrix is not None and (not matrix.transposed or is_small(matrix))
        }
        if wanted and (mixer.out.transposed or is_small(mixer.out)):
            wanted["out"] = Wanted(matrix=mixer.out, inputs=units, why=self.test)
        return wanted

    def wanted(self, side: Side, block: Block) -> Sequence[Wanted]:
        """Return the rows of the block and what its token views need."""
        rows = self.rows_wanted(side, block)
        if not rows:
            return []
        head = (
            (
                *side.token_rows(side.head_role),
                *side.gain(Role.NORM_FINAL, -1),
            )
            if "out" in rows
            else ()
        )
        return [
            *rows.values(),
            *side.gain(Role.NORM_ATTN_IN, block.layer),
            *side.token_rows(Role.EMBED),
            *head,
        ]

    def profiles(self, side: Side, block: Block) -> Profiles:
        """Return raw and token views of the rows in and the columns out."""
        raw: dict[str, FloatArray] = {}
        token: dict[str, FloatArray] = {}
        gain = side.gain_values(Role.NORM_ATTN_IN, block.layer)
        for name, one in self.rows_wanted(side, block).items():
            values = side.reader.block(one)
            raw[name] = values.T if name == "out" else values
            if name == "out":
                seen = side.written_to_tokens(raw[name])
            else:
                seen = side.through_tokens(values, gain)
            if seen is not None:
                token[name] = seen
        rows = np.concatenate([raw[n] for n in ("values", "gate") if n in raw], axis=1)
        return Profiles(views=joined_views(raw, token), parts=(rows,))
