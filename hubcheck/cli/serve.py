"""What does ``hubcheck serve`` do?"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hubcheck.errors import ExitCode, UsageError
from hubcheck.installation import Extra, adds
from hubcheck.request.options import FAIL_ON, FOUND
from hubcheck.request.values import parse_size

if TYPE_CHECKING:
    from hubcheck.serve.settings import CheckHere, Settings

PORT: Final = 7860
"""The port that a Space is expected to listen on; as good as any elsewhere."""
BODY_LIMIT: Final = 512 * 1024
"""A delivery about a comment quotes it, up to 64 kB before escaping; a push has some kilobytes."""


def add_serve(commands: Any) -> None:
    """Add the command to a parser's commands."""
    serve = commands.add_parser(
        "serve", help="check what the Hub's webhooks announce, or what visitors of a page ask for"
    )
    serve.add_argument(
        "--host", default="127.0.0.1", help="default 127.0.0.1; 0.0.0.0 in a container"
    )
    serve.add_argument("--port", type=int, default=PORT, metavar="N", help=f"default {PORT}")
    serve.add_argument("--state", type=Path, default=Path("hubcheck-serve"), metavar="DIR",
                       help="where the queue and the cards lie")  # fmt: skip
    serve.add_argument("--allow", action="append", default=[], metavar="PATTERN",
                       help="what may be checked: acme/model, 'acme/*'; required for webhooks, "
                       "every public model with --open")  # fmt: skip
    serve.add_argument("--open", action="store_true",
                       help="a page on which anybody may ask about public models")  # fmt: skip
    serve.add_argument("--per-visitor", type=int, default=20, metavar="N",
                       help="with --open: questions of an address an hour, default 20")  # fmt: skip
    serve.add_argument("--behind-proxy", action="store_true",
                       help="with --open: tell visitors apart by what the proxy in front writes "
                       "(X-Forwarded-For), as in a Space")  # fmt: skip
    serve.add_argument("--keep-cards", type=int, default=20_000, metavar="N",
                       help="with --open: cards that are kept, default 20,000")  # fmt: skip
    serve.add_argument("--workers", type=int, default=1, metavar="N", help="checks at once")
    serve.add_argument("--queue-limit", type=int, default=10_000, metavar="N")
    serve.add_argument("--body-limit", type=parse_size, default=BODY_LIMIT, metavar="SIZE")
    serve.add_argument("--per-hour", type=int, default=60, metavar="N",
                       help="checks of one model in an hour, default 60")  # fmt: skip
    serve.add_argument("--grace", type=float, default=20.0, metavar="SECONDS",
                       help="what a running check is given on SIGTERM, default 20")  # fmt: skip
    serve.add_argument("--dispatch", default="", metavar="OWNER/NAME",
                       help="start a workflow of this repository on GitHub instead")  # fmt: skip
    serve.add_argument("--dispatch-event", default="hub-update", metavar="TYPE")
    add_work(serve)
    serve.set_defaults(run=run_serve)


