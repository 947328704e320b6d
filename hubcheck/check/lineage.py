"""What stands above the subject: which ancestors are declared, and what do their licences ask?

Opened models state their licence in their own files; further ancestors are described by the Hub,
one request each, capped. Nothing here moves a verdict.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Self

from hubcheck.candidates.candidate import Standing
from hubcheck.candidates.documents import CARD_LIMIT, read_bytes
from hubcheck.candidates.front_matter import CARD_PATH
from hubcheck.candidates.graph import NOTHING_DECLARED, Ancestry, walk_up
from hubcheck.check.tested import Tested
from hubcheck.errors import GatedModelError, HubcheckError, MissingModelError, printable
from hubcheck.model import Model
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, phrase
from hubcheck.report.schema import Descent, Finding, Lineage, Relative
from hubcheck.report.schema import Licence as LicenceReport
from hubcheck.report.standing import is_proof
from hubcheck.request.interface import Request
from hubcheck.source.reference import HubReference
from hubcheck.verdict.declaration import younger
from hubcheck.verdict.licence import Tie, check_licences
from hubcheck.verdict.licence_rules import LEGAL_PATH, LICENCE_PATH, Stated

if TYPE_CHECKING:
    from hubcheck.candidates.hub_index import HubIndex

MAX_REQUESTS: Final = 24
"""Ancestors asked for in a check that searched for no bases."""
MAX_LEGAL: Final = 6
"""Further files that may hold a licence, such as NOTICE, and are read: each costs a request."""
MAX_LICENCE: Final = 200_000
"""Bytes of a LICENSE file; the longest in use have about 40 kB."""


class AskedEarly:
    """Asks the Hub what stands above the declared bases, while their weights are looked at."""

    def __init__(self, subject: Model, tested: Sequence[Tested], request: Request) -> None:
        """Take the models; nothing is asked before the context is entered."""
        self._subject, self._tested, self._request = subject, tested, request
        self._shared = request.searched().index
        self._index: HubIndex | None = self._shared
        self._pool: ThreadPoolExecutor | None = None
        self._running: Future[Ancestry] | None = None

    def __enter__(self) -> Self:
        """Begin."""
        names = [_ref(one) for one in self._tested if one.request.declared and _on_the_hub(one)]
        if names:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="hubcheck-lineage")
            self._running = self._pool.submit(self._walk, names)
        return self

    def __exit__(self, *_: object) -> None:
        """Give up what has not begun."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def ancestry(self, findings: Sequence[Finding]) -> Ancestry:
        """Return the declared graph above the bases that lie on the Hub; empty without any.

        Args:
            findings: Of the bases, in their order: proven ones stand in the graph as well.
        """
        there = [(o, f) for o, f in zip(self._tested, findings, strict=True) if _on_the_hub(o)]
        if not there:
            return NOTHING_DECLARED
        if self._running is not None:
            self._running.exception()  # the index remembers what it was told; it is asked again
        declared = [_ref(one) for one, _ in there if one.request.declared]
        found = self._walk([*declared, *(_ref(one) for one, f in there if is_proof(f))])
        spent = 0 if self._shared or self._index is None else self._index.ledger.requests
        return replace(found, requests=spent)

    def _walk(self, refs: Sequence[str]) -> Ancestry:
        self._index = self._index or _index(self._request)
        # A folder of a repository (``org/name:folder``) is described by its repository, and an
        # older revision of the subject itself is a base like any other, but no ancestor by name.
        subject = self._subject.pin.ref
        own = subject.partition(":")[0].casefold()
        found = dict.fromkeys(ref.partition(":")[0] for ref in refs)
        names = [name for name in found if name.casefold() != own]
        relation = self._subject.declaration.relation
        return walk_up(self._index, subject, names, relation=relation)


def _on_the_hub(one: Tested) -> bool:
    """Return whether a base lies on the Hub, as far as that came out: open, gated or deleted.

    What is only proposed to a repository has none of its ancestors or licences.
    """
    if one.base.belongs:
        return False
    remote = isinstance(one.request.reference, HubReference)
    closed = isinstance(one.error, GatedModelError | MissingModelError)
    return remote and (one.model is not None or closed)


def _ref(one: Tested) -> str:
    return one.model.pin.ref if one.model is not None else one.base.ref


def _index(request: Request) -> HubIndex:
    from hubcheck.candidates.hub_index import HubIndex

    endpoint = request.access.endpoint
    if endpoint is None:
        from huggingface_hub.constants import ENDPOINT

        endpoint = ENDPOINT
    return HubIndex(
        endpoint=endpoint,
        token=request.access.hub_token(),
        max_requests=MAX_REQUESTS,
        max_read=1,
        spoken_of=request.access.spoken_of,
    )


def leads_to(ancestry: Ancestry, child: Finding, parent: Finding) -> bool:
    """Return whether declarations lead from one base up to another."""
    wanted = parent.base.ref.casefold()
    return any(ref.casefold() == wanted for ref in ancestry.above(child.base.ref))


