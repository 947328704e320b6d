"""What does ``hubcheck replay`` do?"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from hubcheck.errors import ExitCode


def add_replay(commands: Any) -> None:
    """Add the command to a parser's commands."""
    replay = commands.add_parser(
        "replay",
        help="read the same ranges again; the whole report must agree",
        epilog="Examples:\n  hubcheck replay hubcheck-out/report.json\n"
        "  hubcheck replay provenance/hubcheck.json --from ~/models",
    )
    replay.add_argument("report", type=Path, metavar="REPORT", help="report.json of a check")
    replay.add_argument(
        "--from",
        dest="root",
        type=Path,
        metavar="DIR",
        help="the folder that the report's folders are counted from; default: the working folder, "
        "else the report's own or one above it, whichever has the subject",
    )
    replay.set_defaults(run=run_replay)


def run_replay(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck replay``: the same ranges from the pinned commits must give the same report."""
    from hubcheck.cli.launch import nothing_to_do
    from hubcheck.cli.replay_report import lines_of, replay
    from hubcheck.cli.terminal import say
    from hubcheck.report.load import load_report

    given = load_report(arguments.report)
    if nothing_to_do(given.depth, os.environ):
        return ExitCode.OK
    outcome = replay(given, arguments.report, given_root=arguments.root)
    if outcome is None:
        return ExitCode.OK
    say("".join(f"{line}\n" for line in lines_of(outcome)))
    return outcome.exit_code
