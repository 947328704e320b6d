"""How does the subject's declaration stand against everything found?

A declared base D explains a suspect S when S and D are themselves related and the subject is not
closer to S than to D (DESIGN section 2): every fine-tune of X-Instruct is related to X, to its
siblings and to their quantised copies, and an honest card must come out ``confirmed``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from hubcheck.verdict.report import Finding
from hubcheck.verdict.words import WHOLE_BASE, DeclarationVerdict, RelationKind, Verdict

FOUND: Final = frozenset({Verdict.IDENTICAL, Verdict.RELATED, Verdict.DISGUISED})
"""Verdicts that say the weights match."""
PROVEN: Final = frozenset({Verdict.IDENTICAL, Verdict.RELATED})
"""Verdicts with an exact bound. A calibrated ``disguised`` neither confirms a declaration nor makes
``undeclared`` by itself (DESIGN section 2); a policy can name it."""
CLOSER: Final = 0.8
"""The subject is closer to S than to D when what it lost, 1 - kept, is below this share of what it
lost of D. Copies that differ by storage rounding alone come out within a few per cent."""

HARMLESS_RELATIONS: Final = frozenset({RelationKind.COMMON_INITIALISATION, RelationKind.PARTS})
"""Relations that never make ``undeclared`` by themselves (DESIGN 3.3); a whole tower does."""
TOWER: Final = "tower"
"""How the name of such a part ends: ``vision tower``."""


def is_closer(suspect: Finding, declared: Finding) -> bool:
    """Return whether the subject is closer to the suspect than to the declared base."""
    if suspect.verdict is Verdict.IDENTICAL:
        return declared.verdict is not Verdict.IDENTICAL
    return 1.0 - suspect.kept < CLOSER * (1.0 - declared.kept)


def explain(
    findings: Sequence[Finding],
    bases_related: Callable[[Finding, Finding], bool],
    declares: Callable[[Finding, Finding], bool] = lambda _suspect, _declared: False,
) -> tuple[Finding, ...]:
    """Fill ``explained_by`` of every undeclared base that a declared one explains.

    A declared base that could not be tested (gated, deleted) explains what itself declares to come
    from it: whether the subject is closer to the one or the other cannot be known then, and an
    honest card must not be accused for a base that is closed.

    Args:
        findings: One per base.
        bases_related: Tests two bases against each other; called only where it matters.
        declares: Whether the first leads to the second in the declared graph.
    """
    proven = [f for f in findings if f.declared and is_proof(f)]
    closed = [f for f in findings if f.declared and f.status == "not-tested"]
    explained = []
    for finding in findings:
        by = None
        # A suspect that was merged in beside the declared base is not explained by that base.
        merged = finding.relation is not None and finding.relation.kind is RelationKind.MERGE
        if not finding.declared and finding.verdict in FOUND and not merged:
            by = next(
                (
                    d.base.ref
                    for d in proven
                    if not is_closer(finding, d) and bases_related(d, finding)
                ),
                None,
            ) or next((d.base.ref for d in closed if declares(finding, d)), None)
        explained.append(finding.model_copy(update={"explained_by": by}) if by else finding)
    return tuple(explained)


def is_proof(finding: Finding) -> bool:
    """Return whether a finding shows that the subject holds this base's trained body."""
    harmless = finding.relation is not None and finding.relation.kind in HARMLESS_RELATIONS
    return finding.verdict in PROVEN and not harmless


def holds_tower(finding: Finding) -> bool:
    """Return whether a finding shows that the subject holds a whole tower of this base."""
    parts = finding.relation is not None and finding.relation.kind is RelationKind.PARTS
    return parts and any(
        p.name.endswith(TOWER) and p.verdict is Verdict.RELATED for p in finding.parts
    )


def holds_whole_base(finding: Finding) -> bool:
    """Return whether a base is a tower and nothing else, and the subject holds it."""
    relation = finding.relation
    return holds_tower(finding) and relation is not None and relation.detail.endswith(WHOLE_BASE)


def younger(finding: Finding, subject_created: str) -> bool:
    """Return whether a base first appeared after the subject, as far as both dates are known."""
    both = bool(finding.base.created and subject_created)
    return both and finding.base.created > subject_created


def declaration_verdict(
    findings: Sequence[Finding], *, declared_any: bool, subject_created: str
) -> DeclarationVerdict:
    """Return the verdict of the whole card.

    Args:
        findings: One per base, ``explained_by`` filled.
        declared_any: Whether the subject declares any base.
        subject_created: ISO 8601, or empty.
    """
    declared = [f for f in findings if f.declared]
    if any(f.verdict is Verdict.UNRELATED for f in declared):
        return DeclarationVerdict.CONTRADICTED
    if any(_is_undeclared(f, subject_created) for f in findings):
        return DeclarationVerdict.UNDECLARED
    if declared and all(is_proof(f) or holds_whole_base(f) for f in declared):
        return DeclarationVerdict.CONFIRMED
    tested = [f for f in findings if f.status == "tested"]
    if not declared_any and tested and all(f.verdict is Verdict.UNRELATED for f in findings):
        return DeclarationVerdict.NONE_FOUND
    return DeclarationVerdict.INCONCLUSIVE


def _is_undeclared(finding: Finding, subject_created: str) -> bool:
    return (
        not finding.declared
        and (is_proof(finding) or holds_tower(finding))
        and finding.explained_by is None
        and not younger(finding, subject_created)
    )
