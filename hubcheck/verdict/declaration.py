"""How does the subject's declaration stand against everything found?

A declared base D explains a suspect S when S and D are themselves related (DESIGN 13.1): every
fine-tune of X-Instruct is related to X, to its siblings and to their quantised copies, and an
honest card must come out ``confirmed``. Only where the subject holds what S itself made of D
(``verdict.closeness``) D explains nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from hubcheck.frozen import frozen
from hubcheck.report.standing import (
    FOUND,
    holds_whole_base,
    is_part,
    is_proof,
    is_refuted,
    is_undated,
    is_undeclared,
    matching,
)
from hubcheck.report.thresholds import BIG_PART, ENOUGH, MOST
from hubcheck.report.words import DeclarationVerdict, RelationKind, Verdict
from hubcheck.verdict.closeness import APART, Closeness, NotNamed

if TYPE_CHECKING:  # cards import this module, and must start without pydantic
    from hubcheck.report.schema import Finding


class Kinship(StrEnum):
    """How two bases are known to be related."""

    NONE = "none"
    DECLARED = "declared"
    """By what they, or their ancestors, declare."""
    WEIGHTS = "weights"
    """By their weights, while neither declares the other although it could be known."""
    UNKNOWN_NAMES = "unknown-names"
    """By their weights; a folder has no name that a card could give."""


@frozen
class Explanation:
    """How a match stands beside the declared bases."""

    by: str | None = None
    """The declared base that explains it."""
    closer: bool = False
    """Explained, and closer to the subject than what explains it."""
    held: Closeness | None = None
    """The suspect's own change is held: no declared base explains it."""
    not_named: NotNamed | None = None
    """Closer, and why the subject is not said to be made from it."""
    families: int = 0
    """Of siblings, in the table that was asked."""
    upstream: bool = False
    """Explained by weights alone: neither model's declarations name the other."""


NOT_EXPLAINED: Final = Explanation()
STORED_ANEW: Final = frozenset(
    {RelationKind.IDENTICAL, RelationKind.RECAST, RelationKind.QUANTISED}
)


Measure = Callable[["Finding", "Finding"], Closeness]
"""How a suspect (the second) stands to the subject beside a declared base that is its kin."""


def _apart(_declared: Finding, _suspect: Finding) -> Closeness:
    return APART


def explain(
    findings: Sequence[Finding],
    kinship: Callable[[Finding, Finding], Kinship],
    declares: Callable[[Finding, Finding], bool] = lambda _suspect, _declared: False,
    measure: Measure = _apart,
) -> tuple[Explanation, ...]:
    """Return what explains every undeclared base that a declared one explains.

    A suspect that is itself related to a declared base is explained; one of which the subject holds
    a part alone is explained by a declared base that holds the same part. A declared base that
    could not be tested (gated, deleted) explains what itself declares to come from it: an honest
    card must not be accused for a base that is closed.

    Args:
        findings: One per base.
        kinship: How two bases are related, the declared one first; called only where it matters.
        declares: Whether the first leads to the second in the declared graph.
        measure: How close the subject is to two bases that are kin, the declared one first.
    """
    proven = [f for f in findings if f.declared and is_proof(f)]
    closed = [f for f in findings if f.declared and f.status == "not-tested"]
    return tuple(
        NOT_EXPLAINED
        if finding.declared or finding.verdict not in FOUND
        else _explained(finding, findings, proven, closed, kinship, declares, measure)
        for finding in findings
    )


def _explained(
    finding: Finding,
    findings: Sequence[Finding],
    proven: Sequence[Finding],
    closed: Sequence[Finding],
    kinship: Callable[[Finding, Finding], Kinship],
    declares: Callable[[Finding, Finding], bool],
    measure: Measure,
) -> Explanation:
    """Return what explains one suspect, if anything does."""
    parts = next((f for f in findings if f.declared and _holds_same_parts(f, finding)), None)
    if parts is not None:
        return Explanation(by=parts.base.ref)
    # A suspect that was merged in beside the declared base is not explained by that base, unless
    # it is that base with a change that anyone can make: two scales of one public adapter.
    merged = finding.relation is not None and finding.relation.kind is RelationKind.MERGE
    if merged:
        return _by_public_change(finding, proven, kinship, measure)
    by_kin = _by_kin(finding, findings, proven, kinship, measure)
    if by_kin is not None:
        return by_kin
    by = next((d.base.ref for d in closed if declares(finding, d)), None)
    return Explanation(by=by) if by else NOT_EXPLAINED


