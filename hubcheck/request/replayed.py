"""Which request does a report come from, and what of it cannot be made again?

Models at their pinned commits, folders where they lie now, the same draws and limits. Why a base
was tested and whether it is declared is read anew from the subject: no report gets to say so.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from hubcheck.candidates.declared import DeclaredBase
from hubcheck.errors import MissingModelError, printable
from hubcheck.frozen import frozen
from hubcheck.model import Model
from hubcheck.report.hints import BASE, BY_THE_USER
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, Value, phrase
from hubcheck.report.schema import BaseModelRef, Finding, Report
from hubcheck.request.bases import declared_reference, leaked_bases
from hubcheck.request.interface import BaseRequest, FoundBy
from hubcheck.source.listing import COMMIT
from hubcheck.source.reference import (
    DEFAULT_REVISION,
    HubReference,
    LocalReference,
    Reference,
    name_of,
    parse_hub_reference,
)
from hubcheck.verdict.differences import Open

LOCAL: Final = "local"


@frozen
class Unverified:
    """A part of a report that could not be made again."""

    path: str
    """Of the field, or of what lies below it."""
    why: Clauses


def left(why: Open, **names: Value) -> Clauses:
    """Return why a field is left open."""
    return (phrase(PhraseCode.REPLAY_OPEN, why=why.value, **names),)


def root_of(report: Report, path: Path, given: Path | None) -> Path:
    """Return the folder from which the report's folders are counted.

    The one given; else the first of the working folder, the report's own folder and those above it
    in which the subject lies (the first base that is a folder, where the subject is none).

    Raises:
        MissingModelError: there is none.
    """
    if given is not None:
        return given
    pins = [(report.subject.ref, report.subject.revision)]
    pins += [(f.base.ref, f.base.revision) for f in report.findings]
    first = next((ref for ref, revision in pins if revision == LOCAL), None)
    here = path.absolute().parent
    for root in (Path.cwd(), here, *here.parents):
        if first is None or _there(root, first).exists():
            return root
    raise MissingModelError(
        f"There is no '{printable(first or '')}' in the working folder, nor beside the report or "
        "above it.",
        cause="the report names a folder of another machine, or one that was moved.",
        next_step="replay it where it was made, or name the folder it was made in with --from DIR.",
    )


def pinned(ref: str, revision: str, *, root: Path, asked: str = "") -> Reference:
    """Return the reference of a model as a report names it; a folder need not be there.

    Raises:
        UsageError: it is no name of a repository.
    """
    if revision == LOCAL:
        return LocalReference(path=_there(root, ref), typed=ref)
    name, _, proposed = ref.partition("@")
    asked = asked or proposed
    wanted = parse_hub_reference(f"{name}@{revision or asked or DEFAULT_REVISION}")
    return HubReference(
        repo_id=wanted.repo_id,
        revision=wanted.revision,
        inside=wanted.inside,
        pinned_from=(asked or DEFAULT_REVISION) if revision else "",
    )


@dataclass(slots=True)
class Replayed:
    """The rule that tests the bases of a report again; a request's ``bases``."""

    report: Report
    root: Path
    unverified: list[Unverified] = field(default_factory=list)
    """Filled by the call."""

    def __call__(self, subject: Model) -> Sequence[BaseRequest]:
        """Return the bases in the order of the report, then declared ones that it leaves out."""
        findings = self.report.findings
        replaced = any(f.declared and BASE in f.proposed_by for f in findings)
        declared = () if replaced else subject.declaration.bases
        owned = [[d for d in declared if _stands_for(f, d)] for f in findings]
        met = {d.ref for own in owned for d in own}
        left_out = [
            BaseRequest(
                reference=declared_reference(base.ref, base.revision, {}),
                declared=True,
                why=(base.why,),
            )
            for base in declared
            if base.ref not in met
        ]
        leaks: Sequence[BaseRequest] = ()
        if self.report.search.kind == "files":
            others = [
                self._request(n, f, own, {})
                for n, (f, own) in enumerate(zip(findings, owned, strict=True))
                if own or BY_THE_USER & set(f.proposed_by)
            ]
            leaks = leaked_bases(subject, [*others, *left_out])
        by_name = {name_of(r.reference).casefold(): r for r in leaks}
        self.unverified.clear()
        requests = [
            self._request(n, f, own, by_name)
            for n, (f, own) in enumerate(zip(findings, owned, strict=True))
        ]
        tested = {name_of(r.reference).casefold() for r in requests}
        left_out += [r for name, r in by_name.items() if name not in tested]
        return [*requests, *left_out]

    def _request(
        self,
        number: int,
        finding: Finding,
        declared: Sequence[DeclaredBase],
        leaks: Mapping[str, BaseRequest],
    ) -> BaseRequest:
        base, path = finding.base, f"findings[{number}]"
        own = [d.why for d in declared]
        leaked = leaks.get(_named(base))
        known = {*own, *(leaked.why if leaked else ()), *BY_THE_USER}
        searched = self._was_searched and not finding.declared
        strange = [w for w in finding.proposed_by if w not in known]
        if strange and searched:
            self._leave(f"{path}.proposed_by", left(Open.PROPOSED))
            self._leave(f"{path}.found_by", left(Open.PROPOSED))
        why = [w for w in finding.proposed_by if w in known or searched]
        why += [w for w in own if w not in why]
        if base.revision == LOCAL and own:
            refs = tuple(d.ref for d in declared)
            self._leave(f"{path}.base", left(Open.STANDS_FOR, refs=refs))
        return BaseRequest(
            reference=self._reference(base, declared),
            declared=bool(own) or BASE in why,
            why=tuple(why),
            found_by=self._found_by(finding, strange, leaked),
            tried=finding.tried,
        )

    @property
    def _was_searched(self) -> bool:
        search = self.report.search
        return search.kind == "hub" or search.catalogue is not None

    def _found_by(
        self, finding: Finding, strange: Sequence[Phrase], leaked: BaseRequest | None
    ) -> FoundBy:
        """Return who proposed a base: what the subject's files or the request say comes first."""
        if leaked is not None and not BY_THE_USER & set(finding.proposed_by):
            return leaked.found_by
        unknown = self._was_searched and not finding.declared and bool(strange)
        return finding.found_by if unknown else "named"

    def _reference(self, base: BaseModelRef, declared: Sequence[DeclaredBase]) -> Reference:
        said = next(iter(declared), None)
        if said is None or base.revision == LOCAL:
            return pinned(base.ref, base.revision, root=self.root, asked=base.asked)
        # The card's own words decide what was asked for; the report only pins it.
        commit = said.revision if COMMIT.fullmatch(said.revision) else base.revision
        return pinned(said.ref, commit, root=self.root, asked=said.revision)

    def _leave(self, path: str, why: Clauses) -> None:
        self.unverified.append(Unverified(path=path, why=why))


