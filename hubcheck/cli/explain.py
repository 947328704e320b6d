"""What does ``hubcheck explain`` do?"""

from __future__ import annotations

import argparse
from typing import Any

from hubcheck.errors import ExitCode, UsageError, printable


def add_explain(commands: Any) -> None:
    """Add the command to a parser's commands."""
    explain = commands.add_parser("explain", help="what a word of the report means")
    explain.add_argument("word", metavar="VERDICT")
    explain.set_defaults(run=run_explain)


def run_explain(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck explain``."""
    from hubcheck.card.explain import explain

    try:
        text = explain(arguments.word)
    except ValueError as error:
        what = f"'{printable(arguments.word)}' is not a word of the report."
        raise UsageError(
            what, cause="a typing error.", next_step=printable(error, limit=600)
        ) from error
    print(text)
    return ExitCode.OK
