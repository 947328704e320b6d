"""Does the relation that a card declares fit what was found in the weights?

``finetune``, ``quantized``, ``adapter`` and ``merge`` are the words of ``base_model_relation``.
Where the evidence cannot tell two of them apart, that is the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from hubcheck.report.phrases import Clauses, PhraseCode, phrase
from hubcheck.report.schema import Finding, RelationCheck
from hubcheck.report.standing import FOUND
from hubcheck.report.thresholds import PRESENT
from hubcheck.report.words import RelationKind, Verdict

Answer = Literal["yes", "no", "cannot-tell"]

ADAPTER_FILES: Final = ("adapter_model.safetensors", "adapter_model.bin")
_SHARED: Final = frozenset({RelationKind.PARTS, RelationKind.COMMON_INITIALISATION})
_REBUILT: Final = frozenset(
    {RelationKind.LAYERS_CHANGED, RelationKind.WIDTH_CHANGED, RelationKind.REARRANGED}
)
_TRAINED: Final = frozenset({RelationKind.LORA_MERGE, RelationKind.MERGE, RelationKind.UPCYCLED})
"""Changes that no rounding makes."""
_STORED_ANEW: Final = frozenset(
    {RelationKind.IDENTICAL, RelationKind.RECAST, RelationKind.QUANTISED}
)


def check_relation(
    declared: str, findings: Sequence[Finding], weight_paths: Sequence[str]
) -> tuple[RelationCheck, ...]:
    """Return one line per declared base that was found in the weights.

    Args:
        declared: What the card says, or ``""``: then nothing is held against it. Several bases
            without a word are no merge that anyone claimed.
        findings: One per base.
        weight_paths: The subject's weight files.
    """
    bases = [f for f in findings if f.declared]
    if not declared:
        return ()
    return tuple(
        _line(declared, finding, bases, weight_paths)
        for finding in bases
        if finding.verdict in FOUND
    )


def _line(
    relation: str, finding: Finding, bases: Sequence[Finding], weight_paths: Sequence[str]
) -> RelationCheck:
    kind = finding.relation.kind if finding.relation is not None else RelationKind.UNDETERMINED
    if finding.verdict is Verdict.IDENTICAL:
        kind = RelationKind.IDENTICAL
    agrees, note = _judge(relation, kind, finding, bases, weight_paths)
    return RelationCheck(
        base=finding.base.ref, declared=relation, found=kind.value, agrees=agrees, note=note
    )


def _judge(
    relation: str,
    kind: RelationKind,
    finding: Finding,
    bases: Sequence[Finding],
    weight_paths: Sequence[str],
) -> tuple[Answer, Clauses]:
    detail = finding.relation.detail if finding.relation is not None else ()
    if kind in _SHARED:
        return "no", detail
    match relation:
        case "adapter" if not _adapter_only(weight_paths):
            return "no", (phrase(PhraseCode.NOT_AN_ADAPTER),)
        case "adapter":
            return "cannot-tell", (phrase(PhraseCode.ADAPTER_ALONE),)
        case "merge":
            return _merge(finding, bases)
        case "quantized" if kind in _STORED_ANEW:
            return "yes", ()
        case "quantized" if kind in _REBUILT:
            return "no", detail
        case "quantized" if kind in _TRAINED:
            return "no", detail
        case "quantized":
            return "cannot-tell", (phrase(PhraseCode.ROUNDING_OR_TRAINING),)
        case "finetune" if kind is RelationKind.IDENTICAL:
            return "no", (phrase(PhraseCode.NOTHING_TRAINED, bytes=True),)
        case "finetune" if kind in _STORED_ANEW:
            return "no", (phrase(PhraseCode.NOTHING_TRAINED, bytes=False),)
        case "finetune" if kind in _REBUILT:
            return "no", detail
        case "finetune" if kind is RelationKind.MERGE:
            return "no", detail
        case "finetune":
            return "yes", ()
        case _:
            return "cannot-tell", (phrase(PhraseCode.RELATION_UNKNOWN),)


def _merge(finding: Finding, bases: Sequence[Finding]) -> tuple[Answer, Clauses]:
    found = [f for f in bases if f.verdict in FOUND]
    if len(bases) == 1:
        return "no", (phrase(PhraseCode.MERGE_OF_ONE),)
    if finding.verdict is Verdict.IDENTICAL:
        return "no", (phrase(PhraseCode.SAME_AS_ONE),)
    if len(found) < len(bases):
        return "no", (phrase(PhraseCode.BASES_FOUND, found=len(found), declared=len(bases)),)
    kind = finding.relation.kind if finding.relation is not None else RelationKind.UNDETERMINED
    if kind is RelationKind.MERGE:
        return "yes", ()
    if finding.shares:
        whole = finding.shares[0]
        near = phrase(PhraseCode.MERGE_SHARE, share=whole.share, low=whole.low, high=whole.high)
        # The ancestor of merged task vectors is named as a base by usual tools, and rightly so.
        others = any(_is_merged(f) for f in bases)
        return ("cannot-tell" if others and abs(whole.share) > PRESENT else "no"), (near,)
    return "cannot-tell", (phrase(PhraseCode.NO_SHARES),)


def _is_merged(finding: Finding) -> bool:
    return finding.relation is not None and finding.relation.kind is RelationKind.MERGE


def _adapter_only(weight_paths: Sequence[str]) -> bool:
    names = [path.rpartition("/")[2] for path in weight_paths]
    return bool(names) and all(name in ADAPTER_FILES for name in names)


def relation_warnings(checks: Sequence[RelationCheck]) -> Clauses:
    """Return a warning for every declared relation that the weights do not bear out."""
    return tuple(
        phrase(
            PhraseCode.RELATION_DIFFERS,
            base=c.base,
            declared=c.declared,
            found=c.found,
            why=c.note,
        )
        for c in checks
        if c.agrees == "no"
    )
