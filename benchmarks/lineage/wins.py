"""Where is a rival better than hubcheck? Read off the same results, so that no win goes unsaid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, TypeVar

from benchmarks.lineage.merges import MergeRow
from benchmarks.lineage.pairs import Kind
from benchmarks.lineage.results import Row
from benchmarks.lineage.summary import (
    LABELS,
    WEIGHTS_ONLY,
    Cost,
    Quality,
    false_positives,
    found_only_by,
    relation_score,
)

ALIKE: Final = 1.5
"""Largest ratio of two loads at which wall times are held against each other."""
T = TypeVar("T")
SAME_SHARE: Final = 0.005
"""Shares that differ by less are told by the same two digits: no win."""
NAMED: Final = 12
"""Pairs of one win that are named; the others are in the table of all derivatives."""


def wins(
    tools: Mapping[str, Sequence[Row]],
    qualities: Sequence[Quality],
    costs: Sequence[Cost],
    merged: Sequence[MergeRow],
) -> list[str]:
    """Return every point on which a rival is better, one sentence each.

    Args:
        tools: Rows of the same pairs, by tool.
        qualities: Of every tool.
        costs: Of every tool that answered.
        merged: Answers about merges.
    """
    lines = [
        line
        for own in ("hubcheck", "hubcheck-deep")
        if own in tools
        for line in (
            *_quality(own, qualities),
            *_relations(own, tools),
            *(_costs(own, costs) if own == "hubcheck" else ()),
            *_pairs(own, tools),
            *_merges(own, merged),
        )
    ]
    return lines or ["Nowhere in this run."]


def _rivals(found: Sequence[T], name: Callable[[T], str]) -> list[T]:
    return [one for one in found if not name(one).startswith("hubcheck")]


def _quality(own: str, found: Sequence[Quality]) -> Iterator[str]:
    mine = next(q for q in found if q.tool == own)
    for q in _rivals(found, lambda q: q.tool):
        who = f"{LABELS[q.tool]} beats {LABELS[own]}"
        if q.found.k > mine.found.k:
            yield (
                f"{who} in derivatives found: {q.found.k} against {mine.found.k} of {q.found.n} "
                f"(and calls {q.accused.k} of {q.accused.n} strangers related, "
                f"hubcheck {mine.accused.k})."
            )
        if q.accused.k < mine.accused.k:
            yield f"{who} in strangers called related: {q.accused.k} against {mine.accused.k}."
        if q.unanswered.k < mine.unanswered.k:
            yield (
                f"{who} in pairs without an answer: {q.unanswered.k} against {mine.unanswered.k}."
            )
        if q.failed.k < mine.failed.k:
            yield f"{who} in failures: {q.failed.k} against {mine.failed.k}."
        if q.balanced > mine.balanced:
            yield f"{who} in balanced accuracy: {q.balanced:.3f} against {mine.balanced:.3f}."
        if q.area is not None and mine.area is not None and q.area.value > mine.area.value:
            yield (
                f"{who} in area under the curve: {q.area.value:.3f} against {mine.area.value:.3f}."
            )


def _relations(own: str, tools: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    mine = relation_score(own, tools[own])
    for tool in _rivals(list(tools), str):
        theirs = relation_score(tool, tools[tool])
        if theirs.specific > mine.specific:
            yield (
                f"{LABELS[tool]} beats {LABELS[own]} in the most specific relation word: "
                f"{theirs.specific} against {mine.specific} of {mine.scored}."
            )
        if theirs.true > mine.true:
            yield (
                f"{LABELS[tool]} beats {LABELS[own]} in true relation words: "
                f"{theirs.true} against {mine.true} of {mine.scored}."
            )


def _costs(own: str, found: Sequence[Cost]) -> Iterator[str]:
    mine = next((c for c in found if c.tool == own), None)
    for c in _rivals(found, lambda c: c.tool):
        if mine is None or c.tool.endswith("-full"):
            continue  # each by its default; the table of costs has the others
        for what, theirs, ours, unit in (
            ("time", c.wall_s[0], mine.wall_s[0], "s"),
            ("processor time", c.cpu_s[0], mine.cpu_s[0], "s"),
            ("peak memory", c.peak_mb[0], mine.peak_mb[0], "MB"),
            ("share of the files fetched", 100 * c.touched, 100 * mine.touched, "%"),
        ):
            if what == "time" and max(c.load, mine.load) > ALIKE * min(c.load, mine.load):
                continue  # not measured alike; processor time says what there is to say
            if theirs < ours:
                yield (
                    f"{LABELS[c.tool]} beats {LABELS[own]} in {what}: median {theirs:.3g} {unit} "
                    f"against {ours:.3g} {unit}."
                )


def _pairs(own: str, tools: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    for tool in _rivals(list(tools), str):
        if tool == WEIGHTS_ONLY:
            continue
        alone = found_only_by(tools[tool], tools[own])
        if not alone:
            continue
        named = ", ".join(f"`{r.subject}` from `{r.base}`" for r in alone[:NAMED])
        more = f" and {len(alone) - NAMED} more" if len(alone) > NAMED else ""
        line = f"{LABELS[tool]} is right where {LABELS[own]} is not: {named}{more}."
        alike = false_positives(tools[tool])["built alike"]
        if any(r.kind is not Kind.STRANGER for r in alone) and 2 * alike.k > alike.n > 0:
            line += (
                f" It says the same of {alike.k} of {alike.n} strangers that are built alike, so"
                " that a match of its kind tells nothing there."
            )
        yield line


def _merges(own: str, merged: Sequence[MergeRow]) -> Iterator[str]:
    mine = {m.name: m for m in merged if m.tool == own}
    for theirs in _rivals(merged, lambda m: m.tool):
        ours = mine.get(theirs.name)
        if ours is None:
            continue
        who = f"{LABELS[theirs.tool]} beats {LABELS[own]} on the merge `{theirs.name}`"
        if theirs.called and not ours.called:
            yield f"{who}: it says merge, hubcheck {ours.verdict or 'failed'}."
        elif theirs.shares and _error(theirs) < _error(ours) - SAME_SHARE:
            yield f"{who}: its shares are off by {_error(theirs):.3f}, hubcheck's by {_error(ours):.3f}."


def _error(row: MergeRow) -> float:
    """Return the largest error of the shares, 1 where they are not all given."""
    if len(row.found) != len(row.shares):
        return 1.0
    return max(abs(a - b) for a, b in zip(row.found, row.shares, strict=True))
