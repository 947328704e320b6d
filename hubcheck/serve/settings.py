"""What is the receiver told at its start, and what does it refuse to start with?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Final

from hubcheck.errors import UsageError, printable
from hubcheck.frozen import frozen
from hubcheck.report.words import Depth
from hubcheck.request.options import CATALOGUE, Options
from hubcheck.serve.admission import Secrets

SECRET: Final = "HUBCHECK_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
PREVIOUS_SECRET: Final = "HUBCHECK_WEBHOOK_SECRET_PREVIOUS"  # noqa: S105 - as above
PAGE_PASSWORD: Final = "HUBCHECK_PAGE_PASSWORD"  # noqa: S105 - as above
GITHUB_TOKEN: Final = "HUBCHECK_GITHUB_TOKEN"  # noqa: S105 - as above
SHORTEST_SECRET: Final = 16
"""Characters; the header is compared as often as anyone likes to send it."""
CARD: Final = "model-card"
DISCUSSION: Final = "discussion"
TARGETS: Final = (DISCUSSION, CARD)

_PATTERN: Final = re.compile(r"[A-Za-z0-9_.*?\[\]-]+/[A-Za-z0-9_.*?\[\]-]+")
_GITHUB: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")


@frozen
class CheckHere:
    """Checks run on this machine."""

    depth: str
    max_read: int | None
    """Hard limit in bytes per model; None for what the depth has."""
    fail_on: str
    suspects: tuple[str, ...]
    publish: tuple[str, ...]
    create_pr: bool
    seconds: int
    """Time limit of one check, and of each publication."""
    allow_private: tuple[str, ...] = ()
    """Private models that an answer may speak of, where a card names them."""
    catalogue: str = ""
    """A folder to which the sketch of every push to a main branch is added; empty: none."""

    def asks(self, subject: str) -> Options:
        """Return what is asked of the check of a model."""
        return Options(
            subject=subject,
            suspects=self.suspects,
            catalogue=self.catalogue if CATALOGUE in self.suspects else "",
            depth=Depth(self.depth),
            max_read=self.max_read,
            fail_on=self.fail_on,
        )

    def manner(self) -> list[str]:
        """Return the words that say for whom the answer is: for everybody."""
        return ["--only-public", *(f"--allow-private={name}" for name in self.allow_private)]


@frozen
class Dispatch:
    """Checks run in a repository on GitHub, told by ``repository_dispatch``."""

    repository: str
    event_type: str
    token: str = field(repr=False)
    api: str


@frozen
class OpenPage:
    """The page on which anybody may ask."""

    per_visitor: int
    """Questions of one address in an hour."""
    behind_proxy: bool
    """Whether a proxy writes down who came: without one that header is anybody's word."""
    cards: int
    """Answers that are kept."""


@frozen
class Settings:
    """Everything a server depends on."""

    host: str
    port: int
    state: Path
    allowed: tuple[str, ...]
    secrets: Secrets | None
    """None: no webhook is answered, for the page alone is."""
    page_password: str = field(repr=False)
    """Empty: there is no page."""
    endpoint: str
    work: CheckHere | Dispatch
    workers: int
    queue_limit: int
    body_limit: int
    per_hour: int
    """New checks of one repository in an hour."""
    grace: float
    """Seconds that a running check is given when the server is asked to stop."""
    open_page: OpenPage | None = None


def read_secrets(environment: Mapping[str, str]) -> Secrets:
    """Return the webhook's secrets.

    Raises:
        UsageError: there is none, or one that can be guessed.
    """
    present, previous = environment.get(SECRET, ""), environment.get(PREVIOUS_SECRET, "")
    for name, value in ((SECRET, present), (PREVIOUS_SECRET, previous)):
        if len(value) < SHORTEST_SECRET and (value or name == SECRET):
            what = f"{name} has {len(value)} characters." if value else f"{name} is not set."
            raise UsageError(
                what,
                cause="without a secret anyone could start checks.",
                next_step=f"set it to at least {SHORTEST_SECRET} random characters, the same as "
                "in the webhook.",
            )
        if not value.isascii() or not value.isprintable() or value != value.strip():
            raise UsageError(
                f"{name} holds characters that a header cannot carry.",
                cause="a line break or a blank was stored with it.",
                next_step="use letters and digits.",
            )
    return Secrets(present=present, previous=previous)


def read_patterns(values: list[str]) -> tuple[str, ...]:
    """Return the allow-list.

    Raises:
        UsageError: it is empty, or an entry is no pattern of ``owner/name``.
    """
    patterns = tuple(part.strip() for value in values for part in value.split(",") if part.strip())
    wrong = next((p for p in patterns if not _PATTERN.fullmatch(p)), None)
    if wrong is not None or not patterns:
        what = (
            f"'{printable(wrong)}' is not a pattern of models." if wrong else "--allow is missing."
        )
        raise UsageError(
            what,
            cause="a receiver only checks models that it is told to.",
            next_step="write --allow 'acme/*' or --allow acme/model, several times if need be.",
        )
    return patterns


def read_dispatch(repository: str, event_type: str, environment: Mapping[str, str]) -> Dispatch:
    """Return where checks are sent.

    Raises:
        UsageError: the repository is misspelled or there is no token.
    """
    if not _GITHUB.fullmatch(repository):
        raise UsageError(
            f"'{printable(repository)}' is not a repository on GitHub.",
            cause="an address was given, or a typing error.",
            next_step="write --dispatch owner/name.",
        )
    token = environment.get(GITHUB_TOKEN, "")
    if not token:
        raise UsageError(
            f"{GITHUB_TOKEN} is not set.",
            cause="GitHub takes a repository_dispatch only with a token that may write contents.",
            next_step="create a fine-grained token for that one repository (Contents: write).",
        )
    api = environment.get("GITHUB_API_URL") or "https://api.github.com"
    return Dispatch(repository=repository, event_type=event_type, token=token, api=api)


def read_targets(value: str) -> tuple[str, ...]:
    """Return where results are published, from ``discussion,model-card`` or ``none``.

    Raises:
        UsageError: a word is neither.
    """
    words = tuple(dict.fromkeys(w.strip() for w in value.split(",") if w.strip()))
    if words in ((), ("none",)):
        return ()
    wrong = next((w for w in words if w not in TARGETS), None)
    if wrong is not None:
        raise UsageError(
            f"--publish {printable(wrong)} is not a place.",
            cause="a typing error.",
            next_step=f"write {', '.join(TARGETS)} or none, parted by commas.",
        )
    return words