def left_open(given: Report, again: Report) -> Iterator[Unverified]:
    """Yield what a report says that no second run can say, and what could not be reached now."""
    search = given.search
    if search.catalogue is not None:
        why = left(Open.CATALOGUE)
        yield Unverified(path="search.catalogue", why=why)
        tried = left(Open.CHOSEN_AMONG)
        for number, finding in enumerate(given.findings):
            if finding.tried:
                yield Unverified(path=f"findings[{number}].tried", why=tried)
        if search.kind != "hub":
            yield Unverified(path="search.bases_tried", why=tried)
            yield Unverified(path="search.notes", why=why)
            for name in BYTES:
                yield Unverified(path=name, why=left(Open.READ_BY_SKETCH))
    if search.kind == "hub":
        why = left(Open.SEARCH)
        yield from (Unverified(path=f"search.{name}", why=why) for name in SEARCH)
        yield Unverified(path="search.bases_tried", why=left(Open.TRIED))
        for name in BYTES:
            yield Unverified(path=name, why=left(Open.READ_BY_SEARCH))
    for number, finding in enumerate(given.findings):
        now = again.findings[number]
        base = finding.base
        gone = not now.base.revision and not now.base.belongs
        if finding.status == "tested" and gone and now.base.ref == base.ref:
            yield Unverified(path=f"findings[{number}]", why=now.reason)
            why = left(Open.MISSING, refs=(base.ref,))
            yield from (Unverified(path=path, why=why) for path in OF_ALL)
        elif base.asked and base.asked != base.revision and BASE in finding.proposed_by:
            why = left(Open.ASKED)
            yield Unverified(path=f"findings[{number}].base.asked", why=why)
    if given.subject.revision == LOCAL:
        # Publishing writes a section into the card of the folder, and a report beside it.
        why = left(Open.BESIDE)
        for name in BESIDE_WEIGHTS:
            if getattr(given.coverage, name) != getattr(again.coverage, name):
                yield Unverified(path=f"coverage.{name}", why=why)
    if given.policy.allow:
        yield Unverified(path="policy.allow", why=left(Open.ACCEPTED))
    if any(m.standing == "not looked up" for m in again.lineage.models):
        why = left(Open.NOT_DESCRIBED)
        yield from (Unverified(path=path, why=why) for path in ("lineage", "licence", "warnings"))


SEARCH: Final = ("requests", "bytes_read", "left_aside", "notes")
BYTES: Final = ("coverage.bytes_read", "coverage.subject_bytes_read", "findings[].bytes_read")
BESIDE_WEIGHTS: Final = ("bytes_read", "subject_bytes_read", "bytes_hashed")
"""Of the coverage: documents count, too."""
OF_ALL: Final = (
    *("verdict", "conclusion", "coverage", "context", "licence", "lineage", "warnings", "limits"),
    *("findings[].explained_by", "findings[].relation", "findings[].shares", "findings[].notes"),
)
"""What is made of all bases together: with one missing, it comes out otherwise."""


def day_of(report: Report) -> date:
    """Return the day of a check, on which what was accepted holds or has run out."""
    try:
        return datetime.fromisoformat(report.finished).astimezone(UTC).date()
    except ValueError:
        return date.max


ANY_NUMBER: Final = re.compile(r"\[[0-9]+\]")


def covers(open_path: str, path: str) -> bool:
    """Return whether a path is an open one, or lies below it; ``[]`` stands for any number."""
    if "[]" in open_path:
        path = ANY_NUMBER.sub("[]", path)
    return path == open_path or path.startswith((f"{open_path}.", f"{open_path}["))


def _stands_for(finding: Finding, declared: DeclaredBase) -> bool:
    """Return whether a finding is about a declared base: by its name, or by the line that says so.

    A folder stands for a declared name where the caller said so, a repository may be renamed.
    """
    return _named(finding.base) == declared.ref.casefold() or declared.why in finding.proposed_by


def _named(base: BaseModelRef) -> str:
    return base.ref.partition("@")[0].casefold()


def _there(root: Path, name: str) -> Path:
    return root / os.path.expanduser(name)  # noqa: PTH111 - Path.expanduser raises for ~nobody