def lineage_of(subject: Model, tested: Sequence[Tested], ancestry: Ancestry) -> Lineage:
    """Return the declared graph as the report holds it."""
    declared = {_ref(one) for one in tested if one.request.declared}
    said = subject.declaration.relation
    own = subject.pin.ref
    descents = [
        Descent(child=own, parent=ref, relation=said)
        for ref in sorted(declared)
        if ref.casefold() != own.casefold()
    ]
    descents += [
        Descent(child=e.child, parent=e.parent, relation=e.relation)
        for e in ancestry.edges
        if e.child != own
    ]
    return Lineage(
        models=tuple(
            Relative(ref=n.ref, standing=n.standing.value, created=n.created, licence=n.licence)
            for n in ancestry.nodes
        ),
        descents=tuple(descents),
        loops=ancestry.loops,
    )


def lineage_warnings(ancestry: Ancestry) -> Clauses:
    """Return what is wrong with the declared graph."""
    loops = [phrase(PhraseCode.LOOP, model=printable(ref)) for ref in ancestry.loops]
    gone = [phrase(PhraseCode.ANCESTOR_MISSING, model=printable(ref)) for ref in ancestry.missing]
    return (*loops, *gone)


def licence_of(
    subject: Model, tested: Sequence[Tested], findings: Sequence[Finding], ancestry: Ancestry
) -> LicenceReport:
    """Return what the licences of declared and related bases ask, their ancestors included."""
    ties: list[Tie] = []
    for one, finding in zip(tested, findings, strict=True):
        basis = _basis(finding, subject)
        if basis is None:
            continue
        parent = _parent(one, ancestry)
        ties.append(Tie(parent=parent, basis=basis, declared=finding.declared))
        ties += [
            Tie(
                parent=_described(ancestry, ref),
                basis=phrase(PhraseCode.BASIS_ANCESTOR, base=finding.base.ref),
                declared=finding.declared,
            )
            for ref in ancestry.above(finding.base.ref)
            if _known(ancestry, ref) and ref.casefold() != subject.pin.ref.casefold()
        ]
    if not ties:
        return LicenceReport()
    return check_licences(stated_by(subject, card=True), ties)


def _parent(one: Tested, ancestry: Ancestry) -> Stated:
    """Return what a base states: by its own files, else as the Hub describes it."""
    if one.model is not None:
        try:
            return stated_by(one.model, card=False)
        except HubcheckError:
            pass  # gated: the Hub describes it all the same
    return _described(ancestry, one.base.ref)


def _basis(finding: Finding, subject: Model) -> Phrase | None:
    """Return what ties a base to the subject, None for one that obliges to nothing.

    A sibling that a declared base explains is no ancestor, nor is a model that came later.
    """
    if finding.declared:
        return phrase(PhraseCode.BASIS_DECLARED, found=is_proof(finding))
    explained = finding.explained_by is not None
    if is_proof(finding) and not explained and not younger(finding, subject.pin.created):
        return phrase(PhraseCode.BASIS_FOUND)
    return None


def _known(ancestry: Ancestry, ref: str) -> bool:
    node = ancestry.node(ref)
    return node is not None and node.standing in {Standing.FOUND, Standing.GATED}


def _described(ancestry: Ancestry, ref: str) -> Stated:
    node = ancestry.node(ref)
    if node is None:
        return Stated(ref=ref)
    return Stated(ref=node.ref, tag=node.licence, name=node.licence_name, link=node.licence_link)


def stated_by(model: Model, *, card: bool) -> Stated:
    """Return what an opened model states about its licence.

    Args:
        model: The model; its LICENSE file is read.
        card: Whether the text of its card is wanted as well, and of its other legal files.
    """
    said = model.known_declaration
    paths = tuple(f.path for f in model.files)
    path = next((p for p in sorted(paths, key=len) if LICENCE_PATH.fullmatch(p)), "")
    data = _document(model, path, MAX_LICENCE) if path else b""
    legal = [p for p in sorted(paths, key=len) if LEGAL_PATH.fullmatch(p) and p != path]
    others = {p: _document(model, p, MAX_LICENCE) for p in legal[:MAX_LEGAL]} if card else {}
    texts = {path: data, **others} if path else others
    text = _document(model, CARD_PATH, CARD_LIMIT) if card else None
    return Stated(
        ref=model.pin.ref,
        on_the_hub=model.pin.revision != "local",
        tag=said.licence,
        name=said.licence_name,
        link=said.licence_link,
        files=paths,
        file_path=path,
        file_text=data.decode("utf-8", "replace"),
        file_sha256=hashlib.sha256(data).hexdigest() if data else "",
        texts=tuple((p, d.decode("utf-8", "replace")) for p, d in texts.items()),
        card=None if text is None else text.decode("utf-8", "replace"),
    )


def _document(model: Model, path: str, limit: int) -> bytes:
    try:
        data = read_bytes(model.source, path, limit=limit)
    except HubcheckError:
        return b""
    return data if isinstance(data, bytes) else b""
