"""How do the results read? ``python -m benchmarks.lineage.table`` writes ``docs/benchmark.md``.

Nothing on the page is typed by hand that a run could change: the figures, the lists of what each
tool missed and the places where a rival wins all come from the file of results.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmarks.lineage import merges
from benchmarks.lineage.judgement import Call, call, right
from benchmarks.lineage.pairs import Kind
from benchmarks.lineage.prose import AFTER, BEFORE, LIMITS, TITLE
from benchmarks.lineage.results import Row, load
from benchmarks.lineage.run import RESULTS
from benchmarks.lineage.scores import interval
from benchmarks.lineage.summary import (
    LABELS,
    POSITIVE,
    Area,
    Cost,
    Quality,
    Share,
    area_of,
    by_tool,
    cost,
    false_positives,
    quality,
    relation_score,
    weights_only,
)
from benchmarks.lineage.wins import wins

PAGE: Final = Path(__file__).resolve().parents[2] / "docs" / "benchmark.md"
MARKS: Final = {True: "✓", False: "✗"}


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; a cell cannot break out of its row."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(_cell(cell) for cell in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def percent(share: Share) -> str:
    """Return a share with its interval.

    >>> percent(Share(k=0, n=45))
    '0 of 45 (0 to 7.9 %)'
    """
    if share.n == 0:
        return "-"
    low, high = (100 * end for end in interval(share.k, share.n))
    ends = [f"{end:.1f}".removesuffix(".0") for end in (low, high)]
    return f"{share.k} of {share.n} ({ends[0]} to {ends[1]} %)"


def curve(area: Area | None) -> str:
    """Return an area under the curve with its interval."""
    return "-" if area is None else f"{area.value:.3f} ({area.low:.3f} to {area.high:.3f})"


def render(rows: Sequence[Row], merged: Sequence[merges.MergeRow]) -> str:
    """Return the page.

    Raises:
        ValueError: there are no results.
    """
    if not rows:
        raise ValueError("no results yet: python -m benchmarks.lineage.run makes them")
    tools = by_tool([*rows, *weights_only(rows)])
    asked = {tool: own for tool, own in tools.items() if not tool.endswith("-weights")}
    qualities = [quality(tool, own) for tool, own in tools.items()]
    costs = [found for tool, own in asked.items() if (found := cost(tool, own)) is not None]
    parts = [
        TITLE,
        _in_short(qualities),
        BEFORE,
        _pairs(next(iter(asked.values())), len({(r.subject, r.base) for r in rows})),
        "## Right and wrong\n",
        _quality(qualities),
        AFTER,
        _false_positives(tools),
        _areas(tools),
        _costs(costs),
        "## Where a rival wins\n",
        "\n".join(f"- {line}" for line in wins(tools, qualities, costs, merged)) + "\n",
        "## The relation\n",
        _relations(asked),
        _merged(merged),
        "## Hard cases\n",
        _hard(asked),
        "## Every derivative\n",
        _derivatives(asked),
        _wrong_strangers(asked),
        _failures(asked),
        LIMITS,
        _versions(rows),
    ]
    return "\n".join(part for part in parts if part)


def _pairs(rows: Sequence[Row], known: int) -> str:
    counts = Counter(r.kind for r in rows)
    alone = sum(r.subject.startswith("judges/") for r in rows)
    text = (
        f"{len(rows)} pairs: {counts[Kind.DERIVED]} of a derivative and a model it was made from, "
        f"{counts[Kind.KIN]} of two descendants of one model, {counts[Kind.STRANGER]} of strangers "
        f"({alone} of these with models that are in no other pair), {counts[Kind.HARD]} hard cases."
    )
    left = known - len(rows)
    unfinished = (
        f" {left} more are left out, for which not every row of the tables has an answer: begun and"
        " **unfinished**, or cisco gave no score of the weights."
    )
    return f"{text}{unfinished if left else ''}\n"


def _quality(found: Sequence[Quality]) -> str:
    header = (
        *("tool", "derivatives found", "strangers called related", "no answer", "failed"),
        *("right", "balanced accuracy", "area under the curve"),
    )
    rows = [
        (
            LABELS[q.tool],
            percent(q.found),
            percent(q.accused),
            f"{q.unanswered.k} of {q.unanswered.n}",
            f"{q.failed.k} of {q.failed.n}",
            percent(q.right),
            f"{q.balanced:.3f}",
            curve(q.area),
        )
        for q in found
    ]
    return table(header, rows) + "\n"


def _false_positives(tools: Mapping[str, Sequence[Row]]) -> str:
    split = {tool: false_positives(own) for tool, own in tools.items()}
    names = list(next(iter(split.values())))
    rows = [(LABELS[tool], *(percent(kinds[n]) for n in names)) for tool, kinds in split.items()]
    return "False positives by kind of stranger:\n\n" + table(("tool", *names), rows) + "\n"


def _areas(tools: Mapping[str, Sequence[Row]]) -> str:
    rows = []
    for tool, own in tools.items():
        if not tool.startswith("hubcheck"):
            continue
        positives = [r for r in own if r.kind in POSITIVE]
        negatives = [r for r in own if r.kind is Kind.STRANGER]
        area = area_of(positives, negatives, lambda r: r.scores.get("log10_E", 0.0))
        if area is not None:
            rows.append(f"{LABELS[tool]} {curve(area)}")
    return (
        "Ranked by log10 E alone, without the verdict: " + "; ".join(rows) + ".\n" if rows else ""
    )


def _costs(costs: Sequence[Cost]) -> str:
    header = (
        *("tool", "seconds (most)", "at load", "processor seconds (most)", "peak MB (most)"),
        *("of the files fetched", "own count MB"),
    )
    rows = [
        (
            LABELS[c.tool],
            f"{c.wall_s[0]:.1f} ({c.wall_s[1]:.1f})",
            f"{c.load:.1f}",
            f"{c.cpu_s[0]:.1f} ({c.cpu_s[1]:.1f})",
            f"{c.peak_mb[0]:.0f} ({c.peak_mb[1]:.0f})",
            f"{100 * c.touched:.0f} %",
            "-" if c.own_read_mb is None else f"{c.own_read_mb:.1f}",
        )
        for c in costs
    ]
    return "## Cost\n\n" + table(header, rows) + "\n" + COST_NOTE


COST_NOTE: Final = """
Medians over all pairs, process start to result. *At load*: processes that wanted a core; seconds of tools compare only
at like loads, processor seconds nearly always. *Of the files fetched*: pages of both models, config and tokenizer
included, that are in memory after a run that began with none; mapped files and the system's read-ahead count. On files
of 1 to 2 MB that says little: every tool fetches most of them. What reading costs at a billion parameters is measured
in [benchmarks](benchmarks.md): there hubcheck reads 0.2 to 0.4 %, modeldna 9 %, cisco all.
"""


def _relations(tools: Mapping[str, Sequence[Row]]) -> str:
    rows = []
    for tool, own in tools.items():
        s = relation_score(tool, own)
        shares = (Share(k=k, n=s.scored) for k in (s.worded, s.specific, s.true))
        rows.append((LABELS[tool], *map(percent, shares)))
    return (
        "What each word means is in `benchmarks/lineage/relations.py`, argued word by word. *A true word* accepts "
        "coarser ones, such as fine-tune for a merged adapter, and either of two changes that were combined.\n\n"
        + table(("tool", "gives a word", "the most specific word", "a true word"), rows)
        + "\n"
    )


def _merged(merged: Sequence[merges.MergeRow]) -> str:
    if not merged:
        return ""
    tools = [tool for tool in LABELS if any(m.tool == tool for m in merged)]
    found = {(m.name, m.tool): m for m in merged}
    rows = []
    for name in sorted({m.name for m in merged}):
        one = next(m for m in merged if m.name == name)
        shares = _shares(one.shares) or "no one number"
        named = ", ".join(f"`{parent}`" for parent in one.parents)
        answers = [_merge_said(found.get((name, tool))) for tool in tools]
        rows.append((f"`{name}`", named, shares, *answers))
    header = ("merge", "named", "true shares", *(LABELS[tool] for tool in tools))
    return "### Merges, with the parents named\n\n" + MERGE_NOTE + table(header, rows) + "\n"


def _merge_said(row: merges.MergeRow | None) -> str:
    if row is None:
        return "-"
    if row.failure:
        return "✗ failed"
    shares = f": {_shares(row.found)}" if row.found else ""
    return f"{MARKS[row.called]} {row.verdict}{shares}"


def _shares(shares: Sequence[float]) -> str:
    return ", ".join(f"{share:.3f}" for share in shares)


MERGE_NOTE: Final = """hubcheck with every model named as `--base`; modeldna with its command `decompose`; cisco cannot be asked. ✓ says that
it is a merge; the figures are the shares found, in the order named. Models named as decoys have the share 0.

