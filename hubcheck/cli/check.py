"""What does ``hubcheck check`` do?"""

from __future__ import annotations

import argparse
import os
import shlex
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hubcheck.cli.terminal import MANNER, say, tell
from hubcheck.errors import ExitCode, printable
from hubcheck.request.options import REF_HELP, Options, add_options, options_of

if TYPE_CHECKING:
    from hubcheck.check.run import Outcome
    from hubcheck.request.policy_file import PolicyFile
    from hubcheck.source.cache import SpanCache


EXAMPLES: Final = """\
Examples:
  hubcheck check org/model
  hubcheck check ./my-model --base org/base-7b --fail-on contradicted
  hubcheck check org/quants:Q4_K_M --suspect auto --depth deep
  hubcheck check https://huggingface.co/org/model/tree/v1.0 --plan
  hubcheck check . --policy .github/hubcheck.yml --json > report.json"""


def add_check(commands: Any) -> None:
    """Add the command to a parser's commands."""
    check = commands.add_parser(
        "check",
        help="hold a model against its bases",
        description="Test on the weights whether a model comes from where its card says. The bases "
        "are those that the card names; --base replaces them, --suspect adds some. Writes "
        f"report.json, card.md, card.html and a badge. {REF_HELP}",
        epilog=EXAMPLES,
    )
    add_options(check)
    check.add_argument(
        "--from",
        dest="root",
        type=Path,
        default=Path(),
        metavar="DIR",
        help="the folder that SUBJECT and all other folders are counted from; default: this one",
    )
    check.add_argument(
        "--suspects-file",
        action="append",
        default=[],
        metavar="FILE",
        help="further bases to test, one REF a line, # begins a remark; at most 1,000 in all",
    )
    check.add_argument(
        "--fresh-seed",
        action="store_true",
        help="with --cache: draw anew, and let later checks share this draw instead",
    )
    check.add_argument("--out", type=Path, default=Path("hubcheck-out"), metavar="DIR",
                       help="write here")  # fmt: skip
    check.add_argument("--json", action="store_true", help="print the report instead of the table")
    check.add_argument("--plan", action="store_true", help="print what would be read, and stop")
    check.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="keep what is read from the Hub, and how far a full check is, for later checks",
    )
    check.add_argument(
        "--only-public",
        action="store_true",
        help="others will read the answer: a token is used for no private model that only the "
        "model's own files name",
    )
    check.add_argument(
        "--allow-private",
        action="append",
        default=[],
        metavar="NAME",
        help="with --only-public: this private model of the Hub may be spoken of",
    )
    check.set_defaults(run=run_check)


def run_check(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck check``."""
    from hubcheck.cli import carry_out
    from hubcheck.cli.launch import ended, nothing_to_do
    from hubcheck.cli.places import mistyped
    from hubcheck.request.build import build_request
    from hubcheck.request.settled import settled
    from hubcheck.source.reference import parse_reference

    file = _policy_file(arguments)
    options = _with_listed(options_of(arguments), arguments, file)
    depth = options.depth or file.depth
    if nothing_to_do(depth, os.environ):
        return ExitCode.OK
    for said in mistyped((options.subject, *options.bases, *options.suspects), arguments.root):
        tell(said)
    # A typing error is told before processes are joined or a seed is taken.
    subject = parse_reference(options.subject, root=arguments.root)
    resources = carry_out.resources_of(depth, arguments.cache or arguments.out)
    # Only one process may take a turn of a seed that a cache keeps.
    options = settled(
        options,
        file,
        draw=lambda: resources.team.same(_drawn(arguments) if resources.team.main else 0),
    )
    means = replace(
        carry_out.means_of(root=arguments.root, cache=arguments.cache, resources=resources),
        only_public=arguments.only_public,
        allow_private=tuple(arguments.allow_private),
    )
    request = build_request(options, means, file=file, subject=subject)
    if not arguments.plan and resources.team.main:
        from hubcheck.publish.files import check_writable

        check_writable(arguments.out)  # before the work, not after it
    if arguments.plan:
        from hubcheck.card.plan import plan_text
        from hubcheck.check.plan import plan_of

        if resources.team.main:
            say(plan_text(plan_of(request)))
        return ExitCode.OK
    outcome = carry_out.carried_out(request)
    if resources.team.main:
        if request.access.cache is not None:
            _show_cache(request.access.cache)
        _deliver(outcome, arguments.out, as_json=arguments.json)
    ended(resources)
    return outcome.exit_code


def _with_listed(options: Options, arguments: argparse.Namespace, file: PolicyFile) -> Options:
    """Return the options with the suspects that files name: what is printed names each of them."""
    if not arguments.suspects_file:
        return options
    from hubcheck.request.name_list import with_listed

    suspects = with_listed(
        options.suspects, arguments.suspects_file, root=arguments.root, also=file.suspects
    )
    return replace(options, suspects=suspects)


def _policy_file(arguments: argparse.Namespace) -> PolicyFile:
    from hubcheck.request.policy_file import PolicyFile, read_policy_file
    from hubcheck.request.settled import check_places
    from hubcheck.source.reference import local_path

    if not arguments.policy:
        return PolicyFile()
    place = local_path(arguments.policy, arguments.root)
    file = read_policy_file(place, shown=arguments.policy)
    check_places(file, arguments.root)
    return file


def _drawn(arguments: argparse.Namespace) -> int:
    """Return the seed that the cache shares, or a fresh one."""
    from hubcheck.source.kept_seed import fresh_seed, shared_seed

    if arguments.cache is None:
        return fresh_seed()
    chosen = shared_seed(
        arguments.cache, now=time.time, environment=os.environ, renew=arguments.fresh_seed
    )
    tell(chosen.sentence)
    return chosen.seed


def _show_cache(cache: SpanCache) -> None:
    """Say what the cache saved, and what went wrong with it."""
    tell(f"{cache.served_bytes / 1e6:.1f} MB came from the cache")
    for warning in cache.warnings:
        tell(warning)


def _deliver(outcome: Outcome, folder: Path, *, as_json: bool) -> None:
    """Write the files and print the result."""
    from hubcheck.card.table import summary
    from hubcheck.publish.files import keep_earlier, report_json, write_outputs

    kept = keep_earlier(outcome.report, folder)
    paths = write_outputs(outcome.report, folder)
    manner = MANNER.get()
    shown = (
        report_json(outcome.report)
        if as_json
        else summary(
            outcome.report,
            width=manner.width,
            colour=manner.colour,
            replay=printable(shlex.join(["hubcheck", "replay", str(folder / "report.json")])),
        )
    )
    say(shown)
    if kept:
        tell(kept)
    written = ", ".join(
        printable(p) for p in (paths["report.json"], paths["card.md"], paths["card.html"])
    )
    tell(f"wrote {written}")
