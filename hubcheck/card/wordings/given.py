"""What was a phrase said with? Its parameters, each with the type that its words need.

A report is a file that anyone can write: a parameter that is missing or of another type is an
error that ``card.wording`` answers with the code and the parameters as they stand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase, Value


class UnfitError(ValueError):
    """A parameter is missing or of another type."""


@frozen(kw_only=False)
class Given:
    """The parameters of one phrase, and the words of phrases among them."""

    params: Mapping[str, Value]
    words: Callable[[Iterable[Phrase]], str]
    """Of phrases inside this one."""

    def text(self, name: str) -> str:
        """Return a text; raw, it may come from a model repository."""
        value = self._value(name)
        if not isinstance(value, str):
            raise UnfitError(name)
        return value

    def count(self, name: str) -> int:
        """Return a whole number."""
        value = self._value(name)
        if not isinstance(value, int):
            raise UnfitError(name)
        return value

    def figure(self, name: str) -> float:
        """Return a number that is finite."""
        value = self._value(name)
        if not isinstance(value, int | float) or not math.isfinite(value):
            raise UnfitError(name)
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """Return texts; empty where the phrase was said without them."""
        return tuple(str(v) for v in self._many(name) if isinstance(v, str))

    def counts(self, name: str) -> tuple[int, ...]:
        """Return whole numbers; empty where the phrase was said without them."""
        return tuple(int(v) for v in self._many(name) if isinstance(v, int))

    def said(self, name: str) -> str:
        """Return the words of phrases; empty where there are none."""
        return self.words(v for v in self._many(name) if isinstance(v, Phrase))

    def each(self, name: str) -> tuple[str, ...]:
        """Return the words of phrases, one by one."""
        return tuple(self.words((v,)) for v in self._many(name) if isinstance(v, Phrase))

    def where(self, name: str) -> str:
        """Return a place in words: a phrase, in reports of schema 2.0 a text."""
        value = self._value(name)
        return value if isinstance(value, str) else self.said(name)

    def has(self, name: str) -> bool:
        """Return whether a parameter was given and is neither empty nor 0 nor false."""
        return bool(self.params.get(name))

    def _many(self, name: str) -> tuple[object, ...]:
        value = self.params.get(name, ())
        if not isinstance(value, tuple):
            raise UnfitError(name)
        return value

    def _value(self, name: str) -> Value:
        if name not in self.params:
            raise UnfitError(name)
        return self.params[name]


Wording: TypeAlias = str | Callable[[Given], str]
"""A template in the manner of ``str.format``, or what makes the words."""


def joined(items: Iterable[str]) -> str:
    """Return 'a', 'a and b', 'a, b and c'."""
    found = list(items)
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)


def few(things: Iterable[int | str], most: int) -> str:
    """Return numbers or words one by one, and how many are not named: '0, 1, 2 and 5 more'."""
    found = list(things)
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(map(str, found[:most])) + more


def nearly(share: float) -> str:
    """Return a share; 100 % only where it is all."""
    return f"{share if share >= 1.0 else min(share, 0.9999):.2%}"


def plural(count: int, word: str) -> str:
    """Return a word in the number that a count asks for: 'expert', 'experts'."""
    return word if count == 1 else f"{word}s"


def spans(numbers: Iterable[int]) -> tuple[str, ...]:
    """Return runs of numbers, in their order: '8-23', '3', '5, 6'."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] + 1 == number:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return tuple(_span(first, last) for first, last in runs)


def layers(numbers: Iterable[int]) -> str:
    """Return 'layer 3', 'layers 3 and 7', 'layers 8-23'."""
    found = sorted(numbers)
    return f"{plural(len(found), 'layer')} {joined(spans(found))}"


def _span(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first}-{last}" if last > first + 1 else f"{first}, {last}"
