"""What does a report hold of one base?

Part of the report's schema (``verdict.report``): evidence, verdict, relation, and what the deeper
looks add.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hubcheck.verdict.words import EvidenceKind, Holds, ReasonCode, RelationKind, Verdict


class Part(BaseModel):
    """Base of every part of the report: immutable; unknown fields of a newer minor are kept out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class FileDisagreement(Part):
    """One thing in which files of a model disagree about its weights."""

    code: str = Field(description="index-stale, index-tensors-not-there, adapter-beside, ...")
    file: str = Field(description="the file that is wrong or left over")
    count: int = Field(default=0, description="tensors or files concerned")
    example: str = Field(default="", description="one of them")
    instead: str = Field(default="", description="the file, or first of the files, that was read")


class UnreadWeights(Part):
    """A weight file that a model holds and that was not read."""

    path: str
    size: int = Field(ge=0, description="bytes")
    sha256: str = Field(description="hex digest; empty when neither stated nor computed")
    why: str = Field(
        description="other-set, other-format, adapter, other-folder, unknown-container"
    )
    same_as: str = Field(default="", description="a file that was read and has the same sha256")


class BaseModelRef(Part):
    """A base, pinned."""

    ref: str = Field(
        description="org/name or a folder; org/name@revision for what is no commit of org/name"
    )
    revision: str
    created: str
    asked: str = Field(
        default="", description="the branch, tag, ref or commit that was named; empty for main"
    )
    belongs: Literal["", "proposed", "not established"] = Field(
        default="",
        description="empty for the repository's own commit; proposed for one that no branch or tag "
        "of it holds, such as a pull request's",
    )


class Relation(Part):
    """How two models are related."""

    kind: RelationKind
    detail: str
    holds: Holds = Field(default=Holds.BODY, description="what of the base the subject holds")


class PartVerdict(Part):
    """One part of the model (body, embeddings, norms ...) judged on its own."""

    name: str
    verdict: Verdict
    log10_p: float = Field(le=0)
    kept: float
    relation: RelationKind | None = Field(default=None, description="of this part alone")
    tower: bool = False
    share: float = Field(default=0.0, description="of the subject's parameters")
    base_share: float = Field(default=0.0, description="of the base's parameters")
    order_tested: float = Field(
        default=0.0,
        description="of the tensors that have an order, the share tested with power; of two sides "
        "the smaller",
    )
    compared: float = Field(
        default=0.0, description="share of parameters whose values were compared, the smaller side"
    )
    reason: str = ""


class Controls(Part):
    """The same counts where nothing (shifted) and everything (self) must be found."""

    shifted_hits: float = Field(description="mean hits per family, base index shifted; about 1")
    self_hits: float = Field(description="share of units hit with the base against itself; 1")


class Evidence(Part):
    """One test's outcome on one family."""

    test: str = Field(
        description="channels, neurons, experts, heads, vo-dimensions, reserved-tokens, signs"
    )
    family: str = Field(description="which units, in words: 'neurons of layer 7'")
    kind: EvidenceKind
    part: str = Field(description="body, embeddings, norms")
    frame: str = Field(description="raw, token, raw+token, or empty")
    layers: tuple[int, ...] = Field(default=(), description="base layers")
    units: int = Field(ge=0)
    hits: int = Field(ge=0)
    log10_p: float = Field(le=0, description="log10 of the family's own bound 1/hits!")
    detectable_kept: float = Field(description="smallest kept that would have been seen; 0 unknown")
    note: str = ""
    kept: float = Field(default=0.0, description="median cosine of same-index units")
    ceiling: float = Field(default=0.0, description="what optimal relabelling could have reached")
    log10_e: float = Field(default=0.0, description="log10 of the e-value this family contributes")
    control_hits: int = Field(
        default=-1, ge=-1, description="hits with the base index shifted; -1 where not measured"
    )


