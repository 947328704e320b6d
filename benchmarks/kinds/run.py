"""How is each kind of model judged, and each way of laying a repository out?

    python -m benchmarks.kinds.run                        # everything, some minutes on two cores
    python -m benchmarks.kinds.run --group text           # text kinds alone
    python -m benchmarks.kinds.run --only Whisper --keep FOLDER
    python -m benchmarks.kinds.run --json results.json --page docs/kinds.md

Every kind is built small, six derivatives of it are made, and each is held against its base by the
command ``hubcheck check``. What cannot be built, because a package is missing, is listed and left
out. The exit code is 1 where a statement was false or an exit code wrong.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from benchmarks.kinds.ask import ask
from benchmarks.kinds.build import CannotBuild
from benchmarks.kinds.judge import judge
from benchmarks.kinds.judge_layout import judge_layout
from benchmarks.kinds.layout import Layout, lay_out
from benchmarks.kinds.layouts import LAYOUTS
from benchmarks.kinds.pairs import make_pairs
from benchmarks.kinds.recipes import KINDS, TEXT, Group, Kind
from benchmarks.kinds.results import (
    LayoutRow,
    PairRow,
    Results,
    Skipped,
    joined,
    load,
    save,
)
from benchmarks.kinds.sections import with_parts, write_part
from benchmarks.kinds.table import page, summary

SEED: Final = 1
"""Of the first kind's base; every kind takes the next hundred."""

Task = TypeVar("Task")
Answer = TypeVar("Answer")


def ask_kind(kind: Kind, seed: int, keep: Path | None) -> list[PairRow] | Skipped:
    """Build one kind, ask about every pair of it, and return the rows.

    Args:
        kind: Which.
        seed: Of its base.
        keep: Where its models stay; a temporary folder where ``None``.
    """
    with _folder(keep, kind.name) as folder:
        pairs = make_pairs(kind, seed, folder)
        if isinstance(pairs, CannotBuild):
            return Skipped(name=kind.name, code=pairs.code, detail=pairs.detail)
        rows = []
        for asked in pairs:
            began = time.perf_counter()
            said = ask(asked.subject, asked.base)
            rows.append(
                PairRow(
                    kind=kind.name,
                    group=kind.group,
                    pair=asked.pair,
                    judged=judge(asked, said),
                    seconds=round(time.perf_counter() - began, 2),
                )
            )
        return rows


def ask_layout(layout: Layout, seed: int, keep: Path | None) -> LayoutRow | Skipped:
    """Lay one repository out, ask about it, and return the row."""
    with _folder(keep, f"layout {layout.name}") as folder:
        question = lay_out(layout, seed, folder)
        if isinstance(question, CannotBuild):
            return Skipped(name=layout.name, code=question.code, detail=question.detail)
        began = time.perf_counter()
        said = ask(question.subject, *question.bases)
        return LayoutRow(
            layout=layout.name,
            family=layout.family,
            expected=layout.expected,
            judged=judge_layout(layout, said),
            seconds=round(time.perf_counter() - began, 2),
        )


@contextmanager
def _folder(keep: Path | None, name: str) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="kinds-") as made:
            yield Path(made)
        return
    safe = "".join(c if c.isalnum() or c in ".-" else "_" for c in name)
    (keep / safe).mkdir(parents=True, exist_ok=True)
    yield keep / safe


def _each(work: Callable[[Task], Answer], tasks: Sequence[Task], jobs: int) -> Iterator[Answer]:
    """Yield the answer to every task, in order, from several processes or from this one."""
    if jobs <= 1:
        yield from map(work, tasks)
        return
    # Libraries that were imported before a fork may hold locks.
    with multiprocessing.get_context("spawn").Pool(jobs, maxtasksperchild=20) as pool:
        yield from pool.imap(work, tasks)


def _one_kind(task: tuple[int, Kind], keep: Path | None) -> list[PairRow] | Skipped:
    number, kind = task
    return ask_kind(kind, SEED + 100 * number, keep)


