"""Which bases does a report tell in full, where very many were tested?

Every base stays named, with its verdict and its numbers. Rows of evidence, 23 KB a base, are told
of those that matter most: declared bases, what matches, what stays open, then the strangers that
come nearest. What is kept of the others is let go as soon as that is certain, so that memory and
report stay small however long the list is.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence

from hubcheck.check.finding import finding_of
from hubcheck.check.tested import Tested
from hubcheck.report.schema import Finding
from hubcheck.report.standing import FOUND
from hubcheck.report.words import Verdict

NO_FURTHER = frozenset({Verdict.UNRELATED, Verdict.NOT_TESTED})
"""Of such a base nothing is added up, merged or explained once it was looked at. (An open one may
still become a match: with an adapter added to it.)"""
Rank = tuple[bool, bool, bool, float, float, int]


def rank_of(finding: Finding, place: int) -> Rank:
    """Return how early a finding is told in full: the smaller, the earlier."""
    return (
        not finding.declared,
        finding.verdict not in FOUND,
        finding.verdict is not Verdict.INCONCLUSIVE,
        finding.log10_p,
        -finding.kept,
        place,
    )


def in_brief(finding: Finding) -> Finding:
    """Return a finding without what it was counted from."""
    return finding.model_copy(
        update={
            "in_full": False, "evidence": (), "account": (), "controls": None, "changes": (),
            "layer_map": (), "alignment": (), "unread": (),
        }
    )  # fmt: skip


def told(findings: Sequence[Finding], most: int) -> list[Finding]:
    """Return the findings, the first ``most`` by rank in full, and every declared one."""
    first = sorted(rank_of(finding, place) for place, finding in enumerate(findings))[:most]
    full = {rank[-1] for rank in first}
    return [
        finding if place in full or finding.declared or not finding.in_full else in_brief(finding)
        for place, finding in enumerate(findings)
    ]


class InFull:
    """Shortens bases that others have outranked, while the check goes on."""

    def __init__(self, tested: Sequence[Tested], most: int) -> None:
        """Take the bases, and how many are told in full."""
        self._tested, self._most = tested, most
        self._ranked: list[Rank] = []

    def after(self, place: int) -> None:
        """Note that a base was examined; of too many, the last by rank is shortened."""
        one = self._tested[place]
        if one.request.declared or one.equal_files:
            return
        finding = finding_of(one)
        over = one.looked_at and one.judgement.may_be_merged
        # What could not be opened as weights may be an adapter, which is added to other bases.
        if finding.verdict not in NO_FURTHER or over or (one.error and one.model):
            return
        insort(self._ranked, rank_of(finding, place))
        if len(self._ranked) > self._most:
            last = self._tested[self._ranked.pop()[-1]]
            last.shorten(in_brief(finding_of(last)))
