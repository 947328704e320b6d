"""What does ``hubcheck audit`` do?"""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hubcheck.cli.terminal import say, tell
from hubcheck.errors import ExitCode, UsageError, printable
from hubcheck.frozen import frozen
from hubcheck.report.words import Depth
from hubcheck.request.options import FAIL_ON, Options
from hubcheck.request.values import parse_size

if TYPE_CHECKING:
    from hubcheck.audit.run import Spread
    from hubcheck.request.build import Means
    from hubcheck.request.policy_file import PolicyFile

MOST: Final = 1000
REQUESTS: Final = 20_000
"""To list models, and to ask whether bases have moved."""


def add_audit(commands: Any) -> None:
    """Add the command to a parser's commands."""
    audit = commands.add_parser(
        "audit",
        help="check every model of an organisation, a collection or a list",
        description="Check every model against the bases that it declares, say what changed since "
        "the last audit in the same folder, and write one page, one table and a report a model. "
        "What was stopped goes on where it was; a model is looked at again where it, a base or "
        "the question has changed. Exit code: 1 where a model fails the policy, else that of the "
        "worst trouble (5, 4, 3), else 0.",
        epilog="Examples:\n  hubcheck audit acme --out audit\n"
        "  hubcheck audit models.txt --fail-on undeclared,contradicted --out audit\n"
        "  hubcheck audit acme/our-models-64f9a55bb3115b4f513ec026 --collection",
    )
    audit.add_argument(
        "what",
        metavar="WHAT",
        help="an owner on the Hub, or a file with one REF a line (# begins a remark)",
    )
    audit.add_argument(
        "--collection", action="store_true", help="WHAT is the slug of a collection on the Hub"
    )
    audit.add_argument(
        "--out", type=Path, default=Path("hubcheck-audit"), metavar="DIR", help="write here"
    )
    audit.add_argument(
        "--suspect",
        action="append",
        default=[],
        metavar="REF",
        help="a further base to test every model against; auto and files as for check",
    )
    audit.add_argument(
        "--depth",
        choices=[depth.value for depth in Depth],
        help="how much of the weights is read, default sample",
    )
    audit.add_argument(
        "--max-read", type=parse_size, metavar="SIZE", help="hard limit per model, as for check"
    )
    audit.add_argument(
        "--fail-on", metavar="WORDS", help=f"what ends with exit code 1; default {FAIL_ON}"
    )
    audit.add_argument(
        "--policy", default="", metavar="FILE", help="a policy file as check takes it"
    )
    audit.add_argument(
        "--most", type=int, default=MOST, metavar="N", help=f"models at most; default {MOST}"
    )
    audit.add_argument("--again", action="store_true", help="look at every model, changed or not")
    audit.add_argument(
        "--workers",
        type=int,
        default=0,
        metavar="N",
        help="check N models at a time, in processes of Ray (extra catalogue); default: one after "
        "the other, without Ray",
    )
    audit.add_argument(
        "--address",
        default="",
        metavar="ADDRESS",
        help="of a Ray cluster to work on; default: this machine",
    )
    audit.add_argument(
        "--cache", type=Path, metavar="DIR", help="keep what is read from the Hub; default: nothing"
    )
    audit.set_defaults(run=run_audit)


@frozen(kw_only=False)
class MeansOf:
    """What a model is checked with, made in the process that checks it."""

    root: Path
    cache: Path | None
    depth: Depth

    def __call__(self) -> Means:
        """Return it."""
        from hubcheck.cli import carry_out

        resources = carry_out.resources_of(self.depth, None)
        return carry_out.means_of(root=self.root, cache=self.cache, resources=resources)


def run_audit(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck audit``."""
    from hubcheck.audit.journal import Journal
    from hubcheck.audit.listed import listed_models
    from hubcheck.audit.run import Plan, audit, exit_code_of
    from hubcheck.audit.work import Checked
    from hubcheck.candidates.hub_answers import Described
    from hubcheck.candidates.hub_index import HubIndex
    from hubcheck.card.audit import audit_html, audit_text
    from hubcheck.cli.process import hub_token, now
    from hubcheck.cli.terminal import clear_progress, progress_line
    from hubcheck.export.audit_rows import audit_csv
    from hubcheck.publish.files import check_writable, write_atomically
    from hubcheck.request.access import HUB, checked_endpoint
    from hubcheck.request.options import how

    if arguments.most < 1:
        raise UsageError(
            f"--most is {arguments.most}.",
            cause="nothing would be done.",
            next_step="give 1 or more.",
        )
    if arguments.workers < 0:
        raise UsageError(
            f"--workers is {arguments.workers}.",
            cause="nothing would be done.",
            next_step="give 0 or more.",
        )
    check_writable(arguments.out)
    file = _policy_file(arguments)
    index = HubIndex(
        endpoint=checked_endpoint(os.environ.get("HF_ENDPOINT", "")) or HUB,
        token=hub_token(),
        max_requests=REQUESTS,
        max_read=1,  # no file is read by it
    )
    models = listed_models(
        arguments.what, index, collection=arguments.collection, most=arguments.most
    )
    options = Options(
        subject="",
        suspects=tuple(arguments.suspect),
        depth=None if arguments.depth is None else Depth(arguments.depth),
        max_read=arguments.max_read,
        fail_on=arguments.fail_on,
        policy_file=arguments.policy,
    )

    def head_of(ref: str) -> str:
        found = index.describe(ref.partition(":")[0])
        return found.commit if isinstance(found, Described) else ""

    asked = [arguments.what, "--collection" if arguments.collection else "", *how(options)]
    plan = Plan(
        asked=" ".join([*filter(None, asked), file.model_dump_json(exclude_defaults=True)]),
        models=models,
        head_of=head_of,
        again=arguments.again,
    )
    work = Checked(
        options=options,
        file=file,
        means=MeansOf(Path(), arguments.cache, options.depth or file.depth),
        now=now,
    )
    tell(f"{len(models)} models")
    try:
        found = audit(
            plan,
            Journal(arguments.out),
            work,
            now=now,
            progress=progress_line(),
            spread=_spread(arguments),
        )
    except KeyboardInterrupt:
        clear_progress()
        tell(f"what is done is kept in {printable(arguments.out)}; the same command goes on")
        raise
    clear_progress()
    write_atomically(arguments.out / "audit.csv", audit_csv(found))
    write_atomically(arguments.out / "audit.html", audit_html(found))
    say(audit_text(found))
    written = (printable(arguments.out / f"audit.{kind}") for kind in ("json", "csv", "html"))
    tell(f"wrote {', '.join(written)}")
    return exit_code_of(found)


def _spread(arguments: argparse.Namespace) -> Spread:
    """Return how the work is done: here, one model after the other, or by the catalogue's map."""
    from hubcheck.audit.run import here

    if not arguments.workers and not arguments.address:
        return here
    from hubcheck.catalogue.spread import spread

    return partial(spread, workers=arguments.workers, address=arguments.address)


def _policy_file(arguments: argparse.Namespace) -> PolicyFile:
    from hubcheck.request.policy_file import PolicyFile, read_policy_file
    from hubcheck.request.settled import check_places

    if not arguments.policy:
        return PolicyFile()
    file = read_policy_file(Path(arguments.policy), shown=arguments.policy)
    check_places(file, Path())
    # Which model and which bases is said by the audit, and by every model's own card.
    return file.model_copy(update={"model": "", "models": (), "bases": ()})
