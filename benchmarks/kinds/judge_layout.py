"""Was a repository's layout judged rightly, and did the check end with the right exit code?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from benchmarks.kinds.ask import Said
from benchmarks.kinds.judge import (
    HOSTILE,
    MATCH,
    NO_MATCH,
    NONE_OF_IT,
    OPEN,
    SAME,
    Judged,
    finding_of,
    judged,
    names_what_was_not_compared,
)
from benchmarks.kinds.layout import Layout, Truth
from hubcheck.report.words import DeclarationVerdict, RelationKind, Verdict

CONFIRMED: Final = DeclarationVerdict.CONFIRMED
HOLDING: Final = frozenset({Truth.SAME, Truth.TUNED})
"""Truths of a subject that holds all of the base's body."""
SHARING: Final = HOLDING | {Truth.PARTLY}
"""Truths of a subject that holds some of it."""
FILE_NAME: Final = re.compile(r"[\w./-]*\w\.\w+")
UNDECIDED: Final = frozenset({Truth.CONTAINER, Truth.OPEN, Truth.BROKEN})
"""Truths of a subject of which no verdict may be given."""


def judge_layout(layout: Layout, said: Said) -> Judged:
    """Return what became of one layout.

    Args:
        layout: Which, and what is true of it.
        said: What the check left behind.
    """
    finding = finding_of(said)
    verdict = str(finding.get("verdict", ""))
    false = _false(layout, said, finding)
    right = _right(layout, said, finding) and (layout.or_told or _says(layout, said))
    if layout.or_told and said.report.get("verdict") == DeclarationVerdict.INCONCLUSIVE:
        right = _says(layout, said)
    return judged(
        said,
        false,
        exit_is_wrong=_wrong_exit(layout, said),
        right=right and not false,
        verdict=verdict,
    )


def _false(layout: Layout, said: Said, finding: Mapping[str, Any]) -> list[str]:
    verdict, truth = finding.get("verdict"), layout.truth
    kind = (finding.get("relation") or {}).get("kind")
    found = []
    if truth in SHARING and verdict == Verdict.UNRELATED:
        found.append(f"verdict {verdict}")
    if truth is Truth.STRANGER and verdict in MATCH:
        found.append(f"verdict {verdict}")
    if truth in UNDECIDED and verdict in {*MATCH, Verdict.UNRELATED}:
        found.append(f"verdict {verdict}")
    if verdict == Verdict.IDENTICAL and RelationKind.IDENTICAL not in layout.relations:
        found.append(f"verdict {verdict}")
    if kind and verdict in MATCH and kind not in {*layout.relations, *OPEN}:
        found.append(f"relation {kind}")
    if truth in SHARING and said.report.get("verdict") == DeclarationVerdict.CONTRADICTED:
        found.append("contradicted")
    text = said.card + said.complaint
    untrue: list[str] = [NONE_OF_IT]
    if truth is not Truth.BROKEN:
        untrue.append(HOSTILE)
    if truth in HOLDING:
        untrue += NO_MATCH
    if truth is not Truth.SAME or not layout.relations & {RelationKind.RECAST}:
        untrue += SAME
    return [*found, *(f"says: {words}" for words in untrue if words in text)]


def _right(layout: Layout, said: Said, finding: Mapping[str, Any]) -> bool:
    verdict, declaration = finding.get("verdict"), said.report.get("verdict")
    match layout.truth:
        case Truth.SAME | Truth.TUNED:
            return verdict in MATCH and declaration == CONFIRMED
        case Truth.STRANGER:
            unseen = names_what_was_not_compared(finding, said.card)
            return verdict == Verdict.UNRELATED or (verdict == Verdict.INCONCLUSIVE and unseen)
        case Truth.PARTLY:
            # Something matches and the whole does not: no card may call that confirmed.
            seen = verdict in MATCH or bool(finding.get("log10_p", 0) < -3)
            return seen and declaration != CONFIRMED
        case Truth.CONTAINER:
            return verdict == Verdict.NOT_TESTED and declaration == DeclarationVerdict.INCONCLUSIVE
        case Truth.OPEN:
            return declaration == DeclarationVerdict.INCONCLUSIVE
        case Truth.BROKEN:
            return said.exit_code == 4


def _says(layout: Layout, said: Said) -> bool:
    text = said.card + said.complaint
    if layout.truth is Truth.CONTAINER:
        text = FILE_NAME.sub("", text)  # the format has to be named, not only the file
    return not layout.says or any(words.lower() in text.lower() for words in layout.says)


def _wrong_exit(layout: Layout, said: Said) -> bool:
    contradicted = said.report.get("verdict") == DeclarationVerdict.CONTRADICTED
    match layout.truth:
        case Truth.BROKEN:
            return said.exit_code != 4
        case Truth.STRANGER:
            return said.exit_code != int(contradicted)
        case _:
            return said.exit_code != 0
