"""Does the sheet for the EU's forms hold facts, leave compute open, and advise nobody?"""

from __future__ import annotations

import re

import pytest

from hubcheck.report.finding import Change
from hubcheck.report.schema import Report
from hubcheck.report.words import Verdict
from tests.card import reports
from tests.export.test_formats import CASES, written

PROVEN = {Verdict.RELATED, Verdict.IDENTICAL}


@pytest.mark.parametrize("name", CASES)
def test_what_only_a_maker_knows_is_left_open(name: str) -> None:
    """Compute is never stated, a base that was not found has no modification, nothing is advised."""
    report = CASES[name]
    text = written(report, "eu-gpai")
    related = text.count("The modification of")
    assert related <= sum(f.verdict in PROVEN for f in report.findings)
    assert not (related and not any(f.declared or f.direction for f in report.findings))
    assert len(re.findall(r"FLOP\).*yours to state", text)) == 2 * related
    assert not re.search(r"\b(must|should|obliged|comply|compliant|exempt|below|above)\b", text)


def test_a_sibling_is_no_origin() -> None:
    """What a declared base explains was tested, and nothing was made from it."""
    report = CASES["confirmed"]
    assert [f.declared for f in report.findings if f.verdict in PROVEN] == [True, False]
    assert written(report, "eu-gpai").count("The modification of") == 1


def test_the_share_that_differs_is_of_what_was_looked_at() -> None:
    """A quarter of the values of one matrix, none of another of three times its size."""
    report = reports.cases()["confirmed"]
    rows = [
        Change(layer=0, base_layer=0, role=role, relative=0.1, equal=equal, cosine=1, values=n)
        for role, equal, n in (("q", 0.75, 100), ("k", 1.0, 300))
    ]

    def told(whole: bool) -> str:
        changes = tuple(r.model_copy(update={"whole": whole}) for r in rows)
        finding = report.findings[0].model_copy(update={"changes": changes})
        made: Report = report.model_copy(update={"findings": (finding,)})
        return written(made, "eu-gpai")

    assert "6.2 % of 400 values that were sampled" in told(whole=False)
    assert "6.2 % of every value" in told(whole=True)
