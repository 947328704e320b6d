"""What does ``hubcheck explain`` do?"""

from __future__ import annotations

import argparse
from typing import Any

from hubcheck.cli.terminal import say
from hubcheck.errors import ExitCode, UsageError, printable


def add_explain(commands: Any) -> None:
    """Add the command to a parser's commands."""
    explain = commands.add_parser(
        "explain",
        help="what a word of the report means",
        description="Say what a word means, what it does not mean, and what to do.",
        epilog="Examples:\n  hubcheck explain contradicted\n  hubcheck explain similarity",
    )
    explain.add_argument(
        "word",
        metavar="WORD",
        help="a verdict, a relation, a column of a card, a word of --fail-on",
    )
    explain.set_defaults(run=run_explain)


def run_explain(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck explain``."""
    from hubcheck.card.explain import explain

    try:
        text = explain(arguments.word)
    except ValueError as error:
        what = f"'{printable(arguments.word)}' is not a word of the report."
        raise UsageError(
            what,
            cause="a typing error, or a word of another program.",
            next_step=printable(error, limit=1000),
        ) from error
    say(f"{text}\n")
    return ExitCode.OK