def add_work(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how a push is checked and where the result goes."""
    parser.add_argument("--publish", default="discussion", metavar="WORDS",
                        help="discussion (the default), model-card, or none")  # fmt: skip
    parser.add_argument("--create-pr", action="store_true", help="propose the card's section")
    parser.add_argument("--suspect", action="append", default=[], metavar="REF")
    parser.add_argument("--catalogue", default="", metavar="DIR",
                        help="add the sketch of every push to a main branch to this catalogue; "
                        "private models stay out")  # fmt: skip
    parser.add_argument("--allow-private", action="append", default=[], metavar="NAME",
                        help="a private model that an answer may speak of, where a card names it; "
                        "no other is looked at, whatever the token may read")  # fmt: skip
    parser.add_argument("--depth", default="sample", choices=["headers", "sample", "deep", "full"])
    parser.add_argument("--max-read", type=parse_size, metavar="SIZE",
                        help="hard limit per model, default: what the depth has")  # fmt: skip
    parser.add_argument("--fail-on", default=FAIL_ON, metavar="WORDS",
                        help="as for check")  # fmt: skip
    parser.add_argument("--time-limit", type=int, default=1200, metavar="SECONDS",
                        help="of one check, default 1200")  # fmt: skip


def run_serve(arguments: argparse.Namespace) -> ExitCode:
    """``hubcheck serve``."""
    settings = settings_of(arguments, os.environ)
    try:
        from hubcheck.serve.server import serve
    except ImportError as error:
        raise UsageError(
            f"hubcheck serve needs a package that is not installed: {error.name}.",
            cause="hubcheck was installed without the extra.",
            next_step=f"{adds(Extra.SERVE)}.",
        ) from error
    serve(settings, dict(os.environ))
    return ExitCode.OK


def settings_of(arguments: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Return the settings that a command line and the environment give.

    Raises:
        UsageError: something is missing or out of range.
    """
    from hubcheck.serve.settings import (
        PAGE_PASSWORD,
        SECRET,
        OpenPage,
        Settings,
        read_dispatch,
        read_patterns,
        read_secrets,
    )

    _check_range("--port", arguments.port, 0, 65_535)
    _check_range("--workers", arguments.workers, 1, 64)
    _check_range("--queue-limit", arguments.queue_limit, 1, 1_000_000)
    _check_range("--per-hour", arguments.per_hour, 1, 1_000_000)
    _check_range("--body-limit", arguments.body_limit, 1_000, 16_000_000)
    _check_range("--grace", arguments.grace, 0, 3600)
    _check_range("--per-visitor", arguments.per_visitor, 1, 1_000_000)
    _check_range("--keep-cards", arguments.keep_cards, 1, 10_000_000)
    sent = arguments.dispatch
    if sent and arguments.open:
        raise UsageError(
            "--open and --dispatch do not go together.",
            cause="what a visitor asks for is checked on this machine.",
            next_step="start two servers, or leave one of them out.",
        )
    page = OpenPage(
        per_visitor=arguments.per_visitor,
        behind_proxy=arguments.behind_proxy,
        cards=arguments.keep_cards,
    )
    # A page alone needs no secret, and everybody may read what it checks.
    hooked = bool(environment.get(SECRET)) or not arguments.open
    return Settings(
        host=arguments.host,
        port=arguments.port,
        state=arguments.state,
        allowed=read_patterns(arguments.allow or (["*/*"] if not hooked else [])),
        secrets=read_secrets(environment) if hooked else None,
        page_password=environment.get(PAGE_PASSWORD, ""),
        endpoint=endpoint_of(environment),
        work=(
            read_dispatch(sent, arguments.dispatch_event, environment)
            if sent
            else work_of(arguments)
        ),
        workers=arguments.workers,
        queue_limit=arguments.queue_limit,
        body_limit=arguments.body_limit,
        per_hour=arguments.per_hour,
        grace=arguments.grace,
        open_page=page if arguments.open else None,
    )


def work_of(arguments: argparse.Namespace) -> CheckHere:
    """Return how a push is checked here; what a check would refuse is refused at the start.

    Raises:
        UsageError: an option is out of range, misspelled, or not built yet.
    """
    from hubcheck.serve.settings import CheckHere, read_targets
    from hubcheck.source.reference import parse_hub_reference
    from hubcheck.verdict.policy import parse_fail_on

    _check_range("--time-limit", arguments.time_limit, 10, 86_400)
    parse_fail_on(arguments.fail_on)
    for suspect in arguments.suspect:
        if suspect not in FOUND:
            parse_hub_reference(suspect)
    for name in arguments.allow_private:
        parse_hub_reference(name)
    return CheckHere(
        depth=arguments.depth,
        max_read=arguments.max_read,
        fail_on=arguments.fail_on,
        suspects=tuple(arguments.suspect),
        publish=read_targets(arguments.publish),
        create_pr=arguments.create_pr,
        seconds=arguments.time_limit,
        allow_private=tuple(arguments.allow_private),
        catalogue=arguments.catalogue,
    )


def endpoint_of(environment: Mapping[str, str]) -> str:
    """Return the Hub's address."""
    if environment.get("HF_ENDPOINT"):
        return environment["HF_ENDPOINT"].rstrip("/")
    from huggingface_hub.constants import ENDPOINT

    return ENDPOINT.rstrip("/")


def _check_range(option: str, value: float, lowest: int, highest: int) -> None:
    if not lowest <= value <= highest:
        raise UsageError(
            f"{option} is {value}.",
            cause="a typing error, or another unit.",
            next_step=f"choose a value from {lowest} to {highest}.",
        )
