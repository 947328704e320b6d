"""What does a report hold?

The stable, machine-readable result (``report.json``, DESIGN section 5). Fields may be added, never
renamed. Everything a card shows is rendered from this and nothing else. Strings that come from a
model repository are stored as they are, raw: only ``card.escaping`` makes them safe to show.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from hubcheck.verdict.words import (
    Conclusion,
    DeclarationVerdict,
    Depth,
    EvidenceKind,
    LicenceStatus,
    RelationKind,
    Verdict,
)

SCHEMA_VERSION: Final = "1.0"


class _Part(BaseModel):
    """Base of every part of the report: immutable; unknown fields of a newer minor are kept out."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Tool(_Part):
    """The program that made the report."""

    name: Literal["hubcheck"] = "hubcheck"
    version: str


class WeightFile(_Part):
    """One weight file of the subject."""

    path: str
    size: int = Field(ge=0, description="bytes")
    sha256: str = Field(description="hex digest; empty when neither stated nor computed")


class Subject(_Part):
    """The model under test."""

    ref: str
    revision: str = Field(description="40-hex commit, or 'local'")
    created: str = Field(description="ISO 8601, empty when the host states none")
    weights_digest: str = Field(
        description="sha256 over the sorted (path, sha256) of the weight files; "
        "empty when a file's digest is not known"
    )
    files: tuple[WeightFile, ...] = ()


class Declared(_Part):
    """What the subject says about itself."""

    bases: tuple[str, ...] = ()
    relation: str = ""
    licence: str = ""


class BaseModelRef(_Part):
    """A base, pinned."""

    ref: str
    revision: str
    created: str


class Relation(_Part):
    """How two models are related."""

    kind: RelationKind
    detail: str


class PartVerdict(_Part):
    """One part of the model (body, embeddings, norms ...) judged on its own."""

    name: str
    verdict: Verdict
    log10_p: float = Field(le=0)
    kept: float


class Controls(_Part):
    """The same counts where nothing (shifted) and everything (self) must be found."""

    shifted_hits: float = Field(description="mean hits per family, base index shifted; about 1")
    self_hits: float = Field(description="share of units hit with the base against itself; 1")


class Evidence(_Part):
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


class Finding(_Part):
    """Everything about one base."""

    base: BaseModelRef
    proposed_by: tuple[str, ...] = Field(description="why tested: 'README.md line 4', '--suspect'")
    declared: bool
    status: Literal["tested", "not-tested"]
    reason: str = Field(description="why not tested, or why inconclusive; empty otherwise")
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


class Disclosure(_Part):
    """One item of the disclosure checklist."""

    item: str
    found: bool
    where: str


class NormContext(_Part):
    """Raw norm cosine beside its shuffled control: context, no evidential value."""

    base: str
    cosine: float
    cosine_shuffled: float
    pearson: float
    tensors: int


class TokenizerContext(_Part):
    """How the two vocabularies overlap: context."""

    base: str
    same_digest: bool
    shared_tokens: int
    subject_tokens: int
    base_tokens: int


class ArchitectureLine(_Part):
    """One model drawn as a line of blocks, for alignment with the other models."""

    ref: str
    blocks: tuple[str, ...] = Field(
        description="embed 151552x4096, dense x1, MoE 128 x45, head ..."
    )
    layers: int
    parameters: int
    differs: tuple[bool, ...] = Field(default=(), description="per block: differs from the subject")


class RelationCheck(_Part):
    """The relation a card declares, held against what the weights show."""

    base: str
    declared: str
    found: str
    agrees: str = Field(description="yes, no, cannot-tell")
    note: str = ""


class Context(_Part):
    """Facts that may never move a verdict."""

    architecture: tuple[ArchitectureLine, ...] = ()
    tokenizer: tuple[TokenizerContext, ...] = ()
    norms: tuple[NormContext, ...] = ()
    disclosure: tuple[Disclosure, ...] = ()
    relations: tuple[RelationCheck, ...] = ()


class Policy(_Part):
    """What the user asked to fail on."""

    fail_on: tuple[str, ...] = ("undeclared", "contradicted")


class Coverage(_Part):
    """What was read, over the subject and all bases."""

    bytes_read: int
    bytes_total: int
    requests: int
    parameters_mapped: float = Field(ge=0, le=1, description="share of the subject's parameters")
    subject_bytes_read: int = 0
    subject_bytes_total: int = 0
    bytes_hashed: int = 0


class LicenceCheck(_Part):
    """What one clause of an ancestor's licence asks, and what the repository shows of it."""

    status: LicenceStatus
    rule: str = Field(description="licence-file, name-prefix, same-licence ...")
    licence: str = Field(default="", description="id in the table of licences")
    licence_title: str = ""
    clause: str = Field(default="", description="section of the licence's text")
    source: str = Field(default="", description="where that text stands")
    says: str = Field(default="", description="what the clause says, in our words")
    base: str = Field(description="the model the obligation comes from")
    basis: str = Field(description="declared, found in the weights, declared by org/name")
    detail: str = Field(description="what was seen")


class StatedLicence(_Part):
    """What a model states about its licence in three places, and how each is recognised."""

    ref: str
    tag: str = ""
    name: str = ""
    file: str = ""
    file_sha256: str = ""
    from_tag: str = ""
    from_name: str = ""
    from_file: str = ""


class Licence(_Part):
    """What the licences of declared and related bases ask. Flags, not advice."""

    flags: tuple[str, ...] = Field(default=(), description="what needs attention, in sentences")
    status: LicenceStatus = Field(
        default=LicenceStatus.NOT_CHECKED, description="the strictest of the checks"
    )
    checks: tuple[LicenceCheck, ...] = ()
    stated: tuple[StatedLicence, ...] = ()


class Relative(_Part):
    """A model of the declared graph."""

    ref: str
    standing: str = Field(description="found, gated, missing, not looked up")
    created: str = ""
    licence: str = ""


class Descent(_Part):
    """A child that declares a parent."""

    child: str
    parent: str
    relation: str = Field(default="", description="as declared: finetune, quantized ...")


class Lineage(_Part):
    """The declared graph above the subject: what uploaders say, tested or not."""

    models: tuple[Relative, ...] = ()
    descents: tuple[Descent, ...] = ()
    loops: tuple[str, ...] = Field(default=(), description="models that declare a descendant")


class Proposed(_Part):
    """A candidate that was found and not tested."""

    ref: str
    why: tuple[str, ...] = ()
    note: str = ""


class Search(_Part):
    """What looking for undeclared bases cost and left aside."""

    requests: int = 0
    bytes_read: int = 0
    bases_tried: int = Field(
        default=0, description="models whose weights were looked at; the bound is divided by it"
    )
    left_aside: tuple[Proposed, ...] = ()
    notes: tuple[str, ...] = ()


class Report(_Part):
    """The whole result of one check."""

    schema_version: str = SCHEMA_VERSION
    tool: Tool
    started: str = Field(description="ISO 8601, UTC")
    finished: str = Field(description="ISO 8601, UTC")
    depth: Depth
    seed: int = Field(ge=0)
    processes: int = Field(ge=1)
    subject: Subject
    declared: Declared
    findings: tuple[Finding, ...]
    context: Context
    verdict: DeclarationVerdict
    conclusion: Conclusion
    policy: Policy
    coverage: Coverage
    licence: Licence = Licence()
    lineage: Lineage = Lineage()
    search: Search = Search()
    warnings: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    replay: str = Field(default="", description="the command that repeats the check, seed included")
    max_read: int = Field(default=0, description="the budget in bytes per model")
    seconds: float = Field(default=0.0, description="wall time of the check")