def _by_kin(
    finding: Finding,
    findings: Sequence[Finding],
    proven: Sequence[Finding],
    kinship: Callable[[Finding, Finding], Kinship],
    measure: Measure,
) -> Explanation | None:
    """Return how a suspect stands beside the declared bases that are its kin; None without any.

    Its own change speaks only where it is held beside every one of them, and where every declared
    base was found: what another declared base gave may be what the suspect took from that one.
    """
    all_found = all(is_proof(f) for f in findings if f.declared)
    held: list[Closeness] = []
    for declared in proven:
        how = kinship(declared, finding)
        if how is Kinship.NONE:
            continue
        close = measure(declared, finding)
        if is_proof(finding) and close.held and all_found and not _is_stored_anew(declared):
            held.append(close)
            continue
        return Explanation(
            by=declared.base.ref,
            closer=close.closer,
            not_named=_why_not_named(close) if close.closer else None,
            families=close.families,
            upstream=how is Kinship.WEIGHTS and is_proof(finding),
        )
    return Explanation(held=held[0]) if held else None


def _why_not_named(close: Closeness) -> NotNamed:
    """Return why a suspect is not named; if its change is held, another base may explain that."""
    return NotNamed.UNSEEN if close.held else close.not_named


def _is_stored_anew(declared: Finding) -> bool:
    """Return whether the subject is a declared base in another format: it holds no training."""
    return declared.relation is not None and declared.relation.kind in STORED_ANEW


def _by_public_change(
    finding: Finding,
    proven: Sequence[Finding],
    kinship: Callable[[Finding, Finding], Kinship],
    measure: Measure,
) -> Explanation:
    """Return which declared base a suspect is with nothing of its own, if it is one."""
    for declared in proven:
        how = kinship(declared, finding)
        if how is not Kinship.NONE and measure(declared, finding).anyones:
            return Explanation(by=declared.base.ref, upstream=how is Kinship.WEIGHTS)
    return NOT_EXPLAINED


def _holds_same_parts(declared: Finding, suspect: Finding) -> bool:
    """Return whether a declared base holds every part that the subject shares with a suspect."""
    if not is_part(suspect):
        return False
    wanted = {p.name for p in matching(suspect)}
    # A base that is one tower has that tower as its body.
    held = {p.name for p in matching(declared)}
    return bool(wanted) and wanted <= held


def confirms(finding: Finding) -> bool:
    """Return whether a finding is enough to confirm the declaration of its base (DESIGN 9.5).

    Proven, most of what could have been given was compared, what was tested is held, and no part of
    a tenth of both models is another one.
    """
    if finding.verdict is Verdict.IDENTICAL:
        return True
    if not (is_proof(finding) or holds_whole_base(finding)):
        return False
    other = any(
        min(p.share, p.base_share) >= BIG_PART and p.verdict is not Verdict.RELATED
        for p in finding.parts
        if p.tower
    )
    few_other = finding.other_layers < BIG_PART
    return finding.compared >= ENOUGH and finding.held >= MOST and few_other and not other


def younger(finding: Finding, subject_created: str) -> bool:
    """Return whether a base's repository was created after the subject's: context, no verdict.

    Either date is its owner's to choose, by deleting a repository and making it again.
    """
    both = bool(finding.base.created and subject_created)
    return both and finding.base.created > subject_created


def declaration_verdict(
    findings: Sequence[Finding], *, declared_any: bool, subject_owner: str = ""
) -> DeclarationVerdict:
    """Return the verdict of the whole card.

    Args:
        findings: One per base, ``explained_by`` filled.
        declared_any: Whether the subject declares any base.
        subject_owner: Who owns the subject on the Hub; empty for a folder.
    """
    declared = [f for f in findings if f.declared]
    if any(is_refuted(f) for f in declared):
        return DeclarationVerdict.CONTRADICTED
    if any(is_undeclared(f) for f in findings):
        return DeclarationVerdict.UNDECLARED
    if any(is_undated(f) for f in findings):
        return DeclarationVerdict.INCONCLUSIVE
    if declared and all(confirms(f) for f in declared):
        owners = {owner_of(f.explained_by) for f in findings if f.upstream and f.explained_by}
        if subject_owner and subject_owner.casefold() in owners:
            return (
                DeclarationVerdict.INCONCLUSIVE
            )  # one owner: the base's card launders its child's
        return DeclarationVerdict.CONFIRMED
    tested = [f for f in findings if f.status == "tested"]
    if not declared_any and tested and all(f.verdict is Verdict.UNRELATED for f in findings):
        return DeclarationVerdict.NONE_FOUND
    return DeclarationVerdict.INCONCLUSIVE


def owner_of(ref: str) -> str:
    """Return the owner in ``org/name``, folded; empty where a name has none."""
    owner, slash, _ = ref.partition("/")
    return owner.casefold() if slash and owner not in {"", "."} else ""
