"""What does a report hold of one base?

Part of the report's schema (``verdict.report``): evidence, verdict, relation, and what the deeper
looks add.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from hubcheck.report.part import Part
from hubcheck.report.phrase_fields import ClausesField, HintField, PhraseField
from hubcheck.report.phrases import clauses
from hubcheck.report.signature import Signature
from hubcheck.report.words import EvidenceKind, Holds, ReasonCode, RelationKind, Verdict


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
    weights_digest: str = Field(
        default="", description="as of the subject; empty when a file's digest is not known"
    )
    signatures: tuple[Signature, ...] = Field(default=(), description="as of the subject")


class Relation(Part):
    """How two models are related."""

    kind: RelationKind
    detail: ClausesField = ()
    holds: Holds = Field(default=Holds.BODY, description="what of the base the subject holds")


class NotCompared(Part):
    """What of one side was neither compared nor tested."""

    side: Literal["base", "subject"]
    what: str
    share: float = Field(description="of the part's parameters")


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
    not_compared: tuple[NotCompared, ...] = ()
    reason: ClausesField = Field(default=(), description="why it does not decide")


class Controls(Part):
    """The same counts where nothing (shifted) and everything (self) must be found."""

    shifted_hits: float = Field(description="mean hits per family, base index shifted; about 1")
    self_hits: float = Field(description="share of units hit with the base against itself; 1")


class Evidence(Part):
    """One test's outcome on one family."""

    test: str = Field(
        description="channels, neurons, experts, heads, vo-dimensions, reserved-tokens, signs"
    )
    family: PhraseField = Field(description="which units")
    kind: EvidenceKind
    part: str = Field(description="body, embeddings, norms")
    frame: str = Field(description="raw, token, raw+token, or empty")
    layers: tuple[int, ...] = Field(default=(), description="base layers")
    units: int = Field(ge=0)
    hits: int = Field(ge=0)
    log10_p: float = Field(le=0, description="log10 of the family's own bound 1/hits!")
    detectable_kept: float = Field(description="smallest kept that would have been seen; 0 unknown")
    note: ClausesField = ()
    kept: float = Field(default=0.0, description="median cosine of same-index units")
    kept_interval: tuple[float, float] | None = Field(
        default=None,
        description="95 % interval for kept of all units of this family, of which these were "
        "sampled; null for fewer than six units and for what is no order",
    )
    ceiling: float = Field(default=0.0, description="what optimal relabelling could have reached")
    log10_e: float = Field(default=0.0, description="log10 of the e-value this family contributes")
    control_hits: int = Field(
        default=-1, ge=-1, description="hits with the base index shifted; -1 where not measured"
    )
    nearest: tuple[tuple[int, int, float], ...] = Field(
        default=(),
        description="place of a base unit among the units under test, that of the subject unit "
        "nearest to it, their cosine: at most 64 units of the first family of each kind, for "
        "figures",
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


class Power(Part):
    """What a comparison that saw nothing would have shown of a copy; 0 where it is not known."""

    would_be_seen: float = Field(default=0.0, description="smallest kept that would have been seen")
    would_be_related: float = Field(
        default=0.0, description="smallest kept that would have been called related"
    )
    copied_share: float = Field(
        default=0.0, description="share of the body's units that, copied exactly, would have shown"
    )
    other_shape: bool = Field(default=False, description="of a copy cut or grown to these sizes")
    searched: bool = Field(
        default=False, description="in any layer; else in the layers that were read"
    )
    rearranged: float = Field(
        default=0.0,
        description="smallest kept that would have been seen of a copy that was shuffled and "
        "rotated and kept its embeddings; 0: nothing was looked at that could tell",
    )
    stated: ClausesField = Field(default=(), description="the sentence of a report of schema 1")


class Alignment(Part):
    """Which units of a rearranged copy stand for which of the base, in one layer."""

    axis: str = Field(description="neurons, experts")
    base_layer: int = Field(ge=-1)
    subject_layer: int = Field(ge=-1)
    matched: int = Field(ge=0, description="units that were found again, of those looked at")
    units: tuple[tuple[int, int], ...] = Field(
        default=(),
        description="number of a unit in the base, in the subject: at most 64, by the base's",
    )


class AccountLine(Part):
    """What one look was given of the weight of its orders, and what it brought in."""

    look: str = Field(description="orders, layer-map, writers, other-shapes, proof")
    share: float = Field(ge=0, le=1, description="of the weight of each of its orders")
    log10_e: float = Field(description="log10 of its e-value, nothing paid for")
    orders: tuple[str, ...] = Field(default=(), description="names of orders of the base")


def _power(said: object) -> object:
    """Take the sentence that a report of schema 1 holds; an empty one states nothing."""
    return (Power(stated=clauses(said)) if said else None) if isinstance(said, str) else said


class Finding(Part):
    """Everything about one base."""

    base: BaseModelRef
    proposed_by: tuple[HintField, ...] = Field(
        description="why tested: places that name it, options, hints"
    )
    declared: bool
    status: Literal["tested", "not-tested"]
    reason: ClausesField = Field(description="why not tested, or why inconclusive; empty otherwise")
    code: ReasonCode = Field(default=ReasonCode.NONE, description="the kind of that reason")
    found_by: Literal["named", "files", "search", "catalogue"] = Field(
        default="named",
        description="by the user or the card; by the subject's other files; by a search; by a "
        "catalogue",
    )
    tried: int = Field(
        default=0,
        ge=0,
        description="among how many models this base counts, over which its bound is divided, "
        "where that is not search.bases_tried; 0 where it is",
    )
    in_full: bool = Field(
        default=True,
        description="false: one of more bases than are told in full (100; declared ones, what "
        "matches, what is open, then the nearest come first): its evidence, account, controls, "
        "changes, layer_map, alignment and unread are left out, and its lines of the context",
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
    power: Annotated[Power | None, BeforeValidator(_power)] = Field(
        default=None, description="what an unrelated verdict would have seen"
    )
    detectable_kept: float = Field(default=0.0, description="whole-model: the second best family's")
    log10_p_without_strongest: float = Field(default=0.0, le=0)
    families_tested: int = 0
    families_hit: int = Field(default=0, description="families whose own bound is below 1e-3")
    units_tested: int = 0
    units_hit: int = 0
    bytes_read: int = 0
    bytes_total: int = 0
    disguise: ClausesField = Field(
        default=(), description="what was done to hide the copy, where it was undone"
    )
    alignment: tuple[Alignment, ...] = Field(
        default=(),
        description="of a rearranged copy, as far as it was undone; layers are in layer_map",
    )
    changes: tuple[Change, ...] = Field(default=(), description="layer x role: the heat map")
    layer_map: tuple[LayerMatch, ...] = ()
    shares: tuple[MergeShare, ...] = Field(
        default=(), description="of this base in a merge of several"
    )
    notes: ClausesField = Field(
        default=(), description="what a deeper look left aside or could not do"
    )
    unread: tuple[UnreadWeights, ...] = Field(
        default=(), description="weight files of the base beside those that were read"
    )
    direction_reason: ClausesField = Field(
        default=(), description="why, for a direction that is not open"
    )
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
    other_layers: float = Field(
        default=0.0,
        description="of the layers that were told, the share in which none of the base's orders "
        "was found although they were tested with power",
    )
    not_compared: ClausesField = Field(
        default=(), description="what was not compared, with its share of the parameters"
    )
    kept_interval: tuple[float, float] | None = Field(
        default=None,
        description="95 % interval for kept, were all units of the families looked at read: of "
        "those families, not of layers that were not looked at; null where kept is no median of "
        "theirs",
    )
    account: tuple[AccountLine, ...] = Field(
        default=(), description="what each look spent of the evidence, and what it brought in"
    )
    ruled_out: ClausesField = Field(default=(), description="sizes that deny what is declared")
    upstream: bool = Field(
        default=False,
        description="explained by weights alone: neither model's declarations name the other",
    )
    taught: bool = Field(
        default=False,
        description="unrelated, and the card says that the subject was distilled from it: no "
        "weights are inherited, and none are claimed",
    )
    closer: bool = Field(
        default=False, description="explained, and closer to the subject than what explains it"
    )
