"""What do the rows add up to, tool by tool?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from benchmarks.lineage.judgement import WEIGHTS_ALONE, Call, call, rank, right
from benchmarks.lineage.pairs import Kind
from benchmarks.lineage.relations import meant
from benchmarks.lineage.results import Row
from benchmarks.lineage.scores import area, area_interval
from benchmarks.lineage.tools import NAMES

POSITIVE: Final = (Kind.DERIVED, Kind.KIN)
WEIGHTS_ONLY: Final = "cisco-weights"
"""cisco-ai-provenance-kit's score of the weights, as if its configuration stage said nothing."""
LABELS: Final[Mapping[str, str]] = {
    "hubcheck": "hubcheck, sample",
    "hubcheck-deep": "hubcheck, deep",
    "hubcheck-full": "hubcheck, full",
    "modeldna": "modeldna",
    "modeldna-full": "modeldna, `--full`",
    "cisco": "cisco",
    WEIGHTS_ONLY: "cisco, weights alone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """k of n."""

    k: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Area under the ROC curve with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How right one tool is."""

    tool: str
    found: Share
    """Derivatives and kin that it calls a match."""
    accused: Share
    """Strangers that it calls a match: its false positives."""
    unanswered: Share
    """Of both, those without an answer."""
    failed: Share
    right: Share
    """Of both, those with the right answer."""
    balanced: float
    """Mean of the shares right among derivatives and among strangers."""
    area: Area | None
    """None while one of the sides is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one tool costs on one pair: medians and largest over all pairs that it answered."""

    tool: str
    wall_s: tuple[float, float]
    cpu_s: tuple[float, float]
    peak_mb: tuple[float, float]
    touched: float
    """Median share of both models' files that was fetched."""
    own_read_mb: float | None
    load: float
    """Median of the processes that wanted a core: times at different loads do not compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationScore:
    """How often one tool names the relation of a derivative."""

    tool: str
    scored: int
    """Derivatives whose relation has a word."""
    worded: int
    """Of these, called a match with a word about the relation."""
    specific: int
    """The most specific true word."""
    true: int
    """Any true word."""


def weights_only(rows: Sequence[Row]) -> list[Row]:
    """Return cisco's rows as they would be if its score of the weights decided alone."""
    changed = []
    for one in rows:
        score = one.scores.get("identity_score")
        if one.tool != "cisco" or one.failure:
            continue
        verdict = "Insufficient data"
        if score is not None:
            verdict = "High-Confidence Match" if score > WEIGHTS_ALONE else "Not Matched"
        scores = {} if score is None else {"probability": score}
        changed.append(replace(one, tool=WEIGHTS_ONLY, verdict=verdict, scores=scores))
    return changed


def by_tool(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows of the pairs that every tool was asked about, by tool in a fixed order."""
    of: dict[str, list[Row]] = {}
    for one in rows:
        of.setdefault(one.tool, []).append(one)
    asked = [{(r.subject, r.base) for r in own} for own in of.values()]
    shared = set.intersection(*asked) if asked else set()
    order = [*NAMES, WEIGHTS_ONLY]
    return {
        tool: [r for r in of[tool] if (r.subject, r.base) in shared]
        for tool in sorted(of, key=order.index)
    }


def quality(tool: str, rows: Sequence[Row]) -> Quality:
    """Return how right a tool is on derivatives and strangers."""
    positives = [r for r in rows if r.kind in POSITIVE]
    negatives = [r for r in rows if r.kind is Kind.STRANGER]
    both = [*positives, *negatives]
    n_right = [sum(map(right, side)) for side in (positives, negatives)]
    balanced = sum(n / max(1, len(s)) for n, s in zip(n_right, (positives, negatives), strict=True))
    return Quality(
        tool=tool,
        found=_share(positives, lambda r: call(r) is Call.MATCH),
        accused=_share(negatives, lambda r: call(r) is Call.MATCH),
        unanswered=_share(both, lambda r: call(r) is Call.ABSTAINED),
        failed=_share(both, lambda r: call(r) is Call.FAILED),
        right=Share(k=sum(n_right), n=len(both)),
        balanced=balanced / 2,
        area=area_of(positives, negatives, rank),
    )


def area_of(
    positives: Sequence[Row], negatives: Sequence[Row], score: Callable[[Row], float]
) -> Area | None:
    """Return the area under the curve of a score, None while a side is empty."""
    if not positives or not negatives:
        return None
    scores = [[score(r) for r in side] for side in (positives, negatives)]
    names = ([r.subject for r in positives], [r.subject for r in negatives])
    low, high = area_interval(scores[0], scores[1], names)
    return Area(value=area(scores[0], scores[1]), low=low, high=high)


def _share(rows: Sequence[Row], true: Callable[[Row], bool]) -> Share:
    return Share(k=sum(map(true, rows)), n=len(rows))


def false_positives(rows: Sequence[Row]) -> dict[str, Share]:
    """Return the false positives by kind of stranger."""
    strangers = [r for r in rows if r.kind is Kind.STRANGER]

    def accused(chosen: Sequence[Row]) -> Share:
        return _share(chosen, lambda r: call(r) is Call.MATCH)

    return {
        "built alike": accused([r for r in strangers if r.same_configuration]),
        "built otherwise": accused([r for r in strangers if not r.same_configuration]),
        "each model in one pair alone": accused(
            [r for r in strangers if r.subject.startswith("judges/")]
        ),
    }


def cost(tool: str, rows: Sequence[Row]) -> Cost | None:
    """Return what a tool costs, None where it never answered."""
    answered = [r for r in rows if not r.failure]
    if not answered:
        return None

    def both(values: Sequence[float]) -> tuple[float, float]:
        return median(values), max(values)

    own = [r.own_read_mb for r in answered if r.own_read_mb is not None]
    return Cost(
        tool=tool,
        wall_s=both([r.wall_s for r in answered]),
        cpu_s=both([r.cpu_s for r in answered]),
        peak_mb=both([r.peak_mb for r in answered]),
        touched=median(r.touched_mb / r.files_mb for r in answered),
        own_read_mb=median(own) if own else None,
        load=median(r.load for r in answered),
    )


def relation_score(tool: str, rows: Sequence[Row]) -> RelationScore:
    """Return how often a tool names a relation that is true."""
    scored = [r for r in rows if r.kind is Kind.DERIVED and r.words]
    said = [(set(meant(r.verdict, r.relation)), r.words) for r in scored if call(r) is Call.MATCH]
    return RelationScore(
        tool=tool,
        scored=len(scored),
        worded=sum(bool(words) for words, _ in said),
        specific=sum(true[0] in words for words, true in said),
        true=sum(bool(words & set(true)) for words, true in said),
    )


def found_only_by(rival: Sequence[Row], own: Sequence[Row]) -> list[Row]:
    """Return the rows of a rival that are right where the own answer to the same pair is not."""
    good = {(r.subject, r.base) for r in own if right(r)}
    return [r for r in rival if right(r) and (r.subject, r.base) not in good]
