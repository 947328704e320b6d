"""What do ``hubcheck catalogue query``, ``publish`` and ``show`` do?"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from hubcheck.catalogue.answer import answered
from hubcheck.catalogue.build import latest, open_index
from hubcheck.catalogue.entry import Standing
from hubcheck.catalogue.index import Index
from hubcheck.catalogue.journal import Journal
from hubcheck.catalogue.opening import folder_of, open_catalogue
from hubcheck.catalogue.shipped import shipped
from hubcheck.catalogue.sketching import BUDGET
from hubcheck.cli.catalogue_table import answer_text, answer_values, shown_json, shown_text
from hubcheck.cli.process import hub_token
from hubcheck.cli.terminal import say, tell
from hubcheck.errors import ExitCode, UsageError, printable
from hubcheck.model import open_model
from hubcheck.request.access import access_of
from hubcheck.request.build import no_token
from hubcheck.source.reference import HubReference, parse_reference

SHIPPED: Final = "the demo's models"


def run_query(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck catalogue query``."""
    place = arguments.catalogue or shipped()
    reference = parse_reference(arguments.model)
    access = access_of(BUDGET, os.environ, no_token if arguments.offline else hub_token)
    if arguments.offline:
        _refuse_servers(arguments.model, isinstance(reference, HubReference))
        _refuse_servers(place, folder_of(place, Path()) is None)
    index = open_catalogue(place, access)
    subject = open_model(reference, access, is_subject=True)
    answer = answered(subject, index)
    name = SHIPPED if not arguments.catalogue else place
    text = f"{json.dumps(answer_values(answer), indent=2)}\n" if arguments.json else ""
    say(text or answer_text(answer, name))
    return ExitCode.OK


def _refuse_servers(name: str, remote: bool) -> None:
    if remote:
        raise UsageError(
            f"'{printable(name)}' lies on the Hub, and --offline asks no server.",
            cause="a name without a folder of that name here.",
            next_step="give folders, or leave --offline out.",
        )


def run_publish(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck catalogue publish``."""
    from hubcheck.catalogue.publishing import publish_to_folder, published

    index = _local(arguments.catalogue)
    folder = folder_of(arguments.to, Path())
    kept = published(index, closed=arguments.closed)
    said = f"{len(kept.entries):,} models, {kept.left_out:,} left out (only a token opens them)"
    if arguments.dry_run:
        say(f"would write {said}, to {printable(arguments.to)}\n")
        return ExitCode.OK
    if folder is not None:
        publish_to_folder(kept, folder, arguments.catalogue)
        say(f"{printable(arguments.to)}: {said}\n")
        return ExitCode.OK
    from hubcheck.publish.hub.credentials import Role, credential
    from hubcheck.publish.hub.data_set import upload

    with tempfile.TemporaryDirectory(prefix="hubcheck-catalogue-") as made:
        publish_to_folder(kept, Path(made), arguments.catalogue)
        known = credential(Role.WRITE, os.environ)
        endpoint = access_of(BUDGET, os.environ, no_token).endpoint
        address = upload(Path(made), arguments.to, known, endpoint)
    say(f"{address}: {said}\n")
    return ExitCode.OK


def _local(folder: Path) -> Index:
    index = open_index(folder)
    if index is None:
        raise UsageError(
            f"'{printable(folder)}' holds no catalogue.",
            cause="it was not built there.",
            next_step="build one: hubcheck catalogue build LIST --out DIR.",
        )
    return index


def run_show(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck catalogue show``."""
    place = arguments.catalogue or shipped()
    index = open_catalogue(place, access_of(BUDGET, os.environ, hub_token))
    folder = folder_of(place, Path())
    going_on = folder is not None and (folder / "building").is_dir()
    failures = Journal(folder).failures() if folder is not None and going_on else []
    entries = latest(index.entries())
    wanted = arguments.model.casefold()
    if wanted:
        entries = [e for e in entries if wanted in {e.ref.casefold(), e.family.casefold()}]
        if not entries:
            tell(f"'{printable(arguments.model)}' is not in it")
    standings = Counter(e.standing for e in entries)
    counts = {s.value: standings[s] for s in Standing}
    name = SHIPPED if not arguments.catalogue else place
    if arguments.json:
        say(f"{shown_json(index.manifest, entries, counts, failures)}\n")
    else:
        say(shown_text(name, index.manifest, entries, counts, failures, every=bool(wanted)))
    return ExitCode.OK
