"""Which command did the user ask for?

Each command is a module that adds its own arguments and runs; everything heavy is imported by the
command that needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, Final

from hubcheck import __version__
from hubcheck.cli.answer import add_answer
from hubcheck.cli.audit import add_audit
from hubcheck.cli.card import add_card
from hubcheck.cli.catalogue import add_catalogue
from hubcheck.cli.check import add_check
from hubcheck.cli.compare import add_compare
from hubcheck.cli.completion import add_completion
from hubcheck.cli.demo import add_demo
from hubcheck.cli.explain import add_explain
from hubcheck.cli.export import add_export
from hubcheck.cli.history import add_history
from hubcheck.cli.init import add_init
from hubcheck.cli.parsing import Parser
from hubcheck.cli.process import collect_seldom
from hubcheck.cli.publish import add_publish
from hubcheck.cli.replay import add_replay
from hubcheck.cli.serve import add_serve
from hubcheck.cli.sign import add_sign
from hubcheck.cli.suspects import add_suspects
from hubcheck.cli.terminal import (
    MANNER,
    add_manner,
    clear_progress,
    manner_of,
    open_closed_streams,
    say,
    show_every_letter,
    stop_writing,
)
from hubcheck.cli.verify import add_verify
from hubcheck.cli.webhook import add_webhook
from hubcheck.errors import ExitCode, HubcheckError, UsageError, printable

COMMANDS: Final[Sequence[Callable[[Any], None]]] = (
    add_check,
    add_compare,
    add_demo,
    add_replay,
    add_suspects,
    add_catalogue,
    add_history,
    add_card,
    add_answer,
    add_export,
    add_sign,
    add_verify,
    add_publish,
    add_audit,
    add_init,
    add_serve,
    add_webhook,
    add_explain,
    add_completion,
)
"""In the order of ``--help``."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    parser = Parser(
        prog="hubcheck",
        description="Do these weights come from where the card says? Exact evidence, few bytes. "
        "Begin with `hubcheck demo`, then `hubcheck check org/name`.",
        epilog="Exit codes: 0 pass or neutral, 1 policy failed, 2 usage, 3 unreachable, "
        "4 unreadable or hostile weights, 5 internal.",
    )
    parser.add_argument("--version", action="version", version=f"hubcheck {__version__}")
    parser.set_defaults(every_command=parser)  # what ``completion`` is about
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    add_manner(parser)
    for add in COMMANDS:
        add(commands)
    for command in commands.choices.values():
        add_manner(command)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    collect_seldom()
    open_closed_streams()
    show_every_letter()
    arguments = build_parser().parse_args(argv)
    MANNER.set(manner_of(arguments, os.environ, sys.stdout))
    # One thread: the matrices are small, spinning threads cost more than they give on a shared
    # runner, and sums are then taken in the same order everywhere. Must be set before NumPy loads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        return _once_said(int(arguments.run(arguments)))
    except HubcheckError as error:
        clear_progress()  # an error does not stand behind half a line
        print(f"hubcheck: {_which_process()}{error.what}", file=sys.stderr)
        print(f"  likely cause: {error.cause}", file=sys.stderr)
        print(f"  next: {error.next_step}", file=sys.stderr)
        return int(UsageError.exit_code if error.exit_code is ExitCode.OK else error.exit_code)
    except BrokenPipeError:  # of a command that says nothing but its result
        stop_writing()
        return int(ExitCode.OK)
    except Exception as error:  # noqa: BLE001 - the one top-level net: exit 5, and say how to report
        import traceback

        clear_progress()
        print(f"hubcheck: internal error: {printable(error)}", file=sys.stderr)
        traceback.print_exc()
        print(
            "  next: this is a fault of hubcheck; please report it with the text above.",
            file=sys.stderr,
        )
        return int(ExitCode.INTERNAL)


def _once_said(code: int) -> int:
    """Return an exit code once stdout has all of the result: it fails here, not as Python ends."""
    say("")
    return code


def _which_process() -> str:
    """Return which of several processes speaks, where it is not the first."""
    rank = os.environ.get("RANK", "0")
    return f"process {printable(rank, limit=8)}: " if rank != "0" else ""


if __name__ == "__main__":
    sys.exit(main())
