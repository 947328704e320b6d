"""What does ``hubcheck publish`` do?

Publishing is the last step and never the point: whatever goes wrong at the other end is a line on
stderr, and the exit code stays that of success. A request that makes no sense, or that nothing can
be written with, is an error.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hubcheck.errors import ExitCode, HubcheckError, UsageError, printable

if TYPE_CHECKING:
    from hubcheck.publish.outcome import Outcome
    from hubcheck.report.schema import Report

MODEL_CARD: Final = "model-card"
DISCUSSION: Final = "discussion"
PULL_REQUEST: Final = "pull-request"


def add_publish(commands: Any) -> None:
    """Add the command to a parser's commands."""
    publish = commands.add_parser(
        "publish",
        help="put a report where people look",
        epilog="Examples:\n  hubcheck publish hubcheck-out/report.json --to model-card --dry-run\n"
        "  HF_TOKEN=... hubcheck publish report.json --to model-card --create-pr",
    )
    publish.add_argument("report", type=Path, metavar="REPORT", help="report.json of a check")
    publish.add_argument(
        "--to",
        required=True,
        choices=[PULL_REQUEST, MODEL_CARD, DISCUSSION],
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
        help="comment on this pull request or discussion; default: the event's, or a new one",
    )
    publish.add_argument(
        "--comment-id", default="hubcheck", metavar="ID", help="pull request: one of several"
    )
    publish.add_argument(
        "--folder", type=Path, metavar="DIR", help="edit the model card in this folder instead"
    )
    publish.add_argument("--dry-run", action="store_true", help="say what would be written")
    publish.add_argument(
        "--just-checked",
        action="store_true",
        help="the report is that of a check made here just now: nothing says that it was not "
        "replayed",
    )
    publish.set_defaults(run=run_publish)


def run_publish(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck publish``."""
    from hubcheck.publish.outcome import NotPublished, sentence
    from hubcheck.report.load import load_report

    report = load_report(arguments.report)
    outcome = _publish(arguments, report, os.environ)
    # On stdout, a rehearsed comment is followed by nothing: it can be piped into a file.
    printed = arguments.to == PULL_REQUEST and arguments.dry_run
    stream = sys.stderr if printed or isinstance(outcome, NotPublished) else sys.stdout
    print(f"hubcheck: {sentence(outcome, dry_run=arguments.dry_run)}", file=stream)
    return ExitCode.OK


def _publish(
    arguments: argparse.Namespace, report: Report, environment: Mapping[str, str]
) -> Outcome:
    from hubcheck.card.names import LOCAL
    from hubcheck.publish.files import report_json
    from hubcheck.publish.folder import publish_in_folder
    from hubcheck.source.reference import is_repo_id

    if arguments.to == PULL_REQUEST:
        from hubcheck.publish.github.command import publish_on_pull_request

        return publish_on_pull_request(
            report,
            environment,
            number=arguments.number,
            comment_id=arguments.comment_id,
            given=not arguments.just_checked,
            dry_run=arguments.dry_run,
        )
    given = not arguments.just_checked
    local = report.subject.revision == LOCAL
    document = report_json(report).encode()
    if arguments.to == MODEL_CARD and arguments.folder is not None:
        return publish_in_folder(
            report, document, arguments.folder, dry_run=arguments.dry_run, given=given
        )
    if arguments.to == MODEL_CARD and local:
        # A report is a file that anyone may have written: it does not say where to write.
        raise UsageError(
            "The folder of the model card is not named.",
            cause=f"the report is about a folder, '{printable(report.subject.ref)}', and a report "
            "does not decide where files are written.",
            next_step="name the folder: --folder DIR.",
        )
    if local or not is_repo_id(report.subject.ref):
        what = f"'{printable(report.subject.ref)}' is not a model on the Hub."
        raise UsageError(
            what,
            cause="the report is about a folder or a file.",
            next_step="use --to model-card --folder DIR, which edits the README.md there.",
        )
    return _publish_on_hub(arguments, report, document, environment)


def _publish_on_hub(
    arguments: argparse.Namespace,
    report: Report,
    document: bytes,
    environment: Mapping[str, str],
) -> Outcome:
    from huggingface_hub.constants import ENDPOINT

    from hubcheck.publish.card_files import WHAT
    from hubcheck.publish.hub import comment
    from hubcheck.publish.hub.card import publish_card
    from hubcheck.publish.hub.client import HubClient
    from hubcheck.publish.hub.credentials import Role, credential
    from hubcheck.publish.hub.rehearsal import RehearsalClient
    from hubcheck.publish.outcome import not_published

    endpoint = environment.get("HF_ENDPOINT") or ENDPOINT
    what = WHAT if arguments.to == MODEL_CARD else comment.WHAT
    try:
        writer = credential(Role.WRITE, environment)
    except HubcheckError as error:
        return not_published(what, error)
    client: HubClient
    if arguments.dry_run:
        client = RehearsalClient(
            report.subject.ref, credential=writer, endpoint=endpoint, announce=print
        )
    elif writer.token is None:
        raise UsageError(
            f"{what[:1].upper()}{what[1:]} cannot be written: there is no token to write with.",
            cause="HUBCHECK_WRITE_TOKEN and HF_TOKEN are not set, and nobody is logged in.",
            next_step="set HUBCHECK_WRITE_TOKEN or HF_TOKEN, or see with --dry-run what would be "
            "written.",
        )
    else:
        client = HubClient(report.subject.ref, credential=writer, endpoint=endpoint)
    given = not arguments.just_checked
    if arguments.to == DISCUSSION:
        return comment.publish_comment(client, report, number=arguments.number, given=given)
    return publish_card(client, report, document, as_pull_request=arguments.create_pr, given=given)
