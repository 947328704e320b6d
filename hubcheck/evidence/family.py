"""What is a family, and what did looking at it show?

A family is one order of the base: all units of one axis in one place. A *block* names where a
family lies in a model; a *view* is one way of describing its units (gate rows as stored, up rows
through the tokens ...); a *look* compares a base block with one or more subject blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Final, Protocol

import numpy as np

from hubcheck.anatomy.interface import Matrix
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.statistics.blocks import log_e_blocks
from hubcheck.statistics.evalues import log_e_hits
from hubcheck.statistics.exchangeability import OrderProblem
from hubcheck.statistics.planted import NOT_DETECTABLE
from hubcheck.statistics.profiles import FloatArray


class Test(StrEnum):
    """The exact tests, in the order that multiplication needs.

    A statistic may use only orders that stand before its own (statistics note, section 1).
    """

    CHANNELS = "channels"
    RESERVED = "reserved-tokens"
    EXPERTS = "experts"
    HEADS = "heads"
    NEURONS = "neurons"
    VO = "vo-dimensions"
    SIGNS = "signs"


class Part(StrEnum):
    """Parts of a model that are judged separately."""

    BODY = "body"
    EMBEDDINGS = "embeddings"
    NORMS = "norms"


BODY_ORDERS = frozenset({Test.EXPERTS, Test.HEADS, Test.NEURONS, Test.VO})
PART_VIEWS: Final = {"raw embeddings": Part.EMBEDDINGS, "raw norms": Part.NORMS}
"""Views of the channels by which a part is judged by itself."""


@frozen
class Block:
    """Where a family lies in one model."""

    layer: int = -1
    member: int = -1
    """Expert or kv group inside the layer; -1 where there is none."""
    kind: str = ""
    """Of a block of MLP neurons: dense, expert or shared; empty for every other order."""

    @property
    def said(self) -> Phrase:
        """Where it lies."""
        return phrase(PhraseCode.BLOCK, layer=self.layer, member=self.member, kind=self.kind)


@frozen
class Profiles:
    """Every view of the units of one block; all share the unit axis."""

    views: Mapping[str, FloatArray]
    """By name; ``raw ...`` in the model's own channels, ``token ...`` through the tokens."""
    parts: tuple[FloatArray, ...]
    """Raw rows [units, features] by matrix, at least one; what a reader holds is not copied."""
    in_blocks: bool = False
    """Units are a run of an axis whose units change places in blocks only."""
    signed: Mapping[str, FloatArray] = field(default_factory=dict)
    """Up rows by frame, scaled but not centred, so that flipping a row flips its cosines."""

    @property
    def rows(self) -> FloatArray:
        """Raw rows side by side, for the self-test of the base and the spectrum; made anew."""
        return self.parts[0] if len(self.parts) == 1 else np.concatenate(self.parts, axis=1)

    @property
    def n_bytes(self) -> int:
        """What it takes of memory."""
        arrays = (*self.views.values(), *self.parts, *self.signed.values())
        return sum(array.nbytes for array in arrays)

    @property
    def shape(self) -> tuple[int, int]:
        """Units and features of the raw rows."""
        return self.parts[0].shape[0], sum(part.shape[1] for part in self.parts)


class FamilyTest(Protocol):
    """One exact test: which blocks exist, what they need, how their units are described."""

    @property
    def test(self) -> Test:
        """Which test this is."""
        ...

    @property
    def part(self) -> Part:
        """The part of the model it speaks about."""
        ...

    @property
    def separate(self) -> tuple[tuple[str, ...], ...]:
        """Groups of views that must each hit on their own in a genuine copy."""
        ...

    def base_blocks(self) -> Sequence[Block]:
        """Return the base's blocks in the order in which they are tried."""
        ...

    def direct(self, block: Block) -> Sequence[Block]:
        """Return the subject blocks that correspond if nothing was rearranged."""
        ...

    def mapped(self, block: Block) -> Sequence[Block]:
        """Return the further subject blocks of a full search."""
        ...

    def wanted(self, side: Side, block: Block) -> Sequence[Wanted]:
        """Return what must be read of one side for a block."""
        ...

    def profiles(self, side: Side, block: Block) -> Profiles:
        """Return the views of a block whose wanted rows were read."""
        ...

    def pool(self) -> int:
        """Return how many units the family has in the model."""
        ...

    def label(self, block: Block) -> Phrase:
        """Return which units the family of a block is: a phrase of ``units.``."""
        ...