class Change(Part):
    """How far one role of one layer moved away from the base: a cell of the heat map."""

    layer: int = Field(ge=-1, description="subject layer; -1 outside the layers")
    base_layer: int = Field(ge=-1, description="the base layer it was held against")
    role: str = Field(description="q, k, v, o, gate, up, down, norm.attn_in, embed ...")
    relative: float = Field(ge=0, description="|subject - base| / |base| over the values compared")
    equal: float = Field(ge=0, le=1, description="share of values with equal bits")
    cosine: float = Field(description="of all values compared, as one vector")
    rank: int = Field(default=-1, ge=-1, description="estimated rank of the change; -1 unknown")
    values: int = Field(ge=0, description="values compared")
    whole: bool = Field(default=False, description="every value was compared, not a sample")


class LayerMatch(Part):
    """Where one layer of the subject comes from in this base."""

    layer: int = Field(ge=0, description="subject layer")
    base_layer: int = Field(ge=-1, description="-1: from no layer of this base")
    hits: int = Field(ge=0)
    units: int = Field(ge=0)
    log10_p: float = Field(le=0, description="log10 of the bound, the search over layers paid for")
    kept: float


class MergeShare(Part):
    """How much of one base one layer of the subject holds."""

    layer: int = Field(ge=-1, description="subject layer; -1 for the model as a whole")
    share: float
    low: float = Field(description="lower end of the 95 % interval")
    high: float = Field(description="upper end of the 95 % interval")


class Finding(Part):
    """Everything about one base."""

    base: BaseModelRef
    proposed_by: tuple[str, ...] = Field(description="why tested: 'README.md line 4', '--suspect'")
    declared: bool
    status: Literal["tested", "not-tested"]
    reason: str = Field(description="why not tested, or why inconclusive; empty otherwise")
    code: ReasonCode = Field(default=ReasonCode.NONE, description="the reason as a code")
    found_by: Literal["named", "files", "search"] = Field(
        default="named",
        description="by the user or the card; by the subject's other files; by a search",
    )
    verdict: Verdict
    log10_p: float = Field(le=0)
    kept: float
    explained_by: str | None = Field(default=None, description="the declared base that explains it")
    relation: Relation | None = None
    direction: str = "undetermined"
    parts: tuple[PartVerdict, ...] = ()
    controls: Controls | None = None
    evidence: tuple[Evidence, ...] = ()
    power: str = Field(
        default="", description="what an unrelated verdict would have seen, in words"
    )
    detectable_kept: float = Field(default=0.0, description="whole-model: the second best family's")
    log10_p_without_strongest: float = Field(default=0.0, le=0)
    families_tested: int = 0
    families_hit: int = Field(default=0, description="families whose own bound is below 1e-3")
    units_tested: int = 0
    units_hit: int = 0
    bytes_read: int = 0
    bytes_total: int = 0
    disguise: tuple[str, ...] = Field(
        default=(), description="what was done to hide the copy, in words, where it was undone"
    )
    changes: tuple[Change, ...] = Field(default=(), description="layer x role: the heat map")
    layer_map: tuple[LayerMatch, ...] = ()
    shares: tuple[MergeShare, ...] = Field(
        default=(), description="of this base in a merge of several"
    )
    notes: tuple[str, ...] = Field(
        default=(), description="what a deeper look left aside or could not do, in sentences"
    )
    unread: tuple[UnreadWeights, ...] = Field(
        default=(), description="weight files of the base beside those that were read"
    )
    direction_reason: str = Field(default="", description="why, for a direction that is not open")
    order_tested: float = Field(default=0.0, description="of the body, the smaller of two sides")
    compared: float = Field(
        default=0.0,
        description="share of the parameters that base and subject could have in common whose "
        "values were compared, the smaller of two sides; layers that were sampled stand for equals",
    )
    held: float = Field(
        default=0.0,
        description="of the order-tested tensors of the base, the share whose order was found",
    )
    not_compared: tuple[str, ...] = Field(
        default=(), description="what was not compared, with its share of the parameters"
    )
    upstream: bool = Field(
        default=False,
        description="explained by weights alone: neither model's declarations name the other",
    )
    closer: bool = Field(
        default=False, description="explained, and closer to the subject than what explains it"
    )
