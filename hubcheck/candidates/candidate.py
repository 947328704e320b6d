"""Which model may a subject derive from, and what speaks for it?

A candidate is a name with reasons; none of the reasons is evidence. Reasons only decide what is
tested first, and are shown beside the result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, Phrase


class Signal(StrEnum):
    """What sort of hint a reason is."""

    DECLARED = "declared"
    SAME_WEIGHTS = "same-weights"
    LEAKED = "leaked"
    SAME_TOKENIZER = "same-tokenizer"
    SAME_SHAPES = "same-shapes"
    NEAR_SHAPES = "near-shapes"
    SAME_SIZE = "same-size"
    ANCESTOR = "ancestor"
    SEARCH = "search"


STRENGTH: Final[Mapping[Signal, int]] = MappingProxyType(
    {
        Signal.SAME_WEIGHTS: 1000,
        Signal.DECLARED: 500,
        Signal.LEAKED: 200,
        Signal.SAME_SHAPES: 60,
        Signal.SAME_TOKENIZER: 40,
        Signal.NEAR_SHAPES: 15,
        Signal.ANCESTOR: 10,
        Signal.SAME_SIZE: 5,
        Signal.SEARCH: 1,
    }
)
"""An order, not a scale: one stronger signal outranks all weaker ones together, but for shapes and
tokenizer, which together outrank either alone. A byte-equal weight file outranks what a card says,
because it is a fact; a name that leaked outranks shapes, because many models share shapes."""


class Standing(StrEnum):
    """What the Hub says about a named repository."""

    FOUND = "found"
    GATED = "gated"
    MISSING = "missing"
    UNSEEN = "not looked up"


@frozen
class Reason:
    """One hint."""

    signal: Signal
    said: Phrase
    """Where a file names it, or what speaks for it; the strings in it are hostile."""


@frozen
class Candidate:
    """A model that may be a base. ``ref`` is opened on the Hub only, never as a local folder."""

    ref: str
    revision: str = ""
    reasons: tuple[Reason, ...]
    standing: Standing = Standing.UNSEEN
    created: str = ""
    """ISO 8601 time the repository was created; empty when not known."""
    downloads: int = 0
    younger: bool = False
    """It first appeared after the subject: a match would leave the direction open."""
    order: int = field(default=0, compare=False)
    """Position in which it was first named, the last tie-break."""

    @property
    def declared(self) -> bool:
        """Whether the subject itself names it as its base."""
        return any(r.signal is Signal.DECLARED for r in self.reasons)

    @property
    def strength(self) -> int:
        """What its signals amount to; each kind counts once."""
        return sum(STRENGTH[s] for s in {r.signal for r in self.reasons})

    @property
    def why(self) -> Clauses:
        """The reasons, strongest first."""
        ranked = sorted(self.reasons, key=lambda r: -STRENGTH[r.signal])
        return tuple(r.said for r in ranked)


def ranked(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Return candidates in the order in which they deserve a test.

    What cannot be opened goes last; among equals one that is older than the subject goes first.
    Then the most used and the oldest take turns: whoever is copied came before its copies, and
    forty popular models of one shape must not keep an unknown one from being looked at.
    """
    every = sorted(candidates, key=lambda one: (-one.downloads, one.order))
    used = {id(one): place for place, one in enumerate(every)}
    by_age = sorted(every, key=lambda one: one.created or "~")
    old = {id(one): place for place, one in enumerate(by_age)}

    def key(one: Candidate) -> tuple[bool, int, bool, int, int]:
        gone = one.standing is Standing.MISSING and not one.declared
        turn = min(used[id(one)], old[id(one)])
        return (gone, -one.strength, one.younger, turn, used[id(one)])

    return tuple(sorted(every, key=key))


class Gathering:
    """Candidates as they are found, each once, with every reason kept."""

    def __init__(self, own: str) -> None:
        """Start empty.

        Args:
            own: Name of the subject, which is no candidate of itself.
        """
        self._own = own.casefold()
        self._found: dict[str, Candidate] = {}

    def add(self, ref: str, reason: Reason, *, revision: str = "") -> None:
        """Add a reason to a candidate, which may be new."""
        key = ref.casefold()
        if key == self._own:
            return
        known = self._found.get(key)
        if known is None:
            self._found[key] = Candidate(
                ref=ref, revision=revision, reasons=(reason,), order=len(self._found)
            )
        elif reason not in known.reasons:
            self._found[key] = replace(
                known,
                reasons=(*known.reasons, reason),
                revision=known.revision or revision,
            )

    def note(
        self, ref: str, *, standing: Standing, created: str = "", downloads: int = 0,
        younger: bool = False,
    ) -> None:  # fmt: skip
        """Keep what the Hub says about a candidate that was named."""
        known = self._found.get(ref.casefold())
        if known is not None:
            self._found[ref.casefold()] = replace(
                known, standing=standing, created=created, downloads=downloads, younger=younger
            )

    def get(self, ref: str) -> Candidate | None:
        """Return a candidate by name."""
        return self._found.get(ref.casefold())

    def all(self) -> tuple[Candidate, ...]:
        """Return every candidate, strongest first."""
        return ranked(self._found.values())
