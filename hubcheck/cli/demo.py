"""What does ``hubcheck demo`` do?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from hubcheck.cli.terminal import clear_progress, progress_line
from hubcheck.errors import ExitCode
from hubcheck.request.values import parse_seed


def add_demo(commands: Any) -> None:
    """Add the command to a parser's commands."""
    demo = commands.add_parser(
        "demo", help="the same on small trained models that ship with hubcheck"
    )
    demo.add_argument("--out", type=Path, default=Path("demo-out"), metavar="DIR",
                      help="write here")  # fmt: skip
    demo.add_argument("--seed", type=parse_seed, metavar="N", help="of every draw; default: new")
    demo.set_defaults(run=run_demo)


def run_demo(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck demo``."""
    from hubcheck.demo.run import demo

    return demo(arguments.out, arguments.seed, progress=progress_line(), done=clear_progress)
