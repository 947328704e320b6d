"""What did the user ask?

Parses the command line into one request and calls it; everything heavy is imported by the command
that needs it, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hubcheck import __version__
from hubcheck.errors import ExitCode, HubcheckError, UsageError, printable
from hubcheck.serve_command import add_serve
from hubcheck.webhook_command import add_webhook

SIZE_UNITS: Final = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9,
                     "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}  # fmt: skip

REF_HELP: Final = (
    "A REF names a model: org/name or org/name@revision on the Hub; org/name:folder, one folder of "
    "a repository (its card is the folder's own, else the one at top level); org/name:Q4_K_M, its "
    "GGUF files of that quantisation, in whatever folder (a folder of that name wins); "
    "org/name:folder@revision; the address of a page of the Hub; or a folder or file here. A "
    "repository of several components (model_index.json, modules.json) is one model, each "
    "component a part of it; where all weights are GGUF files in folders, the largest quantisation "
    "is read and the others are named."
)
"""What can be written wherever a model is named."""


def parse_size(text: str) -> int:
    """Return bytes for ``64MB``, ``1.5GB``, ``1MiB`` or a plain number.

    Raises:
        argparse.ArgumentTypeError: it is not a size.
    """
    digits = text.strip().upper()
    number = digits.rstrip("KMGIB")
    unit = digits[len(number) :]
    try:
        return int(float(number) * SIZE_UNITS[unit])
    except (KeyError, ValueError, OverflowError) as error:
        message = f"{printable(text)!r} is not a size; write 64MB, 1GB or a number of bytes"
        raise argparse.ArgumentTypeError(message) from error


def parse_seed(text: str) -> int:
    """Return a seed from 0 to 2**63 - 1.

    Raises:
        argparse.ArgumentTypeError: it is not one.
    """
    if not text.isascii() or not text.isdecimal() or int(text) >= 2**63:
        message = f"{printable(text)!r} is not a seed; write a number from 0 to 2**63 - 1"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of every command."""
    parser = argparse.ArgumentParser(
        prog="hubcheck",
        description="Do these weights come from where the card says? Exact evidence, few bytes.",
        epilog="Exit codes: 0 pass or neutral, 1 policy failed, 2 usage, 3 unreachable, "
        "4 unreadable or hostile weights, 5 internal.",
    )
    parser.add_argument("--version", action="version", version=f"hubcheck {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    check = commands.add_parser(
        "check", help="hold a model against its bases", description=REF_HELP
    )
    check.add_argument("subject", metavar="SUBJECT", help="the model to check: a REF, see above")
    check.add_argument(
        "--base",
        action="append",
        default=[],
        metavar="REF",
        help="a base it is said to come from; replaces what its card declares",
    )
    check.add_argument(
        "--suspect",
        action="append",
        default=[],
        metavar="REF",
        help="a further base to test; auto adds those that hubcheck suspects lists",
    )
    check.add_argument(
        "--depth",
        default="sample",
        choices=["headers", "sample", "deep", "full"],
        help="how much of the weights is read; full reads every byte, and can be stopped and gone "
        "on with",
    )
    check.add_argument(
        "--max-read",
        type=parse_size,
        metavar="SIZE",
        help="hard limit per model; default 64MB, at depth deep 2GB, at depth full none",
    )
    check.add_argument(
        "--seed", type=parse_seed, metavar="N", help="repeat the draw of another run"
    )
    check.add_argument(
        "--fresh-seed",
        action="store_true",
        help="with --cache: draw anew, and let later checks share this draw instead",
    )
    check.add_argument(
        "--fail-on",
        default="undeclared,contradicted",
        metavar="WORDS",
        help="what ends with exit code 1, by comma, or none; default undeclared,contradicted. Also "
        "disguised, inconclusive, none-found, not-tested (a base), nothing-compared (all of them), "
        "undeclared-upstream, match-undated, undeclared-part; `hubcheck explain WORD` says more",
    )
    check.add_argument("--out", type=Path, default=Path("hubcheck-out"), metavar="DIR")
    check.add_argument("--json", action="store_true", help="print the report instead of the table")
    check.add_argument("--plan", action="store_true", help="print what would be read, and stop")
    check.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="keep what is read from the Hub, and how far a full check is, for later checks",
    )
    check.set_defaults(run="run_check")

    demo = commands.add_parser(
        "demo", help="the same on small trained models that ship with hubcheck"
    )
    demo.add_argument("--out", type=Path, default=Path("demo-out"), metavar="DIR")
    demo.add_argument("--seed", type=parse_seed, metavar="N")
    demo.set_defaults(run="run_demo")

    replay = commands.add_parser(
        "replay", help="read the same ranges again; the whole report must agree"
    )
    replay.add_argument("report", type=Path, metavar="REPORT")
    replay.add_argument(
        "--from",
        dest="root",
        type=Path,
        metavar="DIR",
        help="the folder that the report's folders are counted from; default: the working folder, "
        "else the report's own or one above it, whichever has the subject",
    )
    replay.set_defaults(run="run_replay")

    suspects = commands.add_parser(
        "suspects", help="which bases would be tested, and why", description=REF_HELP
    )
    suspects.add_argument("subject", metavar="SUBJECT", help="as for check")
    suspects.add_argument(
        "--max-bases", type=int, default=8, metavar="N", help="propose at most N, default 8"
    )
    suspects.add_argument(
        "--no-hub", action="store_true", help="ask the Hub nothing; list what the files name"
    )
    suspects.add_argument("--json", action="store_true", help="print JSON instead of the table")
    suspects.set_defaults(run="run_suspects")

    card = commands.add_parser("card", help="render a report again")
    card.add_argument("report", type=Path, metavar="REPORT")
    card.add_argument("--out", type=Path, metavar="DIR", help="write all files here")
    card.add_argument("--format", choices=["markdown", "html", "badge", "text"], default="markdown")
    card.set_defaults(run="run_card")

    publish = commands.add_parser("publish", help="put a report where people look")
    publish.add_argument("report", type=Path, metavar="REPORT")
    publish.add_argument(
        "--to",
        required=True,
        choices=["pull-request", "model-card", "discussion"],
        help="a comment on GitHub, a section and a badge on the model card, a comment on the Hub",
    )
    publish.add_argument(
        "--create-pr", action="store_true", help="model card on the Hub: propose it instead"
    )
    publish.add_argument(
        "--number",
        type=int,
        default=0,
        metavar="N",
        help="comment on this pull request or discussion",
    )
    publish.add_argument(
        "--comment-id", default="hubcheck", metavar="ID", help="pull request: one of several"
    )
    publish.add_argument(
        "--folder", type=Path, metavar="DIR", help="edit the model card in this folder instead"
    )
    publish.add_argument("--dry-run", action="store_true", help="say what would be written")
    publish.set_defaults(run="run_publish")

    add_serve(commands, parse_size)
    add_webhook(commands, parse_size)

    explain = commands.add_parser("explain", help="what a word of the report means")
    explain.add_argument("word", metavar="VERDICT")
    explain.set_defaults(run="run_explain")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    arguments = build_parser().parse_args(argv)
    # One thread: the matrices are small, spinning threads cost more than they give on a shared
    # runner, and sums are then taken in the same order everywhere. Must be set before NumPy loads.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # The commands are looked up late: their module imports NumPy, which --help must not wait for.
    from hubcheck import commands

    try:
        return int(getattr(commands, arguments.run)(arguments))
    except HubcheckError as error:
        print(f"hubcheck: {_which_process()}{error.what}", file=sys.stderr)
        print(f"  likely cause: {error.cause}", file=sys.stderr)
        print(f"  next: {error.next_step}", file=sys.stderr)
        return int(UsageError.exit_code if error.exit_code is ExitCode.OK else error.exit_code)
    except BrokenPipeError:
        return int(ExitCode.OK)
    except KeyboardInterrupt:
        print("hubcheck: stopped", file=sys.stderr)
        return 130
    except Exception as error:  # noqa: BLE001 - the one top-level net: exit 5, and say how to report
        import traceback

        print(f"hubcheck: internal error: {printable(error)}", file=sys.stderr)
        traceback.print_exc()
        print(
            "  next: this is a fault of hubcheck; please report it with the text above.",
            file=sys.stderr,
        )
        return int(ExitCode.INTERNAL)


def _which_process() -> str:
    """Return which of several processes speaks, where it is not the first."""
    rank = os.environ.get("RANK", "0")
    return f"process {printable(rank, limit=8)}: " if rank != "0" else ""


if __name__ == "__main__":
    sys.exit(main())
