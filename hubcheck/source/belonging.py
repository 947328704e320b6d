"""Does a commit belong to its repository, or was it only proposed to it?

Anyone can open a pull request on a famous repository; the host then serves its commits under the
repository's own name. Only what a branch or a tag holds is what the repository stands for. ``main``
is a branch and is not asked about; every other name is held against the host's list of branches and
tags (one request), because only that list tells a branch from another ref that resolves; a commit
that is the head of none is looked for in their histories.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable
from urllib.parse import unquote

from hubcheck.errors import NetworkFaultError, UnreachableError, printable
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, Value, because
from hubcheck.report.words import ReasonCode
from hubcheck.source.interface import Source
from hubcheck.source.listing import COMMIT

MAX_PAGES: Final = 20
"""Pages of history asked for, all branches and tags together; the Hub puts 50 commits or more on
one, and a model repository of a thousand commits is rare. What lies beyond is not established."""
MAX_REFS: Final = 200
"""Branches and tags looked at; a repository with a branch per checkpoint has about a hundred."""
LOCAL: Final = "local"

_PROPOSAL: Final = re.compile(r"refs/(?:pr|pull)/.*", re.IGNORECASE | re.DOTALL)
_HEX: Final = re.compile(r"[0-9a-f]{7,40}")
"""A commit, or the start of one, which a host may take for it."""


class Standing(StrEnum):
    """How a commit stands to the repository it is read from."""

    OWN = ""
    PROPOSED = "proposed"
    OPEN = "not established"


class Unowned(StrEnum):
    """Why a commit is not taken for the repository's own; the words are the card's."""

    PULL_REQUEST = "pull-request"
    NO_REF = "no-ref"
    """No branch or tag holds the commit."""
    NEITHER = "neither"
    """What was asked for is neither a branch nor a tag."""
    NOT_AMONG = "not-among"
    """Of the latest commits; there are more than are looked at."""
    SILENT = "silent"
    """The source cannot be asked."""
    REFUSED = "refused"


@frozen
class Belonging:
    """The answer, with its reason where it is not the repository's own."""

    standing: Standing
    reason: Clauses = ()


OWN: Final = Belonging(standing=Standing.OWN)


@runtime_checkable
class Belongs(Protocol):
    """A source that can say whether its commit is its repository's own."""

    def belonging(self) -> Belonging:
        """Return it; asks the host where the name alone does not tell."""
        ...


def belonging_of(source: Source) -> Belonging:
    """Return how the commit of a source stands to its repository; a folder is what it is.

    Raises:
        NetworkFaultError: the host does not answer.
    """
    if isinstance(source, Belongs):
        return source.belonging()
    if source.pin.revision == LOCAL:
        return OWN
    return _not_own(Standing.OPEN, source.pin.ref, Unowned.SILENT)


def proposed_by_name(repo: str, asked: str) -> Belonging | None:
    """Return that a revision is a pull request's by its very name, however it is quoted."""
    name = asked
    for _ in range(3):
        name = unquote(name)
    if _PROPOSAL.fullmatch(name.strip("/")) is None:
        return None
    return _not_own(Standing.PROPOSED, repo, Unowned.PULL_REQUEST)


def established(
    repo: str,
    asked: str,
    commit: str,
    refs: Callable[[], object],
    history: Callable[[str], Iterator[object]],
) -> Belonging:
    """Return how a commit stands to a repository.

    Args:
        repo: The repository, for the reason.
        asked: The revision that was asked for: a name, or a commit.
        commit: The commit that it is.
        refs: Asks the host for its list of branches and tags.
        history: Asks for the pages of the commits that a ref holds, newest first.

    Raises:
        NetworkFaultError: the host does not answer.
    """
    named = proposed_by_name(repo, asked)
    if named is not None:
        return named
    try:
        heads = _heads(refs())
        if commit in heads.values():
            return OWN
        return _searched(repo, asked, commit, heads, history)
    except NetworkFaultError:
        raise
    except UnreachableError as error:
        return _not_own(Standing.OPEN, repo, Unowned.REFUSED, detail=error.what)


def _searched(
    repo: str,
    asked: str,
    commit: str,
    heads: Mapping[str, str],
    history: Callable[[str], Iterator[object]],
) -> Belonging:
    """Look for a commit in the history of every branch and tag, each stretch of it once."""
    known: set[str] = set()
    pages = 0
    likely = sorted(heads, key=lambda name: (name != asked, name != "main"))
    for name in likely:
        if heads[name] in known:
            continue
        for page in history(name):
            pages += 1
            ids = _commits(page)
            if commit in ids:
                return OWN
            known |= ids
            if pages >= MAX_PAGES:
                return _not_own(Standing.OPEN, repo, Unowned.NOT_AMONG, commits=len(known))
    if asked in heads or _HEX.fullmatch(asked):
        return _not_own(Standing.PROPOSED, repo, Unowned.NO_REF, commit=commit[:7])
    return _not_own(Standing.PROPOSED, repo, Unowned.NEITHER, asked=printable(asked))


def _heads(payload: object) -> dict[str, str]:
    """Return the commit at the end of every branch and tag, by short and by whole name."""
    listed = payload if isinstance(payload, Mapping) else {}
    found: dict[str, str] = {}
    for kind, start in (("branches", "refs/heads/"), ("tags", "refs/tags/")):
        entries = listed.get(kind)
        for entry in entries[:MAX_REFS] if isinstance(entries, list) else ():
            if not isinstance(entry, Mapping):
                continue
            name, ref, target = (str(entry.get(k, "")) for k in ("name", "ref", "targetCommit"))
            if ref == f"{start}{name}" and COMMIT.fullmatch(target):
                found.setdefault(name, target)
                found.setdefault(ref, target)
    return found


def _commits(page: object) -> frozenset[str]:
    items = page if isinstance(page, list) else []
    ids = (str(item.get("id", "")) for item in items if isinstance(item, Mapping))
    return frozenset(one for one in ids if COMMIT.fullmatch(one))


def _not_own(standing: Standing, repo: str, why: Unowned, **figures: Value) -> Belonging:
    said = because(
        ReasonCode.PROPOSAL, repo=repo, standing=standing.value, why=why.value, **figures
    )
    return Belonging(standing=standing, reason=said)
