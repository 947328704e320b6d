"""What does hubcheck say about seven small models that were really trained?

The models ship with the project (``benchmarks/zoo`` makes them). They are copied to the output
folder, so that every command on the cards works as printed.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hubcheck.card.index import IndexEntry, index_html
from hubcheck.card.table import OverviewRow, overview, overview_row
from hubcheck.check.concluded import conclude_check
from hubcheck.errors import ExitCode, printable
from hubcheck.frozen import frozen
from hubcheck.publish.files import write_atomically, write_outputs
from hubcheck.request.build import Means, build_request
from hubcheck.request.options import Options
from hubcheck.source.kept_seed import fresh_seed

MODELS: Final = Path(__file__).parent / "models"
BASE: Final = "zoo/base"
"""The name by which the shipped cards declare their base."""


@frozen
class Case:
    """One model of the demo, and the bases it is tested against."""

    name: str
    suspects: tuple[str, ...] = ()
    """Beside what the card declares."""


CASES: Final = (
    Case(name="finetune"),
    Case(name="continued"),
    Case(name="disguised"),
    Case(name="upscaled"),
    Case(name="twin", suspects=("base",)),
    Case(name="wrong-declaration", suspects=("twin",)),
)


def demo(
    out: Path, seed: int | None, *, progress: Callable[[str], None], done: Callable[[], None]
) -> ExitCode:
    """Check every model of the demo and print one table.

    Args:
        out: Folder for the models, the cards and ``index.html``.
        seed: Of every draw; fresh from the system when None.
        progress: Told each step in words.
        done: Called when the progress line has to go.
    """
    drawn = fresh_seed() if seed is None else seed
    folders = _lay_out(out)
    rows: list[OverviewRow] = []
    entries: list[IndexEntry] = []
    for case in CASES:
        row = _check_case(case, folders, out, drawn, progress)
        rows.append(row)
        entries.append(IndexEntry(href=f"{case.name}/card.html", row=row))
    write_atomically(out / "index.html", index_html(tuple(entries)))
    done()
    print("Six small models, each held against the base its card declares (or is suspected of):\n")
    print(overview(tuple(rows)))
    print(
        "The twin shares only configuration, text and tokenizer with the base; its norms still\n"
        "look like a copy of the base's. hubcheck judges by order and content instead.\n"
    )
    shown = printable(out)
    print(f"Cards: {shown}/index.html    One of them: {shown}/{CASES[-1].name}/card.md")
    print(f"Again by hand: hubcheck check {shown}/zoo/finetune --base {shown}/zoo/base")
    return ExitCode.OK


def _lay_out(out: Path) -> dict[str, Path]:
    """Copy the shipped models to ``out/zoo`` and return their folders by name."""
    folders = {}
    for model in sorted(MODELS.iterdir()):
        if model.is_dir():
            folders[model.name] = out / "zoo" / model.name
            shutil.copytree(model, folders[model.name], dirs_exist_ok=True)
    return folders


def _check_case(
    case: Case, folders: dict[str, Path], out: Path, seed: int, progress: Callable[[str], None]
) -> OverviewRow:
    """Check one model, write its card, return its line of the table."""
    outcome = conclude_check(
        build_request(
            Options(
                subject=str(folders[case.name]),
                suspects=tuple(str(folders[name]) for name in case.suspects),
                mirrors=((BASE, str(folders["base"])),),
                seed=seed,
            ),
            Means(),
        ),
        now=lambda: datetime.now(UTC),
        progress=lambda text: progress(f"{case.name}: {text}"),
    )
    write_outputs(outcome.report, out / case.name)
    return replace(overview_row(outcome.report), subject=case.name)