"""


def _said(row: Row) -> str:
    if call(row) is Call.FAILED:
        return "✗ failed"
    word = f"{row.verdict}: {row.relation}" if row.relation else row.verdict
    return f"{MARKS[right(row)]} {word}"


def _answers(tools: Mapping[str, Sequence[Row]], subject: str, base: str) -> list[str]:
    found = []
    for own in tools.values():
        row = next((r for r in own if (r.subject, r.base) == (subject, base)), None)
        found.append("-" if row is None else _said(row))
    return found


def _sorted(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda r: (r.kind is Kind.KIN, r.subject, r.base))


def _hard(tools: Mapping[str, Sequence[Row]]) -> str:
    first = _sorted(r for r in next(iter(tools.values())) if r.kind is Kind.HARD)
    rows = [
        (f"`{r.subject}` from `{r.base}`", r.meaning, *_answers(tools, r.subject, r.base))
        for r in first
    ]
    header = ("pair", "right answer", *(LABELS[tool] for tool in tools))
    return "Counted in no figure above.\n\n" + table(header, rows) + "\n"


def _derivatives(tools: Mapping[str, Sequence[Row]]) -> str:
    first = _sorted(r for r in next(iter(tools.values())) if r.kind in POSITIVE)
    rows = [
        (f"`{r.subject}` from `{r.base}`", r.meaning, *_answers(tools, r.subject, r.base))
        for r in first
    ]
    header = ("pair", "what it is", *(LABELS[tool] for tool in tools))
    return "✓ is a match, whatever its relation.\n\n" + table(header, rows) + "\n"


def _wrong_strangers(tools: Mapping[str, Sequence[Row]]) -> str:
    lines = []
    for tool, own in tools.items():
        wrong = Counter(
            row.verdict or "failed" for row in own if row.kind is Kind.STRANGER and not right(row)
        )
        said = ", ".join(f"{n} {word}" for word, n in sorted(wrong.items()))
        lines.append(f"- {LABELS[tool]}: {said or 'none'}.")
    return "### Strangers not called unrelated\n\n" + "\n".join(lines) + "\n"


def _failures(tools: Mapping[str, Sequence[Row]]) -> str:
    lines = []
    for tool, own in tools.items():
        reasons = Counter(r.failure for r in own if r.failure)
        lines += [f"- {LABELS[tool]}, {n} times: `{why}`" for why, n in sorted(reasons.items())]
    return "### Failures\n\n" + ("\n".join(lines) or "None.") + "\n"


def _versions(rows: Sequence[Row]) -> str:
    of: dict[str, set[str]] = {}
    for row in rows:
        of.setdefault(row.tool, set()).add(row.version)
    named = "; ".join(f"{LABELS[t]}: {', '.join(sorted(v))}" for t, v in sorted(of.items()))
    return f"Versions: {named}. The digest behind hubcheck's version is that of its source.\n"


def _in_short(qualities: Sequence[Quality]) -> str:
    """Return the first screen: what each tool found and whom it would have accused."""
    rows = [
        (
            LABELS[q.tool],
            f"{q.found.k} of {q.found.n}",
            f"{q.accused.k} of {q.accused.n}",
            f"{q.unanswered.k} of {q.unanswered.n}",
        )
        for q in qualities
    ]
    head = ("tool", "copies and relatives found", "strangers called related", "no answer")
    return (
        "*In short.* Each tool was shown pairs of small models of which it is known whether one comes "
        "from the other. A tool should find the copies, and call no stranger a relative: the second "
        "is what accuses somebody who did nothing.\n\n"
        f"{table(head, rows)}\n\n"
        "Where a rival is better it says so below. What small models cannot show is the last section.\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lineage.table")
    parser.add_argument("--results", type=Path, default=RESULTS, help="file of results")
    parser.add_argument("--out", type=Path, default=PAGE, help="the page")
    given = parser.parse_args(arguments)
    merged = merges.load(given.results.with_suffix(".merges.jsonl"))
    try:
        page = render(load(given.results), merged)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    given.out.write_text(page, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