def _one_layout(number: int, keep: Path | None) -> LayoutRow | Skipped:
    """Ask about a layout by its place in the list: what makes one does not pass to a process."""
    return ask_layout(LAYOUTS[number], SEED + 100_000 + 100 * number, keep)


def chosen(group: str, only: Sequence[str]) -> tuple[list[Kind], list[Layout]]:
    """Return the kinds and layouts that are asked for.

    Args:
        group: A group's name, ``text``, ``kinds``, ``layouts``, or ``all``.
        only: Parts of names; all where empty.
    """

    def wanted(name: str) -> bool:
        return not only or any(part.lower() in name.lower() for part in only)

    groups = {
        "all": frozenset(Group),
        "kinds": frozenset(Group),
        "text": TEXT,
        "layouts": frozenset[Group](),
    }
    taken = groups[group] if group in groups else frozenset({Group(group)})
    kinds = [k for k in KINDS if k.group in taken and wanted(k.name)]
    layouts = [x for x in LAYOUTS if group in {"all", "layouts"} and wanted(x.name)]
    return kinds, layouts


def measure(
    kinds: Sequence[Kind], layouts: Sequence[Layout], jobs: int, keep: Path | None
) -> Results:
    """Ask everything and return all rows, telling on stderr how far it is."""
    number = {kind.name: i for i, kind in enumerate(KINDS)}
    places = {layout.name: i for i, layout in enumerate(LAYOUTS)}
    pairs: list[PairRow] = []
    laid: list[LayoutRow] = []
    skipped: list[Skipped] = []
    began = time.perf_counter()
    tasks = [(number[k.name], k) for k in kinds]
    for found in _each(partial(_one_kind, keep=keep), tasks, jobs):
        if isinstance(found, Skipped):
            skipped.append(found)
            _tell(f"{found.name}: not built, {found.code}")
            continue
        pairs += found
        _tell(f"{found[0].kind}: " + " ".join(row.judged.call for row in found))
    chosen_places = [places[x.name] for x in layouts]
    for one in _each(partial(_one_layout, keep=keep), chosen_places, jobs):
        if isinstance(one, Skipped):
            skipped.append(one)
            continue
        laid.append(one)
        _tell(f"{one.layout}: {one.judged.call}")
    return Results(
        pairs=tuple(pairs),
        layouts=tuple(laid),
        skipped=tuple(skipped),
        seconds=round(time.perf_counter() - began, 1),
    )


def _tell(text: str) -> None:
    print(f"kinds: {text}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask, print the table, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kinds.run", description=__doc__)
    names = ["all", "text", "kinds", "layouts", *Group]
    parser.add_argument("--group", default="all", choices=names)
    parser.add_argument("--only", action="append", default=[], metavar="PART", help="of a name")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the models here")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here as well")
    parser.add_argument(
        "--with", dest="others", nargs="+", default=[], type=Path, metavar="FILE",
        help="rows that other runs of the same code kept; nothing of theirs is asked again",
    )  # fmt: skip
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the page here as well")
    parser.add_argument(
        "--part", type=Path, metavar="FILE", help="write a part of the page: senses"
    )
    given = parser.parse_args(arguments)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ["HF_HUB_OFFLINE"] = "1"
    kinds, layouts = chosen(given.group, given.only)
    before = [load(path) for path in given.others]
    known = {r.kind for one in before for r in one.pairs}
    laid = {r.layout for one in before for r in one.layouts}
    results = measure(
        [k for k in kinds if k.name not in known],
        [x for x in layouts if x.name not in laid],
        given.jobs,
        given.keep,
    )
    results = joined([*before, results])
    print(summary(results))
    if given.json is not None:
        save(results, given.json)
    if given.page is not None:
        old = given.page.read_text(encoding="utf-8") if given.page.exists() else ""
        given.page.write_text(with_parts(page(results), old), encoding="utf-8")
    if given.part is not None:
        write_part(given.part, "senses", summary(results))
    return 1 if results.false or results.wrong_exits else 0


if __name__ == "__main__":
    sys.exit(main())
