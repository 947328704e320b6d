"""What do the terminal and the page say of a run?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from benchmarks.kinds.judge import MARKS, Call, Judged
from benchmarks.kinds.pairs import Pair
from benchmarks.kinds.recipes import TEXT, Group
from benchmarks.kinds.results import LayoutRow, PairRow, Results, Totals, totals, unrelated_share

COMMAND: Final = "make kinds"
HEADER: Final = ("kinds", "asked", "right", "blind", "false statements", "wrong exits",
                 "independents unrelated")  # fmt: skip
LEGEND: Final = (
    f"{MARKS[Call.RIGHT]} right, {MARKS[Call.BLIND]} blind (nothing untrue, less than could be known), "
    f"{MARKS[Call.FALSE]} a false statement, {MARKS[Call.EXIT]} a wrong exit code, empty: no such pair"
)

BEFORE: Final = f"""# Kinds of models and layouts of repositories

*In plain words.* Chat models, translators, image generators, speech recognisers and many more are built in different
ways. For each kind that common libraries can build, this page shows whether a fine-tuned copy is recognised, whether a
stranger is left alone, and where nothing could be said.

What `hubcheck check` says of every kind of model that the libraries below can build, and of every way of laying a
repository out that was thought of. Written by the command; nothing on this page is by hand.

    pip install -e ".[test]" diffusers timm gguf
    {COMMAND}

Each model is small (width 128, 384 neurons a layer, 4 layers, 1,009 tokens), built by its library with random initial
values, then *shaken*: rows get lengths of their own, gains and biases values of their own. Nothing is trained: this page
measures whether anatomy, reading and words are right for a kind, not how far a test carries ([evidence](evidence.md) does
that on trained models). Each kind is asked about with seven subjects:

| pair | the subject | right is |
|---|---|---|
| copy | the same files | `identical` |
| re-saved | the same values, other shards, dtype or format in turn | `related`, confirmed, stored anew |
| fine-tune | 5 % noise on every tensor | `related`, confirmed |
| new vocabulary | fresh word embeddings, another number of tokens, 2 % noise on the rest | `related`, confirmed |
| new head | the same body, bit for bit, under another head | `related`, confirmed, never "the same values" |
| independent | another seed | `unrelated`, or `inconclusive` that names what was not compared |
| graft | a stack, or every second layer, from the independent model | that part matches and part does not; counted apart |

A verdict, relation, part or sentence that is untrue of a pair is a false statement, whatever else was right: the truth is
known tensor by tensor (`benchmarks/kinds/judge.py`). {LEGEND}.
"""


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def percent(share: float) -> str:
    """Return a share without digits that so few questions cannot carry; 100 % is all."""
    return "100 %" if share == 1 else f"{min(99, round(100 * share))} %"


def summary(results: Results) -> str:
    """Return everything that a terminal shows."""
    parts = [_sums(results), _kinds(results.pairs), _layouts(results.layouts)]
    return "\n".join(part for part in [*parts, _wrong(results), _left_out(results)] if part)


def page(results: Results) -> str:
    """Return the page."""
    parts = [
        BEFORE,
        "## In sum\n",
        _sums(results),
        "## Kind by kind\n",
        _kinds(results.pairs),
        "## Layouts of repositories\n",
        _layouts(results.layouts),
        "## What was wrong\n",
        _wrong(results) or "No false statement and no wrong exit code.\n",
        _left_out(results),
        _versions(),
    ]
    return "\n".join(part for part in parts if part)


def _sums(results: Results) -> str:
    by_group = {
        group: [r for r in results.six if r.group is group]
        for group in Group
        if any(r.group is group for r in results.six)
    }
    text = [r for r in results.six if r.group in TEXT]
    rows = []
    for name, chosen in [("text", text), *by_group.items(), ("all kinds", list(results.six))]:
        if chosen:
            share = percent(unrelated_share(chosen))
            rows.append(_sum(str(name), totals(r.judged for r in chosen), share))
    if results.grafts:
        rows.append(_sum("grafts, apart", totals(r.judged for r in results.grafts), ""))
    if results.layouts:
        rows.append(_sum("layouts", totals(r.judged for r in results.layouts), ""))
    return markdown(HEADER, rows) + f"\nMeasured in {results.seconds:.0f} s.\n"


def _sum(name: str, found: Totals, unrelated: str) -> tuple[str, ...]:
    right = f"{found.right} ({percent(found.share)})"
    counts = (found.blind, found.false, found.wrong_exits)
    return (name, str(found.asked), right, *map(str, counts), unrelated)


def _kinds(rows: Sequence[PairRow]) -> str:
    if not rows:
        return ""
    by_kind: dict[str, dict[Pair, Judged]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, {})[row.pair] = row.judged
    group = {row.kind: row.group for row in rows}
    lines = [
        (kind, group[kind], *(_cell(found.get(pair)) for pair in Pair))
        for kind, found in by_kind.items()
    ]
    return markdown(("kind", "group", *Pair), lines)


def _cell(found: Judged | None) -> str:
    if found is None:
        return ""
    words = ": ".join(w for w in (found.verdict, found.relation) if w and w != "undetermined")
    return f"{MARKS[found.call]} {words or f'exit {found.exit_code}'}"


def _layouts(rows: Sequence[LayoutRow]) -> str:
    if not rows:
        return ""
    lines = [
        (row.layout, row.family, row.expected, _cell(row.judged), str(row.judged.exit_code))
        for row in rows
    ]
    return markdown(("layout", "chapter", "what is true", "judged", "exit"), lines)


def _wrong(results: Results) -> str:
    found = [
        *((f"{r.kind}, {r.pair}", r.judged) for r in results.pairs),
        *((r.layout, r.judged) for r in results.layouts),
    ]
    lines = []
    for name, judged in found:
        if judged.false:
            lines.append(f"- {name}: **false**: {'; '.join(judged.false)}")
        if judged.wrong_exit:
            lines.append(f"- {name}: **exit {judged.exit_code}**")
    return "\n".join(lines) + ("\n" if lines else "")


def _left_out(results: Results) -> str:
    if not results.skipped:
        return ""
    why = Counter(one.code for one in results.skipped)
    named = ", ".join(one.name for one in results.skipped)
    counts = ", ".join(f"{n} {code}" for code, n in sorted(why.items()))
    return f"Not built here ({counts}): {named}.\n"


def _versions() -> str:
    from importlib.metadata import PackageNotFoundError, version

    found = []
    for package in ("torch", "transformers", "diffusers", "timm", "gguf"):
        try:
            found.append(f"{package} {version(package).partition('+')[0]}")
        except PackageNotFoundError:
            found.append(f"no {package}")
    return f"Built with {', '.join(found)}.\n"
