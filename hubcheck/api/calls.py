"""What can a program ask of hubcheck?

Thin: arguments become the options of the command line, and go the one way to a request. Clock
and token of the process are those of ``hubcheck.cli.process``.
Imports stand in the functions: ``import hubcheck`` costs nothing.
"""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from hubcheck.errors import UsageError, printable
from hubcheck.report.words import Depth
from hubcheck.request.options import Options, comparison_line
from hubcheck.request.values import parse_endpoint, parse_seed, parse_size

if TYPE_CHECKING:
    from hubcheck.api.results import CheckReport, ComparisonReport, Suspects
    from hubcheck.evidence.looks.whole.interface import Resources
    from hubcheck.request.build import Means
    from hubcheck.request.policy_file import PolicyFile

T = TypeVar("T")
ModelName = str | os.PathLike[str]
"""A REF as on the command line (``org/name@revision``, ``org/name:folder``, an address of the Hub,
a folder). A ``Path`` is always a folder or file here, never a name on the Hub."""
Progress = Callable[[str], None]
"""Told each step in words; printable, and safe to show."""


def check(
    model: ModelName,
    *,
    bases: ModelName | Iterable[ModelName] = (),
    suspects: ModelName | Iterable[ModelName] = (),
    catalogue: str | os.PathLike[str] | None = None,
    depth: Depth | str | None = None,
    seed: int | None = None,
    max_read: int | str | None = None,
    fail_on: str | Iterable[str] | None = None,
    signers: ModelName | Iterable[ModelName] = (),
    mirrors: Mapping[str, ModelName] | None = None,
    behaviour: bool = False,
    endpoint: str = "",
    policy: str | os.PathLike[str] | None = None,
    cache: str | os.PathLike[str] | None = None,
    token: str | None = None,
    progress: Progress | None = None,
) -> CheckReport:
    """Test on the weights whether a model comes from where its card says.

    A model whose weights are unreadable, a base that is private, a look that could not be taken:
    these stand in the report, as on the command line.

    Args:
        model: The model to check.
        bases: Bases it is said to come from; they replace what its card declares.
        suspects: Further bases to test; ``auto`` adds those that ``suspects()`` lists, ``files``
            those that the model's own files name, ``catalogue`` the nearest families of a
            catalogue.
        catalogue: A folder, or ``org/name`` of a data set on the Hub; default: what ships.
        depth: ``headers``, ``sample``, ``deep`` or ``full``; default ``sample``.
        seed: Of the draw; the same seed gives the same report. Default: a fresh one.
        max_read: Hard limit per model, in bytes or as ``"64MB"``; default: what the depth has.
        fail_on: Words that make the conclusion ``fail``, or ``none``;
            default ``undeclared,contradicted``.
        signers: Who may have signed ``model.sig``, for ``require-signature``: files of public keys
            or certificates, or ``identity=NAME issuer=URL``; needs the extra ``sign``.
        behaviour: Whether the models are run, too, for context; needs the extra ``behaviour``.
        endpoint: A model behind an API that is held against the model, ``https://host/v1#model``.
        mirrors: Folders that stand for declared bases, by their name on the Hub.
        policy: A policy file: says what is not said here, and which bases are accepted.
        cache: Folder that keeps what is read from the Hub, and how far a full check is.
        token: Of the Hub; default: the one the command line would use.
        progress: Told each step in words.

    Raises:
        hubcheck.errors.UsageError: the request is wrong: a name, a word, a policy file.
        hubcheck.errors.UnreachableError: the model cannot be reached; nothing is known of it.
        hubcheck.errors.HubcheckError: the base class of both, and of all others.
    """
    from hubcheck.api.results import CheckReport
    from hubcheck.check.concluded import conclude_check
    from hubcheck.cli.launch import ended
    from hubcheck.cli.process import now
    from hubcheck.request.build import build_request
    from hubcheck.request.settled import settled
    from hubcheck.source.kept_seed import fresh_seed

    file = _policy_file(policy)
    options = settled(
        Options(
            subject=_ref(model),
            bases=_refs(bases),
            suspects=_refs(suspects),
            catalogue=os.fspath(catalogue) if catalogue is not None else "",
            depth=_depth(depth),
            max_read=_size(max_read),
            seed=_seed(seed),
            fail_on=",".join([fail_on] if isinstance(fail_on, str) else fail_on)
            if fail_on is not None
            else None,
            signers=_refs(signers),
            behaviour=behaviour,
            endpoint=_endpoint(endpoint),
            mirrors=tuple((name, _ref(at)) for name, at in (mirrors or {}).items()),
            policy_file=os.fspath(policy) if policy is not None else "",
        ),
        file,
        draw=fresh_seed,
    )
    say = progress or _nobody
    resources = _resources(options.depth or file.depth, cache, say)
    request = build_request(options, _means(cache, token, resources), file=file)
    outcome = conclude_check(request, now=now, progress=say)
    ended(resources)
    return CheckReport(report=outcome.report, exit_code=outcome.exit_code)


