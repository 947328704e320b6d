"""What does ``hubcheck compare`` do: two models side by side, where nobody declared anything?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hubcheck.cli.terminal import MANNER, say, tell
from hubcheck.errors import ExitCode, printable
from hubcheck.report.words import Depth
from hubcheck.request.options import REF_HELP, Options, comparison_line
from hubcheck.request.values import parse_seed, parse_size

if TYPE_CHECKING:
    from hubcheck.report.comparison import Comparison

OUT: Final = Path("hubcheck-compare")
EXAMPLES: Final = """\
Examples:
  hubcheck compare org/model org/other
  hubcheck compare ./mine org/model@v1.0 --depth deep
  hubcheck compare org/quants:Q4_K_M org/model
  hubcheck compare https://huggingface.co/org/model/tree/main/fp16 ./copy --json
  hubcheck compare ./before ./after --exit-code --quiet && echo same weights"""


def add_compare(commands: Any) -> None:
    """Add the command to a parser's commands."""
    compare = commands.add_parser(
        "compare",
        help="two models side by side, in neutral words",
        description="Hold two models against each other: are their weights the same, related or "
        "unrelated, which tensors differ, and how far did they move? No card is read for a claim; "
        f"the exit code is 0 whatever is found. {REF_HELP}",
        epilog=EXAMPLES,
    )
    compare.add_argument("a", metavar="A", help="a model: a REF, see above")
    compare.add_argument("b", metavar="B", help="the other model")
    compare.add_argument(
        "--depth",
        choices=[depth.value for depth in Depth],
        default=Depth.SAMPLE.value,
        help="how much of the weights is read, default sample; full reads every byte",
    )
    compare.add_argument(
        "--max-read",
        type=parse_size,
        metavar="SIZE",
        help="hard limit per model; default: 64MB, at depth deep 2GB, at depth full none",
    )
    compare.add_argument(
        "--seed", type=parse_seed, metavar="N", help="repeat the draw of another run; default: new"
    )
    compare.add_argument(
        "--out", type=Path, default=OUT, metavar="DIR", help=f"write here; default {OUT}"
    )
    compare.add_argument("--json", action="store_true", help="print JSON instead of the tables")
    compare.add_argument(
        "--exit-code",
        action="store_true",
        help="end with 0 where the weights are identical, else with 1; default: 0 for both",
    )
    compare.add_argument(
        "--cache", type=Path, metavar="DIR", help="keep what is read from the Hub; default: nothing"
    )
    compare.set_defaults(run=run_compare)


def run_compare(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck compare``."""
    import os

    from hubcheck.check.compare import compare
    from hubcheck.cli import carry_out
    from hubcheck.cli.launch import ended, nothing_to_do
    from hubcheck.cli.places import mistyped
    from hubcheck.cli.process import now
    from hubcheck.cli.terminal import clear_progress, progress_line, show_nothing
    from hubcheck.report.comparison import Result
    from hubcheck.request.build import build_request
    from hubcheck.source.kept_seed import fresh_seed
    from hubcheck.source.reference import parse_reference

    depth = Depth(arguments.depth)
    if nothing_to_do(depth, os.environ):
        return ExitCode.OK
    for said in mistyped((arguments.a, arguments.b), Path()):
        tell(said)
    a, b = parse_reference(arguments.a), parse_reference(arguments.b)
    resources = carry_out.resources_of(depth, arguments.cache or arguments.out)
    seed = arguments.seed
    options = Options(
        subject=arguments.a,
        depth=depth,
        max_read=arguments.max_read,
        seed=resources.team.same(fresh_seed()) if seed is None else seed,
        fail_on="none",
    )
    request = build_request(
        options,
        carry_out.means_of(cache=arguments.cache, resources=resources),
        subject=a,
        bases=lambda _: (),
    )
    main = resources.team.main
    try:
        found = compare(
            request,
            b,
            repeat=comparison_line(arguments.a, arguments.b, options),
            now=now,
            progress=progress_line() if main else show_nothing,
        )
    finally:
        if main:
            clear_progress()
    if main:
        _deliver(found, arguments.out, as_json=arguments.json)
    ended(resources)
    differ = arguments.exit_code and found.result is not Result.IDENTICAL
    return ExitCode.POLICY_FAILED if differ else ExitCode.OK


def _deliver(found: Comparison, folder: Path, *, as_json: bool) -> None:
    """Write the files and print the result."""
    from hubcheck.card.comparison import compose
    from hubcheck.card.table import document_text
    from hubcheck.publish.files import comparison_json, write_comparison

    paths = write_comparison(found, folder)
    manner = MANNER.get()
    if as_json:
        say(comparison_json(found))
    else:
        say(document_text(compose(found), width=manner.width))
    tell(f"wrote {', '.join(printable(path) for path in paths)}")
