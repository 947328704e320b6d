"""What does a report hold?

The stable, machine-readable result (``report.json``, DESIGN section 5). Fields may be added, never
renamed. What is said is a phrase, a code with its parameters (``report.phrases``); words are the
card's. Everything a card shows is rendered from this and nothing else. Strings that come from a
model repository are stored as they are, raw: only ``card.escaping`` makes them safe to show.
"""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from hubcheck.report.behaviour import Behaviour
from hubcheck.report.catalogue_search import CatalogueSearch
from hubcheck.report.finding import (
    AccountLine,
    Alignment,
    BaseModelRef,
    Change,
    Controls,
    Evidence,
    FileDisagreement,
    Finding,
    LayerMatch,
    MergeShare,
    NotCompared,
    PartVerdict,
    Power,
    Relation,
    UnreadWeights,
)
from hubcheck.report.part import Part
from hubcheck.report.phrase_fields import ClausesField, CodeField, HintField, PhraseField
from hubcheck.report.signature import Signature, SignedFiles
from hubcheck.report.words import (
    Conclusion,
    DeclarationVerdict,
    Depth,
    LicenceStatus,
    NothingCompared,
)

__all__ = [
    "AccountLine",
    "Alignment",
    "BaseModelRef",
    "Change",
    "Controls",
    "Evidence",
    "FileDisagreement",
    "Finding",
    "LayerMatch",
    "MergeShare",
    "NotCompared",
    "PartVerdict",
    "Power",
    "Relation",
    "Signature",
    "SignedFiles",
    "UnreadWeights",
]
"""Described in ``report.finding``; one place to import a report's parts from."""

SCHEMA_VERSION: Final = "2.1"
"""2.0: what was a sentence is a phrase, a code with parameters (``report.phrases``). Sentences of
1.x are read as they stand (``report.load``). 2.1: hints and places, too (``report.hints``)."""


class Tool(Part):
    """The program that made the report."""

    name: Literal["hubcheck"] = "hubcheck"
    version: str


class WeightFile(Part):
    """One weight file of the subject."""

    path: str
    size: int = Field(ge=0, description="bytes")
    sha256: str = Field(description="hex digest; empty when neither stated nor computed")


class Subject(Part):
    """The model under test."""

    ref: str
    revision: str = Field(description="40-hex commit, or 'local'")
    created: str = Field(description="ISO 8601, empty when the host states none")
    weights_digest: str = Field(
        description="sha256 over the sorted (path, sha256) of the weight files, of a folder as "
        "well; empty when a file's digest is not known"
    )
    files: tuple[WeightFile, ...] = ()
    read: tuple[str, ...] = Field(
        default=(), description="the weight files that the findings speak of: those a loader loads"
    )
    unread: tuple[UnreadWeights, ...] = Field(
        default=(),
        description="weight files beside them, what could be loaded in their place first",
    )
    disagreements: tuple[FileDisagreement, ...] = Field(
        default=(), description="in what its files disagree about its weights"
    )
    signatures: tuple[Signature, ...] = Field(
        default=(),
        description="files that their names call signatures; of them model.sig alone is opened",
    )


class DeclaredPlace(Part):
    """Where the subject names a base that it declares."""

    base: str
    where: HintField = Field(description="as in proposed_by")
    line: int = Field(default=0, ge=0, description="of README.md; 0 for another file")


class Declared(Part):
    """What the subject says about itself."""

    bases: tuple[str, ...] = ()
    places: tuple[DeclaredPlace, ...] = ()
    relation: str = ""
    licence: str = ""


class Disclosure(Part):
    """One item of the disclosure checklist."""

    item: CodeField = Field(description="training-logs, training-data, compute ...")
    found: bool
    where: ClausesField = ()


class NormContext(Part):
    """Raw norm cosine beside its shuffled control: context, no evidential value."""

    base: str
    cosine: float
    cosine_shuffled: float
    pearson: float
    tensors: int


class TokenizerContext(Part):
    """How the two vocabularies overlap: context."""

    base: str
    same_digest: bool
    shared_tokens: int
    subject_tokens: int
    base_tokens: int


class ArchitectureLine(Part):
    """One model drawn as a line of blocks, for alignment with the other models."""

    ref: str
    blocks: tuple[str, ...] = Field(
        description="embed 151552x4096, dense x1, MoE 128 x45, head ..."
    )
    layers: int
    parameters: int
    differs: tuple[bool, ...] = Field(default=(), description="per block: differs from the subject")


class RelationCheck(Part):
    """The relation a card declares, held against what the weights show."""

    base: str
    declared: str
    found: str
    agrees: str = Field(description="yes, no, cannot-tell")
    note: ClausesField = Field(default=(), description="why")