def compare(
    a: ModelName,
    b: ModelName,
    *,
    depth: Depth | str = Depth.SAMPLE,
    seed: int | None = None,
    max_read: int | str | None = None,
    cache: str | os.PathLike[str] | None = None,
    token: str | None = None,
    progress: Progress | None = None,
) -> ComparisonReport:
    """Hold two models against each other, where nobody says that one comes from the other.

    Args:
        a: A model.
        b: The other one.
        depth: As for ``check``.
        seed: As for ``check``.
        max_read: As for ``check``.
        cache: As for ``check``.
        token: As for ``check``.
        progress: As for ``check``.

    Raises:
        hubcheck.errors.UsageError: the request is wrong.
        hubcheck.errors.UnreachableError: one of the two cannot be reached.
        hubcheck.errors.UnreadableError: the weights of one of the two cannot be read.
    """
    from hubcheck.api.results import ComparisonReport
    from hubcheck.check import compare as comparing
    from hubcheck.cli.launch import ended
    from hubcheck.cli.process import now
    from hubcheck.request.build import build_request
    from hubcheck.source.kept_seed import fresh_seed
    from hubcheck.source.reference import parse_reference

    other = parse_reference(_ref(b))
    drawn = _seed(seed)
    options = Options(
        subject=_ref(a),
        depth=_depth(depth),
        max_read=_size(max_read),
        seed=fresh_seed() if drawn is None else drawn,
        fail_on="none",
    )
    say = progress or _nobody
    resources = _resources(options.depth or Depth.SAMPLE, cache, say)
    request = build_request(options, _means(cache, token, resources), bases=lambda _: ())
    found = comparing.compare(
        request,
        other,
        repeat=comparison_line(_ref(a), _ref(b), options),
        now=now,
        progress=say,
    )
    ended(resources)
    return ComparisonReport(comparison=found)


def suspects(
    model: ModelName, *, limit: int = 8, ask_hub: bool = True, token: str | None = None
) -> Suspects:
    """Return which bases a check of a model would test, and why; no weight is read.

    Args:
        model: The model.
        limit: Propose at most so many.
        ask_hub: Whether the Hub is asked; else what the model's own files name is listed.
        token: As for ``check``.

    Raises:
        hubcheck.errors.UsageError: the request is wrong.
        hubcheck.errors.UnreachableError: the model cannot be reached.
    """
    if limit < 1:
        what = f"limit is {limit}."
        raise UsageError(what, cause="nothing would be listed.", next_step="give 1 or more.")
    from hubcheck.api.results import Suspects
    from hubcheck.candidates.proposals import Limits
    from hubcheck.cli.process import hub_token
    from hubcheck.model import open_model
    from hubcheck.request.access import access_of
    from hubcheck.request.build import no_token
    from hubcheck.request.discovery import discover
    from hubcheck.request.interface import budget_of
    from hubcheck.source.reference import parse_reference

    access = access_of(
        budget_of(Depth.HEADERS, None),
        os.environ,
        hub_token if ask_hub else no_token,
        read_token=token or "",
    )
    subject = open_model(parse_reference(_ref(model)), access)
    found = discover(subject, access, replace(Limits(), bases=limit), on_the_hub=ask_hub)
    return Suspects.of(subject, found)


def load_report(source: str | os.PathLike[str]) -> CheckReport:
    """Return the report of an earlier check, from its ``report.json`` or that file's text.

    Raises:
        hubcheck.errors.UsageError: it is missing, too large, of a newer schema, or no report.
    """
    from hubcheck.api.results import CheckReport
    from hubcheck.report import load

    return CheckReport(report=load.load_report(source if isinstance(source, str) else Path(source)))


def _ref(model: ModelName) -> str:
    """Return a model as it is typed on a command line."""
    if isinstance(model, str):
        return model
    path = Path(model)
    return str(path) if path.is_absolute() else f"./{path.as_posix()}"


def _refs(models: ModelName | Iterable[ModelName]) -> tuple[str, ...]:
    """Return models, of which one may come without a list: its letters are no names."""
    if isinstance(models, str | os.PathLike):
        return (_ref(models),)
    return tuple(map(_ref, models))


def _depth(depth: Depth | str | None) -> Depth | None:
    try:
        return None if depth is None else Depth(depth)
    except ValueError as error:
        raise UsageError(
            f"depth is '{printable(depth)}'.",
            cause="no depth has that name.",
            next_step=f"write one of {', '.join(known.value for known in Depth)}.",
        ) from error


def _size(size: int | str | None) -> int | None:
    return None if size is None else _read("max_read", str(size), parse_size)


def _seed(seed: int | None) -> int | None:
    return None if seed is None else _read("seed", str(seed), parse_seed)


def _endpoint(text: str) -> str:
    return _read("endpoint", text, parse_endpoint)


def _read(name: str, text: str, parse: Callable[[str], T]) -> T:
    """Return a value as the command line reads it."""
    try:
        return parse(text)
    except ArgumentTypeError as error:
        raise UsageError(
            f"{name}: {error}.", cause="a typing error.", next_step="see docs/api.md."
        ) from error


def _policy_file(path: str | os.PathLike[str] | None) -> PolicyFile:
    from hubcheck.request.policy_file import PolicyFile, read_policy_file
    from hubcheck.request.settled import check_places

    if path is None:
        return PolicyFile()
    file = read_policy_file(Path(path), shown=os.fspath(path))
    check_places(file, Path())
    return file


def _means(cache: str | os.PathLike[str] | None, token: str | None, resources: Resources) -> Means:
    from hubcheck.cli.carry_out import means_of

    kept = None if cache is None else Path(cache)
    return replace(means_of(cache=kept, resources=resources), read_token=token or "")


def _resources(depth: Depth, cache: str | os.PathLike[str] | None, progress: Progress) -> Resources:
    """Return device and progress of a deep or full check; a program joins no other processes."""
    from hubcheck.cli.launch import resources_for

    state = None if cache is None else Path(cache)
    return resources_for(depth, {}, state=state, show=progress, terminal=False)


def _nobody(_text: str) -> None:
    """Tell nobody."""
