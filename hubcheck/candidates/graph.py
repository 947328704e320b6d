"""Which ancestors do declarations name, going up from a model?

The declared graph is what uploaders claim: it may loop, name what was deleted, or go on for ever.
Every repository is asked about once; depth and number are capped; what was cut is said.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from hubcheck.candidates.candidate import Standing
from hubcheck.errors import BudgetExceededError
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, PhraseCode, phrase

if TYPE_CHECKING:
    from hubcheck.candidates.hub_index import HubIndex

MAX_DEPTH: Final = 8
"""Steps up; the deepest honest chains (base, instruct, merge of merges, quant) have about six."""
MAX_NODES: Final = 40


@frozen
class Ancestor:
    """One model of the declared graph."""

    ref: str
    standing: Standing
    created: str = ""
    licence: str = ""
    licence_name: str = ""
    licence_link: str = ""
    depth: int
    """Steps from the subject: 1 for a declared base."""


@frozen
class Edge:
    """A child that declares a parent."""

    child: str
    parent: str
    relation: str
    """finetune, quantized ... or empty."""


@frozen
class Ancestry:
    """The declared graph above a model."""

    nodes: tuple[Ancestor, ...] = ()
    """Breadth first, without the subject."""
    edges: tuple[Edge, ...] = ()
    loops: tuple[str, ...] = ()
    """Models that declare one of their own descendants as a base."""
    missing: tuple[str, ...] = ()
    cut: Clauses = ()
    """Why the walk ended early."""
    requests: int = 0
    """Requests made for this walk alone; 0 where a search's own questions served."""

    def node(self, ref: str) -> Ancestor | None:
        """Return a model by name."""
        return next((n for n in self.nodes if n.ref.casefold() == ref.casefold()), None)

    def parents(self, ref: str) -> tuple[str, ...]:
        """Return the declared bases of a model."""
        return tuple(e.parent for e in self.edges if e.child.casefold() == ref.casefold())

    def above(self, ref: str) -> tuple[str, ...]:
        """Return every ancestor of a model, nearest first, each once, loops survived."""
        found: dict[str, str] = {}
        waiting = deque(self.parents(ref))
        while waiting:
            parent = waiting.popleft()
            if parent.casefold() not in found and parent.casefold() != ref.casefold():
                found[parent.casefold()] = parent
                waiting.extend(self.parents(parent))
        return tuple(found.values())


NOTHING_DECLARED: Final = Ancestry()


def walk_up(index: HubIndex, subject: str, bases: Sequence[str], *, relation: str = "") -> Ancestry:
    """Follow declarations upwards.

    Args:
        index: Asks the Hub.
        subject: The model whose ancestors are wanted.
        bases: What it declares; its own card is not asked for again.
        relation: What it says to be of these.
    """
    # Imported late: a check of folders asks the Hub nothing and must not wait for its client.
    from hubcheck.candidates.hub_answers import Described

    nodes: dict[str, Ancestor] = {}
    edges: list[Edge] = []
    loops: dict[str, None] = {}
    spelled: dict[str, str] = {}
    cut: Clauses = ()
    waiting: deque[tuple[str, str, str, int]] = deque((subject, b, relation, 1) for b in bases)
    while waiting:
        child, name, how, depth = waiting.popleft()
        key = spelled.get(name.casefold(), name.casefold())
        if key in nodes or key == subject.casefold():
            known = nodes[key].ref if key in nodes else subject
            edge = Edge(child=child, parent=known, relation=how)
            if edge not in edges:
                edges.append(edge)
                if _reaches(edges, known, child):
                    loops[child] = None
            continue
        if depth > MAX_DEPTH or len(nodes) >= MAX_NODES:
            steps = min(depth, MAX_DEPTH)
            cut = (phrase(PhraseCode.SEARCH_CUT, models=len(nodes), steps=steps),)
            continue
        try:
            found = index.describe(name)
        except BudgetExceededError as error:
            cut = (phrase(PhraseCode.SEARCH_CUT_BY, detail=error.what),)
            break
        if not isinstance(found, Described):
            standing = Standing.MISSING if found.missing else Standing.UNSEEN
            nodes[key] = Ancestor(ref=name, standing=standing, depth=depth)
            edges.append(Edge(child=child, parent=name, relation=how))
            continue
        real = found.ref.casefold()
        spelled[name.casefold()] = real
        edges.append(Edge(child=child, parent=found.ref, relation=how))
        if real in nodes or real == subject.casefold():
            if _reaches(edges, found.ref, child):
                loops[child] = None
            continue
        nodes[real] = Ancestor(
            ref=found.ref,
            standing=Standing.GATED if found.gated else Standing.FOUND,
            created=found.created,
            licence=found.licence,
            licence_name=found.licence_name,
            licence_link=found.licence_link,
            depth=depth,
        )
        waiting.extend((found.ref, b, found.relation, depth + 1) for b in found.bases)
    return Ancestry(
        nodes=tuple(nodes.values()),
        edges=tuple(edges),
        loops=tuple(loops),
        missing=tuple(n.ref for n in nodes.values() if n.standing is Standing.MISSING),
        cut=cut,
    )


def _reaches(edges: Sequence[Edge], start: str, goal: str) -> bool:
    """Return whether going up from ``start`` comes to ``goal``: then an edge back is a loop."""
    seen: set[str] = set()
    waiting = [start.casefold()]
    while waiting:
        one = waiting.pop()
        if one == goal.casefold():
            return True
        if one not in seen:
            seen.add(one)
            waiting += [e.parent.casefold() for e in edges if e.child.casefold() == one]
    return False
