"""What is computed once for an object, without making another object wait?

``functools.cached_property`` holds one lock for all objects of a class on Python 3.11 (dropped in
3.12), so two models never read their headers at the same time there.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Any, Final, Generic, Self, TypeVar, cast, overload

S = TypeVar("S")
T = TypeVar("T")
NOT_YET: Final = object()


class computed_once(Generic[T]):  # noqa: N801 - used as ``property`` and ``cached_property`` are
    """A property whose value is kept in the object's own dictionary.

    Of two threads that ask one object at once one computes it and the other waits: a value that is
    read is charged once, whatever the threads do.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        """Take over the name and the documentation of a method without arguments."""
        self.compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn under which name the value is kept."""
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> T | Self:
        """Return the value; afterwards it is found in the dictionary before this is asked."""
        if instance is None:
            return self
        kept = vars(instance)
        turn = f"{self.name}, in turn"
        with kept.setdefault(turn, RLock()):
            try:
                value = kept.get(self.name, NOT_YET)
                if value is NOT_YET:
                    value = kept[self.name] = self.compute(instance)
            finally:
                kept.pop(turn, None)  # no lock stays in an object: it could not be pickled
        return cast("T", value)


def kept_with(compute: Callable[[S], T]) -> Callable[[S], T]:
    """Make a function of one object compute its value once, and keep it in the object's dictionary.

    For objects that never change: a model of 18,000 tensors is asked the same thing by every judge.
    What is returned is shared; nobody may change it.
    """
    name = f"{compute.__module__}.{compute.__qualname__}"

    @wraps(compute)
    def known(of: S) -> T:
        values = vars(of)
        if name not in values:
            values[name] = compute(of)
        found: T = values[name]
        return found

    return known
