"""What do ``hubcheck catalogue build`` and ``add`` do?"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

from hubcheck.catalogue.build import PAIR, Built, Workers, build
from hubcheck.catalogue.opening import folder_of, name_beside
from hubcheck.catalogue.sketching import BUDGET, row_of
from hubcheck.cli.process import hub_token, now
from hubcheck.cli.terminal import clear_progress, progress_line, say, tell
from hubcheck.errors import (
    ExitCode,
    GatedModelError,
    MissingModelError,
    UsageError,
    counted,
    printable,
)
from hubcheck.frozen import frozen
from hubcheck.model import Model, open_model
from hubcheck.request.access import access_of
from hubcheck.request.build import Means, no_token
from hubcheck.source.reference import parse_reference

MAX_LIST: Final = 200_000_000
"""Bytes of a list: three million names have 100 MB."""
SHOWN: Final = 20


@frozen
class Opening:
    """How a worker opens a model, in whatever process it runs: tokens are found there."""

    top: Path
    """The folder that local names are counted from."""
    closed: bool
    """Whether a token may be used."""

    def __call__(self, name: str) -> tuple[Model, bool]:
        """Return a model, and whether only a token opened it."""
        reference = parse_reference(name, root=self.top)
        access = access_of(BUDGET, os.environ, no_token)
        try:
            model = open_model(reference, access)
            _ = model.anatomy  # a gated repository describes itself, and closes its files
        except (GatedModelError, MissingModelError):
            if not self.closed or hub_token() is None:
                raise
            return open_model(reference, access_of(BUDGET, os.environ, hub_token)), True
        return model, False

    def match(self, pair: str) -> Mapping[str, Any]:
        """Return what the exact test says of two names."""
        # Imported where it is needed: a worker that only sketches does without.
        from hubcheck.check.matched import matched

        subject, _, base = pair.partition(PAIR)
        find_token = hub_token if self.closed else no_token
        means = Means(environment=os.environ, find_token=find_token, root=self.top)
        return {"pair": pair, **matched(subject, base, means)}


def run_build(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck catalogue build``."""
    names = names_asked(arguments.list, arguments.hub_query, arguments.out)
    if arguments.workers < 0:
        what = f"--workers is {arguments.workers}."
        raise UsageError(what, cause="nothing would be done.", next_step="give 0 or more.")
    return _build(names, arguments.out, arguments)


def run_add(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck catalogue add``."""
    name = _name(arguments.model, arguments.to, Path())
    return _build([name], arguments.to, arguments, wait=True)


def _build(
    names: Sequence[str], out: Path, arguments: argparse.Namespace, *, wait: bool = False
) -> ExitCode:
    opening = Opening(top=Path(os.path.realpath(out)).parent, closed=arguments.closed)
    work = Workers(
        sketch=partial(row_of, open_it=opening),
        match=opening.match,
        workers=getattr(arguments, "workers", 0),
        address=getattr(arguments, "address", ""),
    )
    show = progress_line()

    def progress(step: str, done: int, of: int) -> None:
        width = 20 * done // max(of, 1)
        show(f"{step} [{'#' * width}{'.' * (20 - width)}] {done:,} of {of:,}")

    try:
        day = now().isoformat(timespec="seconds")
        built = build(names, out, work, now=day, progress=progress, wait=wait)
    except KeyboardInterrupt:
        clear_progress()
        tell(f"what is done is kept in {printable(out)}; the same command goes on")
        raise
    clear_progress()
    say(summary(built, out))
    # Nothing of what was asked for came in: a job that builds one model a day must not stay green.
    nothing = built.failures and not built.sketched and not built.known
    return ExitCode.UNREACHABLE if nothing else ExitCode.OK


def summary(built: Built, out: Path) -> str:
    """Return what a run did, in words."""
    families = counted(built.roots, "new family", "new families")
    joined = f"{counted(built.members, 'member')} by exact match"
    held = f"{built.quarantined:,} in quarantine (near a family, not matched exactly)"
    lines = [
        f"{printable(out)}: {counted(built.sketched, 'model')} added, {built.known:,} known before",
        f"  {families}, {joined}, {held}",
        f"  read {built.bytes_read:,} bytes in {counted(built.requests, 'request')} for sketches",
    ]
    if built.failures:
        lines.append(f"{counted(len(built.failures), 'model')} failed; the next run asks again:")
        reasons = [(count, code.replace("-", " ")) for code, count in built.reasons.items()]
        lines += [f"  {count:,} {reason}" for count, reason in reasons]
        lines += [f"    {printable(f.asked)}: {f.what}" for f in built.failures[:SHOWN]]
        more = len(built.failures) - SHOWN
        lines += [f"    and {more:,} more: hubcheck catalogue show"] if more > 0 else []
    return "\n".join(lines) + "\n"


def names_asked(listed: Path | None, hub_query: str, out: Path) -> list[str]:
    """Return the models that a build is asked for.

    Raises:
        UsageError: none is, or the list cannot be read.
    """
    if listed is None and not hub_query:
        raise UsageError(
            "No models are named.",
            cause="neither a LIST nor --hub-query was given.",
            next_step="write one name a line into a file, or give --hub-query author=ORG.",
        )
    names: list[str] = []
    if listed is not None:
        try:
            if listed.stat().st_size > MAX_LIST:
                raise UsageError(
                    f"'{printable(listed)}' is over {MAX_LIST:,} bytes.",
                    cause="it is no list of names.",
                    next_step="cut it into several lists; builds add to one another.",
                )
            text = listed.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"'{printable(listed)}' cannot be read.",
                cause=f"{type(error).__name__}.",
                next_step="name a text file with one model a line.",
            ) from error
        lines = (line.partition("#")[0].strip() for line in text.splitlines())
        names += [_name(line, out, listed.parent) for line in lines if line]
    if hub_query:
        names += _asked_of_the_hub(hub_query)
    return names


def _name(text: str, out: Path, root: Path) -> str:
    """Return the name that a model has in the catalogue."""
    folder = folder_of(text, root)
    if folder is None:
        parse_reference(text)
        return text
    if not folder.exists():
        parse_reference(text, root=root)  # says what is wrong with it
    return name_beside(folder, out)


def _asked_of_the_hub(query: str) -> list[str]:
    from hubcheck.candidates.hub_listing import listed, parse_listing
    from hubcheck.source.ledger import Ledger

    asked = parse_listing(query)
    endpoint = access_of(BUDGET, os.environ, no_token).endpoint
    if endpoint is None:
        from huggingface_hub.constants import ENDPOINT

        endpoint = ENDPOINT
    ledger = Ledger(MAX_LIST)
    names = list(listed(endpoint, None, asked, ledger))
    tell(f"the Hub lists {counted(len(names), 'model')}")
    return names
