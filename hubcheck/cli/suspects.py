"""What does ``hubcheck suspects`` do: which bases would a check of this model test, and why?

Candidates with their reasons, found without reading a weight.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from hubcheck.cli.terminal import say, tell
from hubcheck.errors import ExitCode, UsageError
from hubcheck.request.options import REF_HELP


def add_suspects(commands: Any) -> None:
    """Add the command to a parser's commands."""
    suspects = commands.add_parser(
        "suspects",
        help="which bases would be tested, and why",
        description=REF_HELP,
        epilog="Examples:\n  hubcheck suspects org/model\n  hubcheck suspects ./my-model --no-hub",
    )
    suspects.add_argument("subject", metavar="SUBJECT", help="as for check")
    suspects.add_argument(
        "--max-bases", type=int, default=8, metavar="N", help="propose at most N, default 8"
    )
    suspects.add_argument(
        "--no-hub", action="store_true", help="ask the Hub nothing; list what the files name"
    )
    suspects.add_argument(
        "--catalogue",
        metavar="PLACE",
        help="list the nearest families of a catalogue, too: a folder, or org/name of a data set; "
        "reads weights for a sketch",
    )
    suspects.add_argument("--json", action="store_true", help="print JSON instead of the table")
    suspects.set_defaults(run=run_suspects)


def run_suspects(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck suspects``."""
    if arguments.max_bases < 1:
        what = f"--max-bases is {arguments.max_bases}."
        raise UsageError(what, cause="nothing would be listed.", next_step="give 1 or more.")
    from hubcheck.candidates.proposals import Limits
    from hubcheck.card.escaping import plain_text
    from hubcheck.card.wording import words
    from hubcheck.cli.candidate_table import as_text, as_values
    from hubcheck.cli.catalogue_table import answer_text, answer_values
    from hubcheck.cli.places import mistyped
    from hubcheck.cli.process import hub_token
    from hubcheck.model import open_model
    from hubcheck.report.words import Depth
    from hubcheck.request.access import access_of
    from hubcheck.request.build import no_token
    from hubcheck.request.discovery import discover
    from hubcheck.request.interface import budget_of
    from hubcheck.source.reference import parse_reference

    for said in mistyped((arguments.subject,), Path()):
        tell(said)
    reference = parse_reference(arguments.subject)
    find_token = no_token if arguments.no_hub else hub_token
    access = access_of(budget_of(Depth.HEADERS, None), os.environ, find_token)
    subject = open_model(reference, access)
    limits = replace(Limits(), bases=arguments.max_bases)
    proposals = discover(subject, access, limits, on_the_hub=not arguments.no_hub)
    answer = None
    if arguments.catalogue is not None:
        from hubcheck.catalogue.answer import answered
        from hubcheck.catalogue.opening import open_catalogue
        from hubcheck.catalogue.sketching import BUDGET

        subject.source.ledger.raise_limit(BUDGET)
        answer = answered(subject, open_catalogue(arguments.catalogue, access))
    if arguments.json:
        listed = as_values(subject, proposals)
        if answer is not None:
            listed["catalogue"] = answer_values(answer)
        say(f"{json.dumps(listed, indent=2)}\n")
        return ExitCode.OK
    say(as_text(subject, proposals))
    if answer is not None:
        say("\n" + answer_text(answer, arguments.catalogue))
    for note in proposals.notes:
        tell(plain_text(words(note), limit=300))
    return ExitCode.OK
