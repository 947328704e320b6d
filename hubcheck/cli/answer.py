"""What does ``hubcheck answer`` do?"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hubcheck.cli.terminal import tell
from hubcheck.errors import ExitCode, UsageError, printable

if TYPE_CHECKING:
    from hubcheck.report.curves import Curves
    from hubcheck.report.schema import Report


def add_answer(commands: Any) -> None:
    """Add the command to a parser's commands."""
    answer = commands.add_parser(
        "answer",
        help="a page to show to who accuses with a number",
        description="Write one self-contained page, English and Korean: the cosine of norms with "
        "its controls, the exact test, and how to repeat both. --pdf has a browser of this machine "
        "(Chromium, Chrome, Edge) print the same page.",
        epilog="Examples:\n  hubcheck answer report.json --out answer.html --pdf answer.pdf\n"
        "  hubcheck answer report.json --out answer.html --curve",
    )
    answer.add_argument("report", type=Path, metavar="REPORT", help="report.json of a check")
    answer.add_argument("--out", type=Path, metavar="FILE", required=True,
                        help="the page, FILE.html")  # fmt: skip
    answer.add_argument("--pdf", type=Path, metavar="FILE", help="the same, printed: FILE.pdf")
    answer.add_argument(
        "--curve",
        action="store_true",
        help="read the pinned weights again, some megabytes a model, and show how the standard "
        "deviation of their attention matrices runs over the layers",
    )
    answer.add_argument(
        "--from", type=Path, metavar="DIR", dest="root",
        help="with --curve: the folder that the report's folders are counted from",
    )  # fmt: skip
    answer.set_defaults(run=run_answer)


def run_answer(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck answer``."""
    from hubcheck.card.answer import render
    from hubcheck.cli.printed import lacks, print_pdf
    from hubcheck.report.load import load_report

    report = load_report(arguments.report)
    text = render(report, _curves(report, arguments) if arguments.curve else None)
    out: Path = arguments.out
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise _unwritable(out, error, "--out") from error
    if arguments.pdf is None:
        tell(f"wrote {printable(out)}; --pdf FILE prints it, and so does any browser")
        return ExitCode.OK
    pdf: Path = arguments.pdf
    try:
        pdf.parent.mkdir(parents=True, exist_ok=True)
        print_pdf(out, pdf)
        if lacks("ko"):
            tell(
                "no font here has Korean letters: that half of the PDF shows boxes; install one "
                "(fonts-nanum, fonts-noto-cjk) and print again"
            )
    except OSError as error:
        raise _unwritable(pdf, error, "--pdf") from error
    tell(f"wrote {printable(out)} and {printable(pdf)}")
    return ExitCode.OK


def _curves(report: Report, arguments: argparse.Namespace) -> Mapping[str, tuple[Curves, ...]]:
    from hubcheck.check.curves import curves_of
    from hubcheck.cli.process import hub_token
    from hubcheck.cli.terminal import clear_progress, progress_line
    from hubcheck.report.words import Depth
    from hubcheck.request.access import access_of
    from hubcheck.request.interface import budget_of
    from hubcheck.request.replayed import root_of

    access = access_of(budget_of(Depth.SAMPLE, None), os.environ, hub_token)
    root = root_of(report, arguments.report, arguments.root)
    try:
        return curves_of(report, access, root=root, progress=progress_line(), tell=tell)
    finally:
        clear_progress()


def _unwritable(path: Path, error: OSError, option: str) -> UsageError:
    return UsageError(
        f"{printable(path)} cannot be written.",
        cause=printable(error),
        next_step=f"name another file with {option}.",
    )