@frozen
class View:
    """One view of one base block against one subject block."""

    name: str
    base: Block
    subject: Block
    hits: int
    units: int
    kept: float
    shifted: int
    """Hits with the base index shifted: the control."""
    in_blocks: bool = False
    """Units change places in blocks only: a hit is worth less (``statistics.blocks``)."""

    @property
    def log_e(self) -> float:
        """Natural log of what the hits are worth."""
        return log_e_blocks(self.hits) if self.in_blocks else log_e_hits(self.hits)


@frozen
class Look:
    """Views that share a weight fixed before any of them was seen."""

    weight: float
    views: tuple[View, ...]


@frozen
class Units:
    """The units of one view, one by one, in the order under test."""

    view: View
    kept_u: tuple[float, ...]
    """Cosine of each base unit with the subject unit of its index."""
    nearest_u: tuple[int, ...]
    """Place of the subject unit nearest to each base unit."""
    cosine_u: tuple[float, ...]
    """Their cosine."""


@frozen
class FamilyOutcome:
    """Everything seen of one order of the base."""

    test: Test
    part: Part
    label: Phrase
    base: Block
    looks: tuple[Look, ...]
    separate_hits: int
    """Units that hit in every separate view of the better frame; -1 with fewer than two views."""
    kept: float
    ceiling: float
    stands: bool
    """The content check: kept above the ceiling and the hits stand in each view."""
    detectable_raw: float
    detectable_token: float
    self_hits: float
    """Share of units that hit with the base against itself."""
    log_e: float
    view_stands: Mapping[str, bool]
    """For the channel family: the content check of each of ``PART_VIEWS`` of the first look."""
    view_detectable: Mapping[str, float]
    """The same: the smallest kept that such a view would have shown by itself, where quiet."""
    change: float
    """|subject - base| / |base| over the sampled rows in the raw frame; -1 where the best view is
    not raw or the shapes differ."""
    base_matrices: tuple[Matrix, ...] = ()
    """Matrices of the base whose rows or columns are the units of this family."""
    subject_matrices: tuple[Matrix, ...] = ()
    """The subject's, of every block looked at."""
    stands_from: float = NOT_DETECTABLE
    """Smallest kept at which a copy's content would have stood; as for the power, only of families
    that were not found."""
    assumed: bool = False
    """The order looks free by names and shapes alone."""
    known_as: str = ""
    """The class whose certified axis this is; empty where rules found the order."""
    displaced: float = -1.0
    """Of the twins that a relabelling would leave among the units read, the share that is there:
    about 1 where units were relabelled, 0 where they were replaced. -1 where the order was found,
    or too few units of too many were read to tell."""
    units: Units | None = None
    """Of the view that stands for the family, as it was judged."""

    @property
    def detectable(self) -> float:
        """Smallest kept that the family would have shown, in either frame."""
        return min(self.detectable_raw, self.detectable_token)

    @property
    def first(self) -> View:
        """The view fixed before anything was seen: what an uneventful family shows."""
        return next(look for look in self.looks if look.views).views[0]

    @property
    def best(self) -> View:
        """The view with the most hits (the first looked at, where several tie)."""
        return max((v for look in self.looks for v in look.views), key=lambda v: v.hits)

    @property
    def best_subject_layer(self) -> int:
        """The subject layer of the best view."""
        return self.best.subject.layer


@frozen
class Abstention:
    """A family that was not tested, and why."""

    test: Test
    label: Phrase
    reason: OrderProblem
