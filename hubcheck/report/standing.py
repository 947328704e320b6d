"""What does a finding show of its base, as far as its fields say: for judges and cards alike?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.report.thresholds import MOST
from hubcheck.report.words import Holds, ReasonCode, RelationKind, Verdict

if TYPE_CHECKING:  # cards import this module, and must start without pydantic
    from hubcheck.report.finding import Finding, PartVerdict
    from hubcheck.report.schema import Subject

UPSTREAM: Final = "undeclared-upstream"
"""A declared base itself matches a model, and neither names the other (DESIGN 13.1)."""
UNDATED: Final = "match-undated"
"""A search brought a match, and which came first is not known (DESIGN 13.11)."""
UNDECLARED_PART: Final = "undeclared-part"
"""A tower of a base that nothing declared explains (DESIGN 13.2)."""

PROPOSED: Final = frozenset({"search", "catalogue"})
"""By whom a base was found that nobody named."""
FOUND: Final = frozenset({Verdict.IDENTICAL, Verdict.RELATED, Verdict.DISGUISED})
"""Verdicts that say the weights match."""
PROVEN: Final = frozenset({Verdict.IDENTICAL, Verdict.RELATED})
"""Verdicts with an exact bound. A calibrated ``disguised`` neither confirms a declaration nor makes
``undeclared`` by itself (DESIGN section 2); a policy can name it."""
HARMLESS_RELATIONS: Final = frozenset({RelationKind.COMMON_INITIALISATION, RelationKind.PARTS})
"""Relations that never make ``undeclared`` by themselves (DESIGN 3.3)."""


def is_signed(subject: Subject) -> bool:
    """Return whether a signer whom the policy names signed all weights that were read."""
    return any(s.signed is not None and s.signed.holds for s in subject.signatures)


def is_refuted(finding: Finding) -> bool:
    """Return whether the weights do not show a declared base whose weights are claimed."""
    return finding.declared and finding.verdict is Verdict.UNRELATED and not finding.taught


def matching(finding: Finding) -> tuple[PartVerdict, ...]:
    """Return the parts that match."""
    return tuple(p for p in finding.parts if p.verdict is Verdict.RELATED)


def is_proof(finding: Finding) -> bool:
    """Return whether a finding shows that the subject holds this base's trained body."""
    harmless = finding.relation is not None and finding.relation.kind in HARMLESS_RELATIONS
    return finding.verdict in PROVEN and not harmless


def is_part(finding: Finding) -> bool:
    """Return whether a finding shows that the subject holds a part of this base alone."""
    return finding.relation is not None and finding.relation.kind is RelationKind.PARTS


def holds_tower(finding: Finding) -> bool:
    """Return whether a finding shows that the subject holds a whole tower of this base."""
    return is_part(finding) and any(p.tower for p in matching(finding))


def holds_whole_base(finding: Finding) -> bool:
    """Return whether a base is a tower and nothing else, and the subject holds it."""
    return finding.relation is not None and finding.relation.holds is Holds.WHOLE


def holds_most_of(finding: Finding) -> bool:
    """Return whether towers that the subject holds are most of a base that is more than a tower."""
    share = sum(p.base_share for p in matching(finding) if p.tower)
    return holds_tower(finding) and not holds_whole_base(finding) and share >= MOST


def _unexplained(finding: Finding) -> bool:
    found = is_proof(finding) or holds_most_of(finding)
    return not finding.declared and found and finding.explained_by is None


def is_undeclared(finding: Finding) -> bool:
    """Return whether a finding makes the card undeclared: who names a base asks about it."""
    return _unexplained(finding) and finding.found_by not in PROPOSED


def is_undated(finding: Finding) -> bool:
    """Return whether a match was only proposed, and which came first is not known.

    Anyone can publish a copy of a model; its name must not turn the maker's card red
    (DESIGN 13.11).
    """
    return _unexplained(finding) and finding.found_by in PROPOSED


def is_undeclared_part(finding: Finding) -> bool:
    """Return whether the subject holds a tower of a base that nothing declared explains."""
    unexplained = not finding.declared and finding.explained_by is None
    # Of what stands beside the tower nothing may be settled; the tower is.
    open_rest = finding.code is ReasonCode.REST_NOT_COMPARED
    held = holds_tower(finding) or (open_rest and any(p.tower for p in matching(finding)))
    return unexplained and held and not holds_most_of(finding)
