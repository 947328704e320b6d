"""How is a class of values that never change declared, of which a check loads some hundreds?

``@dataclass(frozen=True, slots=True, kw_only=True)`` writes and compiles six methods for each
class; over the classes of a check that was a third of its start-up. ``@frozen`` makes the same
class, but only ``__init__`` is written for each: what reads alike for all classes are functions
here. For ``dataclasses`` (``fields``, ``replace``, ``asdict``) such a class is one of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from reprlib import recursive_repr
from typing import Any, Final, NoReturn, TypeVar, dataclass_transform, overload

T = TypeVar("T")
NOT_GIVEN: Final = object()
"""Stands for an argument whose value a factory makes."""


@overload
def frozen(cls: type[T], /) -> type[T]: ...
@overload
def frozen(*, kw_only: bool = True) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def frozen(
    cls: type[T] | None = None, /, *, kw_only: bool = True
) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class a frozen dataclass with slots.

    Args:
        cls: The class, its fields annotated as those of a dataclass are.
        kw_only: Whether its values are given by name alone.
    """
    if cls is None:
        return lambda cls: _made(cls, kw_only=kw_only)
    return _made(cls, kw_only=kw_only)


def _made(cls: type[T], *, kw_only: bool) -> type[T]:
    written = dict(cls.__dict__)
    if any("InitVar" in str(said) for said in written.get("__annotations__", {}).values()):
        message = "a frozen class has no use for InitVar"
        raise TypeError(message)
    made = dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)(cls)
    methods = {**SHARED, **_comparing(made), "__init__": _init(made, kw_only=kw_only)}
    for name, method in methods.items():
        # What the class itself says wins; Python writes None for a hash where ``__eq__`` is said.
        if written.get(name) is None:
            setattr(made, name, method)
    return made


def _init(cls: type, *, kw_only: bool) -> Callable[..., None]:
    """Return the ``__init__`` of one class: what ``dataclass`` writes, each slot set directly."""
    known: dict[str, Any] = {"NOT_GIVEN": NOT_GIVEN}
    wanted, lines = [], []
    for f in fields(cls):
        name = f.name
        known[f"set_{name}"] = getattr(cls, name).__set__  # ``cls.__setattr__`` refuses
        wanted.append(_argument(f, known))
        value = name
        if f.default_factory is not MISSING:
            known[f"make_{name}"] = f.default_factory
            value = f"make_{name}() if {name} is NOT_GIVEN else {name}"
        lines.append(f" set_{name}(self, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    star = ["*"] if kw_only and wanted else []
    text = f"def __init__({', '.join(['self', *star, *wanted])}):\n" + "\n".join(lines or [" pass"])
    exec(text, known)  # noqa: S102 - of names that are Python's own identifiers, as in ``dataclass``
    init: Callable[..., None] = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__module__ = cls.__module__
    return init


def _argument(f: Field[Any], known: dict[str, Any]) -> str:
    """Return how a field stands in the head of ``__init__``."""
    if not f.init or f.hash is not None:
        message = f"a frozen class has no use for init or hash: {f.name}"
        raise TypeError(message)
    if f.default_factory is not MISSING:
        return f"{f.name}=NOT_GIVEN"
    if f.default is MISSING:
        return f.name
    known[f"given_{f.name}"] = f.default
    return f"{f.name}=given_{f.name}"


def _comparing(cls: type) -> dict[str, Callable[..., Any]]:
    """Return ``==`` and ``hash`` of one class: of its values that are compared, as one tuple."""
    compared = [f.name for f in fields(cls) if f.compare]
    get: Callable[[object], Any] = attrgetter(*compared) if compared else lambda _: ()

    # Of one name it gives the value itself, and no tuple.
    values = get if len(compared) != 1 else lambda one: (get(one),)

    def __eq__(self: object, other: object) -> bool:  # noqa: N807 - it becomes that method
        if other.__class__ is not self.__class__:
            return NotImplemented
        return values(self) == values(other)

    def __hash__(self: object) -> int:  # noqa: N807 - it becomes that method
        return hash(values(self))

    return {"__eq__": __eq__, "__hash__": __hash__}


@recursive_repr()
def _repr(self: object) -> str:
    """Return it as it would be written, without what is not to be shown."""
    shown = [f"{f.name}={getattr(self, f.name)!r}" for f in fields(self) if f.repr]  # type: ignore[arg-type]
    return f"{self.__class__.__qualname__}({', '.join(shown)})"


def _setattr(_self: object, name: str, _value: object) -> NoReturn:
    """Refuse: it never changes."""
    message = f"cannot assign to field {name!r}"
    raise FrozenInstanceError(message)


def _delattr(_self: object, name: str) -> NoReturn:
    """Refuse: it never changes."""
    message = f"cannot delete field {name!r}"
    raise FrozenInstanceError(message)


def _getstate(self: object) -> list[Any]:
    """Return what ``pickle`` and ``copy`` keep."""
    return [getattr(self, f.name) for f in fields(self)]  # type: ignore[arg-type]


def _setstate(self: object, state: list[Any]) -> None:
    """Take back what ``pickle`` and ``copy`` kept."""
    for f, value in zip(fields(self), state, strict=True):  # type: ignore[arg-type]
        object.__setattr__(self, f.name, value)


SHARED: Final[dict[str, Callable[..., Any]]] = {
    "__repr__": _repr,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
    "__getstate__": _getstate,
    "__setstate__": _setstate,
}
"""What is the same for all of them."""
