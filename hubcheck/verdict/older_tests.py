"""Which figures of an older report does a test that ends earlier now not make again?

Up to schema 2.0 the disguise test matched every layer by all three matrices of its MLPs. Now it
ends where gate and up alone stay within its threshold (docs/deep.md): it has fewer rows then,
counts of its own, and fewer bytes. Where it found a disguise it read all, and everything is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from hubcheck.report.finding import Evidence, Finding
from hubcheck.report.schema import Report
from hubcheck.report.words import Verdict

DISGUISE: Final = "disguise"
FIRST: Final = (2, 1)
"""The schema of reports whose disguise test may end early."""
BYTES: Final = ("coverage.bytes_read", "coverage.subject_bytes_read")


def ended_early(given: Report, again: Report) -> Iterator[str]:
    """Yield the paths of what the disguise test left in a report of an older schema.

    Args:
        given: A report of a schema before ``FIRST``, as it was read.
        again: The report made again.
    """
    ended = False
    for n, (was, now) in enumerate(zip(given.findings, again.findings, strict=False)):
        if not _ended(was, now):
            continue
        ended = True
        yield f"findings[{n}].bytes_read"
        for i, pair in enumerate(zip_longest(was.evidence, now.evidence)):
            if pair[0] != pair[1] and all(row is None or _is_of_it(row) for row in pair):
                yield f"findings[{n}].evidence[{i}]"
    if ended:
        yield from BYTES


def _ended(was: Finding, now: Finding) -> bool:
    """Return whether a test that found no disguise read more then than it does now."""
    tested = any(map(_is_of_it, was.evidence))
    found = Verdict.DISGUISED in {was.verdict, now.verdict}
    return tested and not found and now.bytes_read < was.bytes_read


def _is_of_it(row: Evidence) -> bool:
    return row.test == DISGUISE
