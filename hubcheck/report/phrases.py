"""What can a report say? Every statement as a code with its parameters; words are the card's.

A phrase names what is said and gives the figures and names it is said with. Sentences are made in
``card.wording`` alone, so a better sentence changes no verdict and no code reads one back. Strings
among the parameters may come from a model repository: they are stored raw, and only
``card.escaping`` makes them safe to show.

Nothing here needs more than the standard library: makers and cards start without pydantic. How a
phrase stands in a report's field is said by ``report.phrase_fields``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import NoReturn, TypeAlias

from hubcheck.frozen import frozen
from hubcheck.report.phrase_codes import PhraseCode
from hubcheck.report.words import ReasonCode

__all__ = [
    "Clauses", "Parameters", "Phrase", "PhraseCode", "Value",
    "because", "clauses", "codes", "phrase", "text",
]  # fmt: skip


Value: TypeAlias = (
    "str | int | float | bool | tuple[str, ...] | tuple[int, ...] | tuple[Phrase, ...]"
)
"""What a parameter may be: raw text, a count, a figure, a list of one of them, or phrases."""


class Parameters(dict[str, Value]):
    """The parameters of a phrase, in the order in which they were given; they cannot be changed."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        message = "the parameters of a phrase cannot be changed"
        raise TypeError(message)

    __setitem__ = __delitem__ = __ior__ = _refuse
    update = pop = popitem = clear = setdefault = _refuse

    def __reduce__(self) -> tuple[type[Parameters], tuple[dict[str, Value]]]:
        """Copy and unpickle through the constructor: items cannot be set one by one."""
        return (Parameters, (dict(self),))


@frozen(kw_only=False)
class Phrase:
    """One thing said: a code and the parameters that its words need."""

    code: PhraseCode
    params: Mapping[str, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the parameters immutable."""
        object.__setattr__(self, "params", Parameters(self.params))

    def __hash__(self) -> int:
        """Phrases of equal code and parameters are one, in whatever order those were given."""
        return hash((self.code, frozenset(self.params.items())))


Clauses: TypeAlias = tuple[Phrase, ...]
"""Several phrases that are read one after the other; empty where there is nothing to say."""


def phrase(code: PhraseCode, **params: Value) -> Phrase:
    """Return a phrase."""
    return Phrase(code, params)


def text(sentence: str) -> Phrase:
    """Return a sentence that has no code: of an error, or of a report of schema 1."""
    return Phrase(PhraseCode.TEXT, {"text": sentence})


def clauses(said: str | Phrase | Iterable[Phrase]) -> Clauses:
    """Return what is said as clauses; an empty sentence says nothing."""
    if isinstance(said, str):
        return (text(said),) if said else ()
    return (said,) if isinstance(said, Phrase) else tuple(said)


def because(code: ReasonCode, **params: Value) -> Clauses:
    """Return the phrase of a reason; nothing for ``ReasonCode.NONE``.

    Every other reason has a phrase of its name (tested); ``params`` are those of that phrase.
    """
    return () if code is ReasonCode.NONE else (Phrase(PhraseCode(f"reason.{code}"), params),)


def codes(said: Iterable[Phrase]) -> frozenset[PhraseCode]:
    """Return every code in what is said, those of phrases inside phrases included."""
    found: set[PhraseCode] = set()
    for one in said:
        found.add(one.code)
        for value in one.params.values():
            if isinstance(value, tuple):
                found |= codes(v for v in value if isinstance(v, Phrase))
    return frozenset(found)
