"""Which answers do the tests of the benchmark share?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.kinds.ask import Said
from benchmarks.kinds.pairs import Asked, Pair


def asked(pair: Pair, **changes: Any) -> Asked:
    """Return a pair of a kind of one stack."""
    plain: dict[str, Any] = {
        "kind": "made up",
        "pair": pair,
        "subject": Path("s"),
        "base": Path("b"),
    }
    return Asked(**{**plain, **changes})


def said(
    verdict: str = "related",
    relation: str = "fine-tune",
    declaration: str = "confirmed",
    *,
    exit_code: int = 0,
    card: str = "### hubcheck: a title\n",
    **finding: Any,
) -> Said:
    """Return an answer about one base."""
    found: dict[str, Any] = {"verdict": verdict, "relation": None, "parts": [], **finding}
    if relation:
        found["relation"] = {"kind": relation, "detail": "", "holds": "body"}
    report = {"verdict": declaration, "findings": [found]}
    return Said(exit_code=exit_code, report=report, card=card, complaint="")
