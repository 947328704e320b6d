"""Is of an older disguise test left open what it can have read, and nothing that it claims?"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from hubcheck.report.load import load_report
from hubcheck.report.schema import Report
from hubcheck.verdict.older_tests import ended_early

OLD: Final = Path(__file__).parents[1] / "report" / "reports-2.0" / "whole.json"
ROWS: Final = [20, 21, 22]
"""Of the disguise test in that report: three layers, in which nothing was found."""


@cache
def old() -> str:
    """Return the report of schema 2.0."""
    return OLD.read_text(encoding="utf-8")


def now(*, early: bool = True) -> Report:
    """Return the same as it is made now: a layer fewer, matched by gate and up, fewer bytes."""
    raw = json.loads(old())
    finding = raw["findings"][0]
    assert [n for n, row in enumerate(finding["evidence"]) if row["test"] == "disguise"] == ROWS
    del finding["evidence"][ROWS[-1]]
    for n in ROWS[:-1]:
        finding["evidence"][n]["note"][0]["params"]["reading"] = early
    finding["bytes_read"] -= 100_000
    raw["coverage"]["bytes_read"] -= 200_000
    raw["coverage"]["subject_bytes_read"] -= 100_000
    return load_report(json.dumps(raw))


def test_what_it_read_on_for_is_left_open() -> None:
    """Its rows and its bytes, of the finding in which it was made."""
    assert list(ended_early(load_report(old()), now())) == [
        "findings[0].bytes_read",
        *(f"findings[0].evidence[{n}]" for n in ROWS),
        "coverage.bytes_read",
        "coverage.subject_bytes_read",
    ]


def test_a_test_that_was_not_made_or_not_ended_leaves_nothing_open() -> None:
    """It is asked of the new run, not of the report."""
    assert not list(ended_early(load_report(old()), now(early=False)))
    raw = json.loads(old())
    raw["findings"][1]["evidence"] += [raw["findings"][0]["evidence"][n] for n in ROWS]
    raw["findings"][1]["bytes_read"] += 1000
    left_open = list(ended_early(load_report(json.dumps(raw)), now()))
    assert not [path for path in left_open if path.startswith("findings[1]")]


@pytest.mark.parametrize(
    ("field", "value"),
    [("log10_p", -300.0), ("log10_e", 200.0), ("kept", 0.99), ("hits", 96), ("layers", [2]), ("note", 0.3)],
)  # fmt: skip
def test_a_row_that_claims_a_match_is_held(field: str, value: Any) -> None:
    """A bound, an e-value, a similarity, many hits, a layer twice, a score beyond the table."""
    raw = json.loads(old())
    rows = raw["findings"][0]["evidence"]
    if field == "note":
        rows[ROWS[0]]["note"][0]["params"]["score"] = value
    else:
        for n in ROWS[: 2 if field == "layers" else 1]:
            rows[n][field] = value
    assert not list(ended_early(load_report(json.dumps(raw)), now()))


def test_bytes_are_held_to_what_the_test_can_cost() -> None:
    """No more than the models have, however much the report says."""
    raw = json.loads(old())
    raw["coverage"]["bytes_read"] += 10**12
    left_open = list(ended_early(load_report(json.dumps(raw)), now()))
    assert "coverage.bytes_read" not in left_open
    raw["findings"][0]["bytes_read"] += 10**12
    assert not list(ended_early(load_report(json.dumps(raw)), now()))
