"""What does ``hubcheck history`` do?"""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path
from typing import Any, Final

from hubcheck.cli.terminal import MANNER, say, tell
from hubcheck.errors import ExitCode, UsageError, printable
from hubcheck.report.words import Depth
from hubcheck.request.options import REF_HELP, Options
from hubcheck.request.values import parse_seed, parse_size

STATES: Final = 12


def add_history(commands: Any) -> None:
    """Add the command to a parser's commands."""
    history = commands.add_parser(
        "history",
        help="a model's published states as a chain: support for a claim, never its proof",
        description="Hold a model's published checkpoints against each other, oldest first, and "
        "the first one against what an initialisation looks like. One MODEL: its numbered "
        "branches, tags or folders, else the commits that changed its weights. Several: these "
        f"states, in this order. Needs no claim and makes no verdict; exit code 0. {REF_HELP}",
        epilog="Examples:\n  hubcheck history org/model\n  hubcheck history ./run --states 8\n"
        "  hubcheck history org/model@step0 org/model@step1000 org/model",
    )
    history.add_argument("models", nargs="+", metavar="MODEL", help="a model, or states of one")
    history.add_argument(
        "--states",
        type=int,
        default=STATES,
        metavar="N",
        help=f"look at N of its states at most, both ends among them; default {STATES}",
    )
    history.add_argument(
        "--depth",
        choices=[Depth.SAMPLE.value, Depth.DEEP.value],
        default=Depth.SAMPLE.value,
        help="how much is read of each state, default sample",
    )
    history.add_argument(
        "--max-read", type=parse_size, metavar="SIZE", help="hard limit per state; default: 64MB"
    )
    history.add_argument(
        "--seed", type=parse_seed, metavar="N", help="repeat the draw of another run; default: new"
    )
    history.add_argument(
        "--out", type=Path, default=Path("hubcheck-history"), metavar="DIR", help="write here"
    )
    history.add_argument("--json", action="store_true", help="print JSON instead of the table")
    history.add_argument("--cache", type=Path, metavar="DIR", help="keep what is read from the Hub")
    history.set_defaults(run=run_history)


def run_history(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck history``."""
    from hubcheck.card.history import compose
    from hubcheck.card.table import document_text
    from hubcheck.check.history import history
    from hubcheck.check.states import spread, states_of
    from hubcheck.cli import carry_out
    from hubcheck.cli.launch import ended, nothing_to_do
    from hubcheck.cli.process import hub_token, now
    from hubcheck.cli.terminal import clear_progress, progress_line
    from hubcheck.publish.files import history_json, write_history
    from hubcheck.request.access import access_of
    from hubcheck.request.build import build_request
    from hubcheck.request.interface import budget_of
    from hubcheck.source.kept_seed import fresh_seed
    from hubcheck.source.reference import parse_reference

    if arguments.states < 2:  # noqa: PLR2004 - a chain needs two
        raise UsageError(
            f"--states is {arguments.states}.",
            cause="a chain needs two.",
            next_step="give 2 or more.",
        )
    depth = Depth(arguments.depth)
    if nothing_to_do(depth, os.environ):
        return ExitCode.OK
    named = [parse_reference(name) for name in arguments.models]
    access = access_of(
        budget_of(depth, arguments.max_read), os.environ, hub_token, cache=arguments.cache
    )
    found = tuple(named) if len(named) > 1 else states_of(named[0], access)
    chosen = found if len(named) > 1 else spread(found, arguments.states)
    seed = fresh_seed() if arguments.seed is None else arguments.seed
    resources = carry_out.resources_of(depth, None)
    request = build_request(
        Options(
            subject=arguments.models[-1],
            depth=depth,
            max_read=arguments.max_read,
            seed=seed,
            fail_on="none",
        ),
        carry_out.means_of(cache=arguments.cache, resources=resources),
        subject=named[-1],
        bases=lambda _: (),
    )
    words = ["hubcheck", "history", *arguments.models, "--seed", str(seed)]
    words += ["--states", str(arguments.states)] if arguments.states != STATES else []
    words += ["--depth", depth.value] if depth is not Depth.SAMPLE else []
    try:
        told = history(
            request,
            chosen,
            left_out=len(found) - len(chosen),
            repeat=shlex.join(words),
            now=now,
            progress=progress_line(),
        )
    finally:
        clear_progress()
    ended(resources)
    paths = write_history(told, arguments.out)
    if arguments.json:
        say(history_json(told))
    else:
        say(document_text(compose(told), width=MANNER.get().width))
    tell(f"wrote {', '.join(printable(path) for path in paths)}")
    return ExitCode.OK
