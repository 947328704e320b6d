"""What does each command of the command line do?"""

from __future__ import annotations

import argparse
import base64
import os
import shlex
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from hubcheck.card import badge, html, markdown
from hubcheck.card.compose import compose
from hubcheck.card.explain import explain
from hubcheck.card.table import summary
from hubcheck.check.run import Outcome, check
from hubcheck.cli.launch import ended, environment_now, nothing_to_do, resources_for
from hubcheck.errors import ExitCode, UsageError, printable
from hubcheck.evidence.looks.whole.interface import Resources
from hubcheck.model import Access
from hubcheck.publish.files import report_json, write_outputs
from hubcheck.report.load import load_report
from hubcheck.report.words import Depth
from hubcheck.request.bases import chosen_bases
from hubcheck.request.interface import ESCALATION, Request, budget_of, nothing_searched
from hubcheck.source.cache import SpanCache
from hubcheck.source.kept_seed import fresh_seed, shared_seed
from hubcheck.source.reference import parse_reference
from hubcheck.verdict.policy import parse_fail_on

AUTO: Final = "auto"
"""``--suspect auto``: what ``hubcheck suspects`` lists. A model of that name is ``./auto``."""


def now() -> datetime:
    """Return the time, timezone-aware."""
    return datetime.now(UTC)


def bar() -> Callable[[str], None]:
    """Return a progress line on stderr: redrawn on a terminal, line by line in a log."""
    if not sys.stderr.isatty():
        return lambda text: print(f"hubcheck: {text}", file=sys.stderr, flush=True)
    return lambda text: print(f"\r\x1b[2Khubcheck: {text}", end="", file=sys.stderr, flush=True)


def finish_bar() -> None:
    """Clear the progress line of a terminal."""
    if sys.stderr.isatty():
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def access_for(max_read: int, cache: Path | None = None) -> Access:
    """Return limits and credentials; a token is looked for when a model lies on the Hub."""
    return Access(
        max_read=max_read,
        token=None,
        endpoint=os.environ.get("HF_ENDPOINT") or None,
        cache=None if cache is None else SpanCache(cache),
        authorise=lfs_authorization,
        find_token=_hub_token,
    )


def lfs_authorization(origin: str, *, github_token: str = "") -> str:
    """Return the header that opens the large files of a checked-out repository, ``""`` for none.

    A token goes to its own server alone: the Hub's to the Hub, ``GITHUB_TOKEN`` to GitHub.

    Args:
        origin: Scheme, host and port of the server that the checkout came from.
        github_token: Given by the Action's input; else the environment's ``GITHUB_TOKEN``.
    """
    from hubcheck.source.transport import origin_of

    if origin == origin_of(os.environ.get("HF_ENDPOINT") or "https://huggingface.co"):
        token = _hub_token()
        return f"Bearer {token}" if token else ""
    token = github_token or os.environ.get("GITHUB_TOKEN", "").strip()
    if token and origin == origin_of(os.environ.get("GITHUB_SERVER_URL") or "https://github.com"):
        return "Basic " + base64.b64encode(f"x-access-token:{token}".encode()).decode("ascii")
    return ""


def _hub_token() -> str | None:
    from hubcheck.publish.hub.credentials import Role, credential

    return credential(Role.READ, os.environ).token


