"""What does ``hubcheck card`` do?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from hubcheck.cli.terminal import MANNER, as_utf8, say, tell
from hubcheck.errors import ExitCode, printable


def add_card(commands: Any) -> None:
    """Add the command to a parser's commands."""
    card = commands.add_parser(
        "card",
        help="render a report again",
        epilog="Examples:\n  hubcheck card hubcheck-out/report.json > card.md\n"
        "  hubcheck card report.json --format html > card.html",
    )
    card.add_argument("report", type=Path, metavar="REPORT", help="report.json of a check")
    card.add_argument(
        "--out", type=Path, metavar="DIR", help="write all files here, pictures as SVG and PNG"
    )
    card.add_argument("--format", choices=["markdown", "html", "badge", "text"], default="markdown",
                      help="what to print; html is a page of one file")  # fmt: skip
    card.set_defaults(run=run_card)


def run_card(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck card``."""
    from hubcheck.card import badge, html, markdown
    from hubcheck.card.compose import compose
    from hubcheck.card.given import from_a_file
    from hubcheck.card.table import report_text
    from hubcheck.publish.files import write_outputs
    from hubcheck.report.load import load_report

    report = load_report(arguments.report)
    if arguments.out is not None:
        write_outputs(report, arguments.out, given=True, pictures=True)
        tell(f"wrote the card to {printable(arguments.out)}")
        return ExitCode.OK
    manner = MANNER.get()
    rendered = {
        "markdown": lambda: markdown.render(from_a_file(compose(report))),
        "html": lambda: html.render(from_a_file(compose(report))),
        "badge": lambda: badge.svg(report),
        "text": lambda: report_text(
            report, from_a_file(compose(report)), width=manner.width, colour=manner.colour
        ),
    }
    if arguments.format != "text":
        as_utf8()
    say(rendered[arguments.format]())
    return ExitCode.OK
