"""Which models should a subject be tested against, in which order?

Declared and leaked names first, then what the Hub knows: ancestors of those, and a capped search
among models of the same size, older than the subject. Whoever stands out is looked at closely by
digests and by sizes, which costs no weight byte. The order rests on names, digests and sizes only,
so choosing by it leaves the tests on weights unbiased.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from hubcheck.candidates.candidate import (
    Candidate,
    Gathering,
    Reason,
    Signal,
    Standing,
    ranked,
)
from hubcheck.candidates.declared import Declaration, DeclaredBase
from hubcheck.candidates.documents import CONFIG_LIMIT, JsonDocument, parse_json_object
from hubcheck.candidates.earlier_cards import earlier_names
from hubcheck.candidates.graph import NOTHING_DECLARED, Ancestry, walk_up
from hubcheck.candidates.hub_answers import Described
from hubcheck.candidates.hub_index import HubIndex, Query
from hubcheck.candidates.identity import (
    FileKind,
    Fingerprint,
    SharedFile,
    fingerprints,
    shared_files,
)
from hubcheck.candidates.shape import Shape, ShapeMatch, compare_shapes, shape_of_config
from hubcheck.errors import BudgetExceededError, HubcheckError, printable
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, phrase

BAND: Final = (0.5, 2.0)
"""Parameters of the first search, as factors of the subject's: depth changes stay within."""
NARROW: Final = (0.97, 1.03)
"""Of the second search, over all architectures: a renamed copy keeps its size, a grown vocabulary
adds a few per cent."""
CLOSE_LOOKS_AT_ONCE: Final = 8


@frozen
class Limits:
    """How much a search may cost and return."""

    bases: int = 8
    """Candidates that are proposed for a test; the bound is divided by how many are tried."""
    probes: int = 24
    """Candidates of which a check reads some gains to choose those; each counts as tried."""
    close_looks: int = 24
    """Candidates whose listing and config are read: two or three requests each."""
    found_a_search: int = 50
    requests: int = 120
    """Of the whole search; an anonymous user has 500 in five minutes."""
    bytes: int = 8_000_000
    """Of small files (configs, earlier cards)."""


@frozen
class SubjectFacts:
    """What the search needs to know of the subject."""

    ref: str
    commit: str
    """Empty for a folder: it has no history on the Hub."""
    created: str
    declaration: Declaration
    leaks: tuple[DeclaredBase, ...]
    files: tuple[Fingerprint, ...]
    shape: Shape
    parameters: int
    model_type: str


@frozen
class Proposals:
    """The candidates, and what was met on the way."""

    chosen: tuple[Candidate, ...]
    """To be tested, the most promising first."""
    passed_over: tuple[Candidate, ...] = ()
    """Named or found, not chosen."""
    ancestry: Ancestry = NOTHING_DECLARED
    notes: Clauses = ()
    requests: int = 0
    bytes_read: int = 0

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """All of them, the chosen first."""
        return (*self.chosen, *self.passed_over)


def propose(subject: SubjectFacts, index: HubIndex | None, limits: Limits) -> Proposals:
    """Return the candidates of a subject.

    Args:
        subject: What is known of it without reading weights.
        index: Asks the Hub; None names only what the subject's own files name.
        limits: Caps of the search.
    """
    found = Gathering(subject.ref)
    for base in subject.declaration.bases:
        found.add(base.ref, Reason(signal=Signal.DECLARED, said=base.why), revision=base.revision)
    for leak in (*subject.declaration.leaked, *subject.leaks):
        found.add(leak.ref, Reason(signal=Signal.LEAKED, said=leak.why), revision=leak.revision)
    if index is None:
        return _proposals(found, limits, Ancestry(), [])
    search = _Search(subject, index, limits, found)
    search.run()
    done = _proposals(found, limits, search.ancestry, search.notes)
    return Proposals(
        chosen=done.chosen,
        passed_over=done.passed_over,
        ancestry=search.ancestry,
        notes=tuple(dict.fromkeys(search.notes)),
        requests=index.ledger.requests,
        bytes_read=index.ledger.bytes_read,
    )