class Context(Part):
    """Facts that may never move a verdict."""

    architecture: tuple[ArchitectureLine, ...] = ()
    tokenizer: tuple[TokenizerContext, ...] = ()
    norms: tuple[NormContext, ...] = ()
    disclosure: tuple[Disclosure, ...] = ()
    relations: tuple[RelationCheck, ...] = ()


class Accepted(Part):
    """A base that the policy file accepts, as far as the report speaks of it."""

    base: str
    reason: str
    expires: str = Field(default="", description="last day on which it holds, YYYY-MM-DD")


class Policy(Part):
    """What the user asked to fail on, and what was accepted."""

    fail_on: tuple[str, ...] = ("undeclared", "contradicted")
    signers: tuple[str, ...] = Field(
        default=(),
        description="who may have signed model.sig: public keys as PEM, 'identity=... issuer=...'",
    )
    allow: tuple[Accepted, ...] = Field(
        default=(), description="entries of the policy file that this result met, run out or not"
    )


class Coverage(Part):
    """What was read, over the subject and all bases."""

    bytes_read: int
    bytes_total: int
    requests: int
    parameters_mapped: float = Field(ge=0, le=1, description="share of the subject's parameters")
    subject_bytes_read: int = 0
    subject_bytes_total: int = 0
    bytes_hashed: int = 0


class LicenceCheck(Part):
    """What one clause of an ancestor's licence asks, and what the repository shows of it."""

    status: LicenceStatus
    rule: str = Field(description="licence-file, name-prefix, same-licence ...")
    licence: str = Field(default="", description="id in the table of licences")
    licence_title: str = ""
    clause: str = Field(default="", description="section of the licence's text")
    source: str = Field(default="", description="where that text stands")
    says: str = Field(default="", description="what the clause says, in our words")
    base: str = Field(description="the model the obligation comes from")
    basis: PhraseField = Field(description="what ties that model to this one")
    detail: ClausesField = Field(description="what was seen")


class StatedLicence(Part):
    """What a model states about its licence in three places, and how each is recognised."""

    ref: str
    tag: str = ""
    name: str = ""
    file: str = ""
    file_sha256: str = ""
    from_tag: str = ""
    from_name: str = ""
    from_file: str = ""


class Licence(Part):
    """What the licences of declared and related bases ask. Flags, not advice."""

    flags: ClausesField = Field(default=(), description="what needs attention")
    status: LicenceStatus = Field(
        default=LicenceStatus.NOT_CHECKED, description="the strictest of the checks"
    )
    checks: tuple[LicenceCheck, ...] = ()
    stated: tuple[StatedLicence, ...] = ()


class Relative(Part):
    """A model of the declared graph."""

    ref: str
    standing: str = Field(description="found, gated, missing, not looked up")
    created: str = ""
    licence: str = ""


class Descent(Part):
    """A child that declares a parent."""

    child: str
    parent: str
    relation: str = Field(default="", description="as declared: finetune, quantized ...")


class Lineage(Part):
    """The declared graph above the subject: what uploaders say, tested or not."""

    models: tuple[Relative, ...] = ()
    descents: tuple[Descent, ...] = ()
    loops: tuple[str, ...] = Field(default=(), description="models that declare a descendant")


class Proposed(Part):
    """A candidate that was found and not tested."""

    ref: str
    why: tuple[HintField, ...] = ()
    note: ClausesField = ()


class Search(Part):
    """What looking for undeclared bases cost and left aside."""

    kind: Literal["", "files", "hub"] = Field(
        default="", description="files: what the subject's files name; hub: a search besides"
    )
    requests: int = 0
    bytes_read: int = 0
    bases_tried: int = Field(
        default=0, description="models whose weights were looked at; the bound is divided by it"
    )
    left_aside: tuple[Proposed, ...] = ()
    notes: ClausesField = ()
    catalogue: CatalogueSearch | None = Field(
        default=None, description="what a catalogue answered; null where none was asked"
    )


class Report(Part):
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
    nothing_compared: NothingCompared | None = Field(
        default=None, description="why the weights of no base were compared; null when some were"
    )
    accepted: tuple[str, ...] = Field(default=(), description="untested bases that are accepted")
    policy: Policy
    coverage: Coverage
    behaviour: tuple[Behaviour, ...] = Field(default=(), description="the models run; context")
    licence: Licence = Licence()
    lineage: Lineage = Lineage()
    search: Search = Search()
    warnings: ClausesField = ()
    limits: ClausesField = ()
    replay: str = Field(default="", description="the command that repeats the check, seed included")
    max_read: int = Field(default=0, description="the budget in bytes per model")
    escalate_to: int = Field(
        default=-1,
        ge=-1,
        description="bytes per model that a look for a disguise may raise it to; -1: not stated",
    )
    public_hub: bool = Field(default=True, description="names are huggingface.co's, no other Hub's")
    seconds: float = Field(default=0.0, description="wall time of the check")