def run_check(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck check``."""
    depth = Depth(arguments.depth)
    if nothing_to_do(depth, environment_now()):
        return ExitCode.OK
    subject = parse_reference(arguments.subject)
    suspects = [ref for ref in arguments.suspect if ref != AUTO]
    automatic = AUTO in arguments.suspect
    access = access_for(budget_of(depth, arguments.max_read), arguments.cache)
    bases = chosen_bases(arguments.base, suspects)
    resources = resources_of(depth, arguments.cache or arguments.out)
    # Only one process may take a turn of a seed that a cache keeps.
    seed = resources.team.same(seed_of(arguments) if resources.team.main else 0)
    searched = nothing_searched
    if automatic:
        from hubcheck.candidates.proposals import Limits
        from hubcheck.request.discovery import Discovery

        discovery = Discovery(access=access, limits=Limits(), bases=bases)
        bases, searched = discovery, discovery.searched
    request = Request(
        subject=subject,
        bases=bases,
        depth=depth,
        seed=seed,
        policy=parse_fail_on(arguments.fail_on),
        access=access,
        replay=repeat_line(arguments, seed),
        searched=searched,
        escalate_to=ESCALATION if arguments.max_read is None else 0,
        resources=resources,
    )
    if arguments.plan:
        from hubcheck.check.plan import plan_text

        if resources.team.main:
            print(plan_text(request), end="")
        return ExitCode.OK
    outcome = checked(request)
    if not resources.team.main:
        ended(resources)
        return outcome.exit_code
    if access.cache is not None:
        tell_cache(access.cache)
    code = deliver(outcome, arguments.out, as_json=arguments.json)
    ended(resources)
    return code


def seed_of(arguments: argparse.Namespace) -> int:
    """Return the seed of a check: the one given, the one its cache shares, or a fresh one."""
    if arguments.seed is not None:
        return int(arguments.seed)
    if arguments.cache is None:
        return fresh_seed()
    chosen = shared_seed(
        arguments.cache, now=time.time, environment=os.environ, renew=arguments.fresh_seed
    )
    print(f"hubcheck: {chosen.sentence}", file=sys.stderr)
    return chosen.seed


def checked(request: Request) -> Outcome:
    """Run a check, its progress shown by the main process alone."""
    main = request.resources.team.main
    try:
        outcome = check(request, now=now, progress=bar() if main else _silent)
    except KeyboardInterrupt:
        finish_bar()
        if main and request.resources.state is not None:
            place = printable(request.resources.state)
            print(f"hubcheck: what is done is kept in {place}", file=sys.stderr)
        raise
    if main:
        finish_bar()
    return outcome


def resources_of(depth: Depth, state: Path | None) -> Resources:
    """Return what a check of this depth may use."""
    terminal = sys.stderr.isatty()
    return resources_for(depth, environment_now(), state=state, show=bar(), terminal=terminal)


def _silent(_text: str) -> None:
    """Tell nobody: the main process speaks for all."""


def tell_cache(cache: SpanCache) -> None:
    """Say what the cache saved, and what went wrong with it."""
    print(f"hubcheck: {cache.served_bytes / 1e6:.1f} MB came from the cache", file=sys.stderr)
    for warning in cache.warnings:
        print(f"hubcheck: {warning}", file=sys.stderr)


def deliver(outcome: Outcome, folder: Path, *, as_json: bool) -> ExitCode:
    """Write the files, print the result, return the exit code."""
    paths = write_outputs(outcome.report, folder)
    print(report_json(outcome.report) if as_json else summary(outcome.report), end="")
    written = ", ".join(
        printable(p) for p in (paths["report.json"], paths["card.md"], paths["card.html"])
    )
    print(f"hubcheck: wrote {written}", file=sys.stderr)
    return outcome.exit_code


def repeat_line(arguments: argparse.Namespace, seed: int) -> str:
    """Return the command that repeats a check, shell-quoted, seed included."""
    words = ["hubcheck", "check", arguments.subject]
    for option, values in (("--base", arguments.base), ("--suspect", arguments.suspect)):
        for value in values:
            words += [option, value]
    words += [
        "--depth",
        arguments.depth,
        *([] if arguments.max_read is None else ["--max-read", str(arguments.max_read)]),
        "--seed",
        str(seed),
    ]
    return shlex.join(words)


def run_replay(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck replay``."""
    from hubcheck.cli.replay import run_replay as run

    return run(arguments)


def run_suspects(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck suspects``."""
    from hubcheck.cli.suspects import run_suspects as run

    if arguments.max_bases < 1:
        what = f"--max-bases is {arguments.max_bases}."
        raise UsageError(what, cause="nothing would be listed.", next_step="give 1 or more.")
    parse_reference(arguments.subject)  # a typing error is told before anything is asked for
    token = None if arguments.no_hub else _hub_token()
    return run(arguments, token)


def run_card(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck card``."""
    report = load_report(arguments.report)
    if arguments.out is not None:
        write_outputs(report, arguments.out)
        print(f"hubcheck: wrote the card to {printable(arguments.out)}", file=sys.stderr)
        return ExitCode.OK
    rendered = {
        "markdown": lambda: markdown.render(compose(report)),
        "html": lambda: html.render(compose(report)),
        "badge": lambda: badge.svg(report),
        "text": lambda: summary(report),
    }
    print(rendered[arguments.format](), end="")
    return ExitCode.OK


def run_publish(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck publish``."""
    from hubcheck.cli.publish import run_publish as run

    return run(arguments)


def run_serve(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck serve``."""
    from hubcheck.cli.serve import run_serve as run

    return run(arguments)


def run_webhook(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck webhook``."""
    from hubcheck.cli.webhook import run_webhook as run

    return run(arguments)


def run_explain(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck explain``."""
    try:
        text = explain(arguments.word)
    except ValueError as error:
        what = f"'{printable(arguments.word)}' is not a word of the report."
        raise UsageError(
            what, cause="a typing error.", next_step=printable(error, limit=600)
        ) from error
    print(text)
    return ExitCode.OK


def run_demo(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck demo``."""
    from hubcheck.demo.run import demo

    return demo(arguments.out, arguments.seed, progress=bar(), done=finish_bar)
