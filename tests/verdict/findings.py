"""How does a test make a finding by hand?"""

from __future__ import annotations

from typing import Any

from hubcheck.report.phrases import text
from hubcheck.report.schema import BaseModelRef, Finding, Relation
from hubcheck.report.words import RelationKind, Verdict


def finding(
    ref: str,
    verdict: Verdict,
    *,
    declared: bool = False,
    kept: float = 0.9,
    relation: RelationKind | None = None,
    created: str = "",
    explained_by: str | None = None,
    found_by: str = "named",
) -> Finding:
    """Return a finding with the fields that decide a verdict."""
    kind = relation
    if kind is None and verdict is Verdict.RELATED:
        kind = RelationKind.FINE_TUNE
    if kind is None and verdict is Verdict.IDENTICAL:
        kind = RelationKind.IDENTICAL
    fields: dict[str, Any] = {
        "base": BaseModelRef(ref=ref, revision="0" * 40, created=created),
        "proposed_by": ("--base" if declared else "--suspect",),
        "declared": declared,
        "status": "not-tested" if verdict is Verdict.NOT_TESTED else "tested",
        "reason": (),
        "verdict": verdict,
        "log10_p": -100.0 if verdict is Verdict.RELATED else 0.0,
        "kept": 1.0 if verdict is Verdict.IDENTICAL else kept,
        "relation": None if kind is None else Relation(kind=kind, detail=(text("made by a test"),)),
        "explained_by": explained_by,
        "found_by": found_by,
        "compared": 1.0,
        "held": 1.0,
        "order_tested": 1.0,
    }
    return Finding(**fields)


def declared(verdict: Verdict, **fields: Any) -> Finding:
    """Return a finding about a declared base."""
    return finding("org/declared", verdict, declared=True, **fields)


def suspect(verdict: Verdict, **fields: Any) -> Finding:
    """Return a finding about a base that is only suspected."""
    return finding("org/suspect", verdict, **fields)
