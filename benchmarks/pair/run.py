"""How do hubcheck and its rivals do on one pair of a billion parameters?

``python -m benchmarks.pair.run PAIR --rivals DIR`` runs every tool on the related and on the
unrelated pair that ``benchmarks.pair.make`` wrote, the tools by turns, models in memory: one round
that is not counted, then three. A last round starts with the models out of memory, to see what
each tool fetches from the disk. Prints a table with medians and ratios, and all figures as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.pair.measure import Cost, cool, run, warm
from benchmarks.pair.rivals import Tool, cisco, hubcheck, installed, modeldna

PAIRS: Final = {"related": ("derived", "base"), "unrelated": ("unrelated", "base")}
"""Subject and base of each pair."""
ENVIRONMENT: Final = {
    "HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "PYTHONHASHSEED": "0",
}  # fmt: skip
MEASURES: Final = ("wall_s", "cpu_s", "peak_mb", "read_mb", "disk_mb")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One tool on one pair."""

    tool: str
    pair: str
    answer: str
    exit_code: int
    medians: dict[str, float]
    """By measure; ``disk_mb`` is from the one run with cold files."""
    ranges: dict[str, tuple[float, float]]
    """Smallest and largest of each measure."""
    runs: int
    """Counted runs with warm files."""
    cold_wall_s: float
    own_read_mb: float | None
    """What the tool itself reports to have read of both models' files."""


def measured(tool: Tool, pair: str, counted: Sequence[Cost], cold: Cost) -> Row:
    """Return the row of one tool on one pair.

    Raises:
        RuntimeError: the tool printed no JSON.
    """
    last = counted[-1]
    try:
        said: dict[str, Any] = json.loads(last.stdout[last.stdout.index("{") :])
    except ValueError as error:
        raise RuntimeError(f"{tool.name} ended with {last.exit_code} and no JSON") from error
    values = {name: [getattr(cost, name) for cost in counted] for name in MEASURES[:-1]}
    values["disk_mb"] = [cold.disk_mb]
    return Row(
        tool=tool.name,
        pair=pair,
        answer=tool.answer(said),
        exit_code=last.exit_code,
        medians={name: median(found) for name, found in values.items()},
        ranges={name: (min(found), max(found)) for name, found in values.items()},
        runs=len(counted),
        cold_wall_s=cold.wall_s,
        own_read_mb=tool.read_mb(said),
    )


def measure_all(folder: Path, tools: Sequence[Tool], rounds: int, patience_s: float) -> list[Row]:
    """Run every tool on both pairs, by turns.

    Args:
        folder: Where ``base``, ``derived`` and ``unrelated`` lie.
        tools: hubcheck first.
        rounds: Counted runs of each tool on each pair.
        patience_s: A tool whose first run took longer gets one counted run.
    """
    weights = [folder / name / "model.safetensors" for name in ("base", "derived", "unrelated")]
    costs: dict[tuple[str, str], list[Cost]] = {}
    for turn in range(rounds + 2):  # one uncounted, the counted, one with cold files
        for pair, names in PAIRS.items():
            subject, base = (folder.resolve() / name for name in names)
            for tool in tools:
                done = costs.get((tool.name, pair), [])
                if 1 < turn <= rounds and done[0].wall_s > patience_s:
                    continue
                (cool if turn > rounds else warm)(weights)
                cost = run(tool.command(subject, base), {**ENVIRONMENT, **tool.variables})
                costs.setdefault((tool.name, pair), []).append(cost)
                step = "cold" if turn > rounds else f"round {turn}"
                load = os.getloadavg()[0]
                print(f"{step}: {tool.name}, {pair}: {cost.wall_s:.2f} s, {cost.cpu_s:.2f} s of "
                      f"processor, load {load:.1f}", file=sys.stderr, flush=True)  # fmt: skip
    return [
        measured(tool, pair, costs[tool.name, pair][1:-1], costs[tool.name, pair][-1])
        for pair in PAIRS
        for tool in tools
    ]


def table(rows: Sequence[Row]) -> str:
    """Return the medians as Markdown; in parentheses the multiple of hubcheck's figure."""
    lines = [
        "| pair | tool | wall s | processor s | peak MB | read calls MB | off the disk MB | runs | answer | exit |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        own = next(r for r in rows if r.pair == row.pair)
        cells = []
        for name in MEASURES:
            value, unit = row.medians[name], own.medians[name]
            ratio = f" ({value / unit:.1f}x)" if row is not own and unit > 0 else ""
            cells.append(f"{value:.2f}{ratio}" if name.endswith("_s") else f"{value:.0f}{ratio}")
        cells += [str(row.runs), row.answer, str(row.exit_code)]
        lines.append(f"| {row.pair} | {row.tool} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pair.run")
    parser.add_argument("pair", type=Path, help="folder written by benchmarks.pair.make")
    parser.add_argument("--rivals", type=Path, help="folder of their environments, made if absent")
    parser.add_argument("--rounds", type=int, default=3, help="counted runs of each")
    parser.add_argument(
        "--patience", type=float, default=1200.0,
        help="seconds; a tool whose first run took longer gets one counted run",
    )  # fmt: skip
    parser.add_argument(
        "--fast-only", action="store_true", help="leave out cisco-ai-provenance-kit"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="where to write all figures")
    given = parser.parse_args(arguments)
    tools = [hubcheck(given.seed)]
    if given.rivals is not None:
        rivals = given.rivals.resolve()
        of_modeldna = installed(rivals, "modeldna")
        tools += [modeldna(of_modeldna), modeldna(of_modeldna, one_thread=True)]
        tools += [] if given.fast_only else [cisco(installed(rivals, "cisco"))]
    before = os.getloadavg()[0]
    rows = measure_all(given.pair, tools, given.rounds, given.patience)
    figures = {
        "processors": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "load_before": before,
        "load_after": os.getloadavg()[0],
        "weights_mb": (given.pair / "base" / "model.safetensors").stat().st_size / 1e6,
        "rows": [asdict(row) for row in rows],
    }
    text = json.dumps(figures, indent=2) + "\n"
    if given.json is not None:
        given.json.write_text(text, encoding="utf-8")
    print(table(rows))
    if given.json is None:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
