"""Which bases does a check test, and where do they lie?

Named by the user (``--base``, ``--suspect``) or by the subject itself. What a model repository
names is only ever looked for on the Hub: a card must not be able to name a folder of this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from hubcheck.candidates.leaked import read_leaks
from hubcheck.errors import HubcheckError, UsageError
from hubcheck.model import Model
from hubcheck.report.hints import BASE, SUSPECT
from hubcheck.report.phrases import Phrase
from hubcheck.request.interface import BaseRequest
from hubcheck.source.reference import (
    HubReference,
    LocalReference,
    Reference,
    key_of,
    local_path,
    name_of,
    parse_hub_reference,
    parse_reference,
)

MOST_BASES: Final = 8
"""Bases of one check with what the files name: each is read, and each weakens the bound."""

BasesOf = Callable[[Model], Sequence[BaseRequest]]


def chosen_bases(
    bases: Sequence[str],
    suspects: Sequence[str],
    *,
    at: Mapping[str, Path | str] | None = None,
    root: Path = Path(),
) -> BasesOf:
    """Return the rule for a command line.

    Args:
        bases: ``--base`` values; they replace what the subject declares and count as declared.
        suspects: ``--suspect`` values; they are added.
        at: Folders that stand for declared names (the demo's models, an offline mirror).
        root: The folder that relative paths are counted from; default: the working folder.

    Raises:
        UsageError: a value is not a reference.
    """
    named, added = _typed(bases, suspects, root)

    def of(subject: Model) -> Sequence[BaseRequest]:
        declared = named or [
            (declared_reference(b.ref, b.revision, at or {}, root=root), True, b.why)
            for b in subject.declaration.bases
        ]
        return _merged([*declared, *added])

    return of


def named_bases(
    bases: Sequence[str], suspects: Sequence[str], *, root: Path = Path()
) -> tuple[BaseRequest, ...]:
    """Return the bases that a command line names, whatever the subject declares beside them.

    Raises:
        UsageError: as ``chosen_bases``.
    """
    named, added = _typed(bases, suspects, root)
    return tuple(_merged([*named, *added]))


def with_leaked(rule: BasesOf) -> BasesOf:
    """Return a rule that adds what the subject's files name without declaring it."""

    def of(subject: Model) -> Sequence[BaseRequest]:
        requests = rule(subject)
        return [*requests, *leaked_bases(subject, requests)]

    return of


def leaked_bases(subject: Model, others: Sequence[BaseRequest]) -> list[BaseRequest]:
    """Return what the subject's files name without declaring it, beside other bases.

    Nothing is searched for. One whose weight files have equal digests is found ``identical``, and
    no weight byte is read for that.
    """
    known = {name_of(r.reference).casefold() for r in others} | {subject.pin.ref.casefold()}
    found: list[BaseRequest] = []
    for leaked in (*subject.declaration.leaked, *read_leaks(subject.source)):
        if leaked.ref.casefold() not in known and len(others) + len(found) < MOST_BASES:
            known.add(leaked.ref.casefold())
            reference = _leaked(leaked.ref, leaked.revision)
            found.append(
                BaseRequest(
                    reference=reference, declared=False, why=(leaked.why,), found_by="files"
                )
            )
    return found


def _leaked(ref: str, revision: str) -> Reference:
    # What a repository names is only ever looked for on the Hub.
    try:
        return parse_hub_reference(f"{ref}@{revision}" if revision else ref)
    except HubcheckError:
        return parse_hub_reference(ref)


def declared_reference(
    ref: str, revision: str, at: Mapping[str, Path | str], *, root: Path = Path()
) -> Reference:
    """Return the reference of a declared base: on the Hub, unless ``at`` says otherwise."""
    if ref in at:
        typed = str(at[ref])
        return LocalReference(path=local_path(typed, root), typed=typed)
    return parse_hub_reference(f"{ref}@{revision}" if revision else ref)


def _typed(
    bases: Sequence[str], suspects: Sequence[str], root: Path
) -> tuple[list[tuple[Reference, bool, Phrase]], list[tuple[Reference, bool, Phrase]]]:
    """Return the values of ``--base`` and of ``--suspect``, read."""
    named = [(parse_reference(b, root=root), True, BASE) for b in bases]
    added = [(parse_reference(s, root=root), False, SUSPECT) for s in suspects]
    return named, added


def _merged(requests: Sequence[tuple[Reference, bool, Phrase]]) -> list[BaseRequest]:
    """Return each base once; declared outranks suspected, and every reason is kept.

    Raises:
        UsageError: one repository is named at two revisions. A report names its bases by
            repository wherever one is held against another (what a match explains, what is
            declared, what changed since the last report), and tests cannot tell them apart either:
            the subject is related to both or to neither. Each alone is a question with an answer.
    """
    merged: dict[str, BaseRequest] = {}
    shown: dict[str, str] = {}
    for reference, declared, why in requests:
        key = key_of(reference)
        known = merged.get(key)
        # A folder that is shown as a repository is: a report could not tell the two apart.
        hub = isinstance(reference, HubReference)
        two = shown.setdefault(key if hub else name_of(reference), key) != key
        if known is None and not two:
            merged[key] = BaseRequest(reference=reference, declared=declared, why=(why,))
            continue
        if known is None or _place(known.reference) != _place(reference):
            what = f"{name_of(reference)} is named at two revisions."
            raise UsageError(
                what,
                cause="--base and --suspect (or the card) name different revisions of one model.",
                next_step="check them in two runs; with --cache DIR the second does not read the "
                "subject again.",
            )
        merged[key] = BaseRequest(
            reference=known.reference, declared=known.declared or declared, why=(*known.why, why)
        )
    return list(merged.values())


def _place(reference: Reference) -> str:
    """Return what tells two references of one name apart."""
    return reference.revision if isinstance(reference, HubReference) else str(reference.path)
