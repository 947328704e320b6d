"""Which figures of an older report does a test that ends earlier now not make again?

Up to schema 2.0 the disguise test matched every layer by all three matrices of its MLPs. Now it
ends where gate and up alone stay within its threshold (docs/deep.md): it has fewer rows then,
counts of its own, and fewer bytes. Where it found a disguise it read all, and everything is held.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Final

from hubcheck.evidence.looks.disguise.calibration import MARGIN
from hubcheck.report.finding import Evidence, Finding
from hubcheck.report.schema import Report
from hubcheck.report.words import Verdict
from hubcheck.statistics.disguise import LAYERS_NEEDED

DISGUISE: Final = "disguise"
BYTES: Final = ("coverage.bytes_read", "coverage.subject_bytes_read")
NOTHING: Final = 1e-9
"""Decades below which a row brings in nothing."""


def ended_early(given: Report, again: Report) -> Iterator[str]:
    """Yield the paths of what the disguise test left in a report of an older schema.

    Only where the new run made that test and ended it early, and where nothing that stands in the
    report says more than that nothing was found, for no more bytes than the test could cost.

    Args:
        given: A report of an older schema, as it was read.
        again: The report made again.
    """
    most = min(max(again.max_read, again.escalate_to), again.coverage.bytes_total)
    n_ended = 0
    for n, (was, now) in enumerate(zip(given.findings, again.findings, strict=False)):
        if not (_ended(was, now) and was.bytes_read - now.bytes_read <= most):
            continue
        n_ended += 1
        yield f"findings[{n}].bytes_read"
        for i, pair in enumerate(zip_longest(was.evidence, now.evidence)):
            if pair[0] != pair[1] and all(row is None or _is_of_it(row) for row in pair):
                yield f"findings[{n}].evidence[{i}]"
    # Of both models where all is counted, of the subject alone where it is.
    for path, models in zip(BYTES, (2, 1), strict=True):
        name = path.rpartition(".")[2]
        more = getattr(given.coverage, name) - getattr(again.coverage, name)
        if 0 < more <= models * n_ended * most:
            yield path


def _ended(was: Finding, now: Finding) -> bool:
    """Return whether a test that found no disguise read more then than it does now."""
    new = [row for row in now.evidence if _is_of_it(row)]
    early = [row.note[0].params for row in new if row.note and row.note[0].params.get("reading")]
    if not early or len(early) != len(new) or now.bytes_read >= was.bytes_read:
        return False
    old = [row for row in was.evidence if _is_of_it(row)]
    layers = [row.layers for row in old]
    limit = MARGIN * _figure(early[0].get("greatest"))
    return (
        Verdict.DISGUISED not in {was.verdict, now.verdict}
        and len(old) == len(set(layers)) <= len(new) + LAYERS_NEEDED - 1
        and all(_says_nothing(row, limit) for row in old)
    )


def _says_nothing(row: Evidence, limit: float) -> bool:
    """Return whether a row of the test is one in which nothing was found."""
    scores = [_figure(one.params.get("score")) for one in row.note]
    return (
        max(abs(row.log10_p), abs(row.log10_e), abs(row.kept)) < NOTHING
        and row.hits <= max(1.0, limit * row.units)  # one of a few neurons is no agreement
        and all(score <= limit for score in scores)
    )


def _figure(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _is_of_it(row: Evidence) -> bool:
    return row.test == DISGUISE