def _proposals(
    found: Gathering, limits: Limits, ancestry: Ancestry, notes: Sequence[Phrase]
) -> Proposals:
    every = found.all()
    declared = [c for c in every if c.declared]
    others = [c for c in every if not c.declared and c.standing is not Standing.MISSING]
    room = max(0, limits.bases - len(declared))
    chosen = ranked([*declared, *others[:room]])
    names = {c.ref for c in chosen}
    return Proposals(
        chosen=chosen,
        passed_over=tuple(c for c in every if c.ref not in names),
        ancestry=ancestry,
        notes=tuple(notes),
    )


class _Search:
    """One search on the Hub; each step survives the failure of another."""

    def __init__(
        self, subject: SubjectFacts, index: HubIndex, limits: Limits, found: Gathering
    ) -> None:
        self._subject = subject
        self._index = index
        self._limits = limits
        self._found = found
        self.ancestry = Ancestry()
        self.notes: list[Phrase] = []

    def run(self) -> None:
        """Take the steps, cheapest and most telling first."""
        for step in (self._history, self._ancestors, self._named, self._similar, self._look):
            try:
                step()
            except BudgetExceededError as error:
                self.notes.append(phrase(PhraseCode.FAILED, detail=error.what))
                return
            except HubcheckError as error:
                self.notes.append(_failed(error))

    def _history(self) -> None:
        subject = self._subject
        if not subject.commit:
            return
        for name in earlier_names(self._index, subject.ref, subject.commit):
            known = self._found.get(name.ref)
            if known is None:
                reason = Reason(signal=Signal.LEAKED, said=name.why)
                self._found.add(name.ref, reason, revision=name.revision)

    def _ancestors(self) -> None:
        declared = [c.ref for c in self._found.all() if c.declared]
        if not declared:
            return
        subject = self._subject
        self.ancestry = walk_up(
            self._index, subject.ref, declared, relation=subject.declaration.relation
        )
        for node in self.ancestry.nodes:
            if node.depth > 1 and node.standing is not Standing.MISSING:
                children = [e.child for e in self.ancestry.edges if e.parent == node.ref]
                child = printable(children[0]) if children else ""
                said = phrase(PhraseCode.HINT_ANCESTOR, child=child)
                self._found.add(node.ref, Reason(signal=Signal.ANCESTOR, said=said))
        self.notes += [
            phrase(PhraseCode.SEARCH_MISSING, model=printable(m)) for m in self.ancestry.missing
        ]
        self.notes += [
            phrase(PhraseCode.LOOP, model=printable(name)) for name in self.ancestry.loops
        ]
        self.notes += self.ancestry.cut

    def _named(self) -> None:
        """Ask for every model that was named: whether it exists, and since when."""
        for one in self._found.all():
            described = self._index.describe(one.ref)
            if isinstance(described, Described):
                self._note(one.ref, described)
            elif described.missing:
                self._found.note(one.ref, standing=Standing.MISSING)

    def _note(self, ref: str, described: Described) -> None:
        created, own = described.created, self._subject.created
        self._found.note(
            ref,
            standing=Standing.GATED if described.gated else Standing.FOUND,
            created=created,
            downloads=described.downloads,
            younger=bool(created and own) and created > own,
        )

    def _similar(self) -> None:
        """Search models of about the same size: of the same architecture, then of any."""
        size, kind = self._subject.parameters, self._subject.model_type
        if not size:
            self.notes.append(phrase(PhraseCode.SEARCH_NO_SIZE))
            return
        queries = [Query(parameters=_band(size, NARROW), limit=self._limits.found_a_search)]
        if kind:
            wide = Query(
                model_type=kind, parameters=_band(size, BAND), limit=self._limits.found_a_search
            )
            queries.insert(0, wide)
        # Popularity alone would bring copies before what they were copied from.
        for query in [q for one in queries for q in (one, replace(one, oldest=True))]:
            least, most = query.parameters
            said = phrase(
                PhraseCode.HINT_SEARCH, architecture=query.model_type, least=least, most=most
            )
            for described in self._index.search(query):
                if self._is_later(described):
                    continue
                self._found.add(described.ref, Reason(signal=Signal.SEARCH, said=said))
                if described.parameters == size:
                    equal = phrase(PhraseCode.HINT_SAME_SIZE, parameters=size)
                    reason = Reason(signal=Signal.SAME_SIZE, said=equal)
                    self._found.add(described.ref, reason)
                self._note(described.ref, described)

    def _is_later(self, described: Described) -> bool:
        """A search brings no model that is younger than the subject; a name that leaked may be."""
        own = self._subject.created
        return bool(own and described.created) and described.created >= own

    def _look(self) -> None:
        """Look closely at the most promising: shared files and sizes."""
        usable = [c for c in self._found.all() if c.standing in {Standing.FOUND, Standing.GATED}]
        few = usable[: self._limits.close_looks]
        if len(usable) > len(few):
            left = len(usable) - len(few)
            self.notes.append(phrase(PhraseCode.SEARCH_NOT_CLOSELY, candidates=left))
        with ThreadPoolExecutor(CLOSE_LOOKS_AT_ONCE, thread_name_prefix="hubcheck-look") as pool:
            looks = list(pool.map(self._look_at, few))
        for candidate, (shared, match) in zip(few, looks, strict=True):
            for file in shared:
                self._found.add(candidate.ref, _same_file(file))
            if match is not None and (match.same or match.near):
                self._found.add(candidate.ref, _like_sizes(match))

    def _look_at(self, candidate: Candidate) -> tuple[tuple[SharedFile, ...], ShapeMatch | None]:
        """Return the files shared with a candidate and how its sizes compare."""
        described = self._index.describe(candidate.ref)
        if not isinstance(described, Described) or not described.commit:
            return (), None
        try:
            listed = self._index.listing(described.ref, described.commit)
            shared = shared_files(self._subject.files, fingerprints(listed))
            config = next((e for e, _ in listed if e.path == "config.json"), None)
            if config is None or described.gated:
                return shared, None
            data = self._index.document(described.ref, described.commit, config, limit=CONFIG_LIMIT)
        except HubcheckError as error:
            self.notes.append(_failed(error))
            return (), None
        document = parse_json_object(data, "config.json")
        if not isinstance(document, JsonDocument):
            return shared, None
        return shared, compare_shapes(self._subject.shape, shape_of_config(document.values))


def _same_file(file: SharedFile) -> Reason:
    path = printable(file.path)
    if file.kind is FileKind.WEIGHTS:
        said = phrase(PhraseCode.HINT_SAME_WEIGHTS, path=path)
        return Reason(signal=Signal.SAME_WEIGHTS, said=said)
    said = phrase(PhraseCode.HINT_SAME_TOKENIZER, path=path)
    return Reason(signal=Signal.SAME_TOKENIZER, said=said)


def _like_sizes(match: ShapeMatch) -> Reason:
    if match.same:
        said = phrase(PhraseCode.HINT_SAME_SHAPES, sizes=match.known)
        return Reason(signal=Signal.SAME_SHAPES, said=said)
    said = phrase(PhraseCode.HINT_NEAR_SHAPES, sizes=match.known, differing=match.differing)
    return Reason(signal=Signal.NEAR_SHAPES, said=said)


def _failed(error: HubcheckError) -> Phrase:
    return phrase(PhraseCode.FAILED, detail=printable(error.what, limit=300))


def _band(size: int, factors: tuple[float, float]) -> tuple[int, int]:
    return int(size * factors[0]), int(size * factors[1]) + 1
