"""Which request do options make? The one answer for every way in.

Command line, Action, demo and replay come through here (the receiver of webhooks through the
command line, in a process of its own). Environment, network and processes come in as ``Means``;
nothing here asks the system for anything but a seed where none was given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hubcheck.behaviour.interface import Wanted
from hubcheck.errors import UsageError
from hubcheck.evidence.looks.whole.interface import Resources
from hubcheck.frozen import frozen
from hubcheck.model import Access
from hubcheck.request.access import FindToken, access_of
from hubcheck.request.bases import BasesOf, chosen_bases, named_bases, with_leaked
from hubcheck.request.interface import (
    ESCALATION,
    BaseRequest,
    Request,
    Searched,
    budget_of,
    files_searched,
    nothing_searched,
)
from hubcheck.request.options import AUTO, CATALOGUE, FILES, FOUND, Options, line_of
from hubcheck.request.policy_file import PolicyFile
from hubcheck.request.settled import settled
from hubcheck.source.kept_seed import fresh_seed
from hubcheck.source.reference import (
    HubReference,
    Reference,
    local_path,
    parse_hub_reference,
    parse_reference,
)
from hubcheck.verdict.policy import parse_fail_on

ENDPOINT_KEY: Final = "HUBCHECK_ENDPOINT_KEY"
"""Variable of the environment with the key of a model behind an API, ``HOST=KEY``."""


def no_token() -> None:
    """Find no token."""


@frozen
class Means:
    """What a check is carried out with. None of it says what is checked."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """Of the process; may hold tokens."""
    find_token: FindToken = no_token
    read_token: str = field(default="", repr=False)
    github_token: str = field(default="", repr=False)
    root: Path = Path()
    """The folder that folders are counted from."""
    cache: Path | None = None
    only_public: bool = False
    """Whether others read the answer. A token then serves no private model that a stranger's files
    name, only those that whoever asks has named: the subject, ``--base``, ``--suspect``, and
    ``allow_private`` here and in the policy file."""
    allow_private: tuple[str, ...] = ()
    resources: Resources = field(default_factory=Resources)


def build_request(
    options: Options,
    means: Means,
    *,
    file: PolicyFile | None = None,
    subject: Reference | None = None,
    bases: BasesOf | None = None,
) -> Request:
    """Return the request that options make.

    Args:
        options: What is asked for; what they leave open is settled as without a policy file.
        means: What it is carried out with.
        file: The policy file, for what it accepts.
        subject: Stands for the subject that the options name: a commit's files, a pinned commit.
        bases: Stands for the rule that the options make.

    Raises:
        UsageError: a name is no reference, a word no verdict.
        MissingModelError: a path at which nothing lies.
    """
    file = file or PolicyFile()
    asked = settled(options, file, draw=fresh_seed)
    depth, seed = asked.depth, asked.seed
    if depth is None or seed is None:  # what `settled` never leaves
        raise TypeError(asked)
    if subject is None:
        subject = parse_reference(asked.subject, root=means.root)
    access = access_of(
        budget_of(depth, asked.max_read),
        means.environment,
        means.find_token,
        read_token=means.read_token,
        github_token=means.github_token,
        cache=means.cache,
        spoken_of=_spoken_of(asked, subject, (*means.allow_private, *file.allow_private))
        if means.only_public
        else None,
    )
    searched = nothing_searched
    named: tuple[BaseRequest, ...] = ()
    if bases is None:
        suspects = tuple(s for s in asked.suspects if s not in FOUND)
        named = named_bases(asked.bases, suspects, root=means.root)
        bases, searched = _rule(asked, access, means.root)
        if CATALOGUE in asked.suspects:
            # Imported late: what opens a catalogue is nothing that a check of named bases needs.
            from hubcheck.request.from_catalogue import FromCatalogue

            rule = FromCatalogue(
                place=asked.catalogue,
                access=access,
                root=means.root,
                bases=bases,
                beside=searched,
                depth=depth,
                may_read_more=asked.max_read is None,
            )
            bases, searched = rule, rule.searched
    return Request(
        subject=subject,
        bases=bases,
        named=named,
        searched=searched,
        depth=depth,
        seed=seed,
        policy=parse_fail_on(asked.fail_on or "", _signers(asked.signers, means.root)),
        allow=file.allowances,
        warn_only=file.warn_only,
        access=access,
        replay=line_of(asked),
        escalate_to=ESCALATION if asked.max_read is None else 0,
        behaviour=_behaviour(asked, means.environment),
        resources=means.resources,
    )


def _behaviour(asked: Options, environment: Mapping[str, str]) -> Wanted | None:
    """Return what is wanted of running the models; None where nothing is."""
    if not asked.behaviour and not asked.endpoint:
        return None
    return Wanted(
        bases=asked.behaviour,
        endpoint=asked.endpoint,
        key=_key(environment.get(ENDPOINT_KEY, ""), asked.endpoint),
        all_bytes=asked.max_read is None,
    )


def _key(held: str, endpoint: str) -> str:
    """Return the key of a server, if it is the one that the key is held for.

    A command may be pasted from somebody else's card: it must not name where a key goes.

    Raises:
        UsageError: the variable does not say whose key it holds.
    """
    if not held or not endpoint:
        return ""
    host, equals, key = held.partition("=")
    if not (host and equals and key):
        raise UsageError(
            f"{ENDPOINT_KEY} does not say for which host it is.",
            cause="it holds a key alone.",
            next_step=f"set it to HOST=KEY, as in {ENDPOINT_KEY}=api.example.com=sk-1.",
        )
    return key if host.casefold() == urlsplit(endpoint).netloc.casefold() else ""


def _signers(names: tuple[str, ...], root: Path) -> tuple[str, ...]:
    """Return who may have signed, as a report keeps it."""
    if not names:
        return ()
    from hubcheck.signed.signers import read_signer

    return tuple(read_signer(name, local_path(name, root)) for name in names)


def _spoken_of(asked: Options, subject: Reference, allowed: tuple[str, ...]) -> frozenset[str]:
    """Return the repositories that whoever asks has named."""
    found = {subject.repo_id} if isinstance(subject, HubReference) else set()
    for name in {*asked.bases, *asked.suspects, *allowed} - FOUND:
        with suppress(UsageError):  # a folder
            found.add(parse_hub_reference(name).repo_id)
    return frozenset(name.casefold() for name in found)


def _rule(asked: Options, access: Access, root: Path) -> tuple[BasesOf, Callable[[], Searched]]:
    """Return which bases are tested, and what says afterwards what a search for them found."""
    named = tuple(s for s in asked.suspects if s not in FOUND)
    rule = chosen_bases(asked.bases, named, at=dict(asked.mirrors), root=root)
    if AUTO in asked.suspects:  # it looks into the files, too
        # Imported late: what asks the Hub is nothing that a check of named bases needs.
        from hubcheck.candidates.proposals import Limits
        from hubcheck.request.discovery import Discovery

        discovery = Discovery(access=access, limits=Limits(), bases=rule)
        return discovery, discovery.searched
    if FILES in asked.suspects:
        return with_leaked(rule), files_searched
    return rule, nothing_searched
