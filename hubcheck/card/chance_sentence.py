"""How sure is a match, in one sentence?

By chance as rarely as the bound says, or a fact without any chance: the same values, equal tensors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import matches, numbers
from hubcheck.report.words import RelationKind, Verdict

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding

WHO: Final = " It does not say who copied whom."


def match_sentence(finding: Finding) -> str:
    """Return how likely this match is by chance, in one sentence."""
    if matches.is_relation(finding, RelationKind.COMMON_INITIALISATION):
        return (
            "The starting values agree, what was learned does not: "
            "a common initialisation, no sign of copied training."
        )
    if finding.verdict is Verdict.IDENTICAL and finding.log10_p > numbers.FLOOR_LOG10:
        return "The weights are the same, value for value."
    components = matches.same_components(finding)
    if components and finding.log10_p > numbers.FLOOR_LOG10:
        of = "a component" if components == 1 else f"{components} components"
        return f"The weight files of {of} are the same, byte for byte."
    same = matches.identity_row(finding)
    if same is not None and finding.log10_p > numbers.FLOOR_LOG10:
        counted = numbers.hits(same.hits, same.units)
        return f"{counted} tensors compared are equal, bit for bit."
    kind = matches.calibrated_on(finding) if finding.verdict is Verdict.DISGUISED else "exact"
    return f"A match like this by chance: {numbers.chance(finding.log10_p)} ({kind})."
