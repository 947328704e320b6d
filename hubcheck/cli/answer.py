"""What does ``hubcheck answer`` do?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from hubcheck.cli.terminal import tell
from hubcheck.errors import ExitCode, UsageError, printable


def add_answer(commands: Any) -> None:
    """Add the command to a parser's commands."""
    answer = commands.add_parser(
        "answer",
        help="a page to show to who accuses with a number",
        description="Write one self-contained page, English and Korean: the cosine of norms with "
        "its controls, the exact test, and how to repeat both. Print it to PDF from a browser.",
        epilog="Examples:\n  hubcheck answer hubcheck-out/report.json --out answer.html",
    )
    answer.add_argument("report", type=Path, metavar="REPORT", help="report.json of a check")
    answer.add_argument("--out", type=Path, metavar="FILE", required=True,
                        help="the page, FILE.html")  # fmt: skip
    answer.set_defaults(run=run_answer)


def run_answer(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck answer``."""
    from hubcheck.card.answer import render
    from hubcheck.report.load import load_report

    text = render(load_report(arguments.report))
    out: Path = arguments.out
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(
            f"{printable(out)} cannot be written.",
            cause=printable(error),
            next_step="name another file with --out.",
        ) from error
    tell(f"wrote {printable(out)}; a browser prints it to PDF")
    return ExitCode.OK
