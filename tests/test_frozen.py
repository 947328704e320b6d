"""Is a class made by ``frozen`` what ``dataclass`` would have made of it?"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, InitVar, asdict, dataclass, field, fields, replace
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.frozen import frozen

plain: Final[Callable[..., Any]] = dataclass(frozen=True, slots=True, kw_only=True)


@frozen
class Kept:
    """Every sort of field."""

    first: object
    shown: tuple[int, ...] = (1, 2)
    made: list[int] = field(default_factory=list)
    secret: str = field(default="", repr=False)
    beside: int = field(default=0, compare=False)


@frozen
class Below(Kept):
    """Inherits fields, and adds one."""

    more: object = None


@frozen
class Single:
    """One value."""

    value: object


@frozen(kw_only=False)
class Placed:
    """Its values are given by place."""

    a: int
    b: int = 3


@frozen
class Alike:
    """Says itself what is equal, and what is not written."""

    text: str

    def __post_init__(self) -> None:
        """Refuse the empty one."""
        if not self.text:
            raise ValueError

    def __eq__(self, other: object) -> bool:
        """Small letters or large ones, all the same."""
        return isinstance(other, Alike) and self.text.lower() == other.text.lower()

    def __hash__(self) -> int:
        """As for ``==``."""
        return hash(self.text.lower())

    def __repr__(self) -> str:
        """Write the text alone."""
        return self.text


@frozen
class Empty:
    """Holds nothing."""


def twin(cls: type) -> Any:
    """Return the class that ``dataclass`` makes of the same words."""
    own = [f for f in fields(cls) if f.name in cls.__annotations__]
    words = {f.name: cls.__annotations__[f.name] for f in own}
    given = {
        f.name: field(
            **{key: getattr(f, key) for key in ("default", "default_factory", "repr", "compare")}
        )
        for f in own
    }
    return plain(
        type(cls.__name__, (), {"__annotations__": words, "__qualname__": cls.__name__, **given})
    )


VALUES: Final = st.fixed_dictionaries(
    {"first": st.integers(0, 2) | st.text(max_size=1) | st.floats()},
    optional={
        "shown": st.tuples(st.integers(0, 1)),
        "made": st.lists(st.integers(), max_size=1),
        "secret": st.sampled_from(["", "key"]),
        "beside": st.integers(0, 1),
    },
)


@given(VALUES, VALUES)
def test_it_is_equal_and_written_as_a_dataclass_is(
    one: dict[str, object], two: dict[str, object]
) -> None:
    """Equality, text and values are those of the dataclass of the same fields."""
    other = twin(Kept)
    a, b, c, d = Kept(**one), Kept(**two), other(**one), other(**two)  # type: ignore[arg-type]
    assert (a == b) == (c == d)
    assert repr(a) == repr(c)
    assert repr(asdict(a)) == repr(asdict(c))
    assert a != c


def test_it_never_changes() -> None:
    """Nothing is assigned, added or deleted, and the error is the one that ``dataclass`` raises."""
    kept = Kept(first=1)
    changes: tuple[Callable[[], object], ...] = (
        lambda: setattr(kept, "first", 2),
        lambda: setattr(kept, "another", 2),
        lambda: delattr(kept, "first"),
    )
    for change in changes:
        with pytest.raises(FrozenInstanceError):
            change()
    assert not hasattr(kept, "__dict__")


def test_it_is_one_key() -> None:
    """Equal ones hash alike; what is not compared does not count; lists cannot be hashed."""
    assert len({Placed(1), Placed(1, 3), Placed(1, 4)}) == 2
    assert len({Empty(), Empty()}) == 1
    assert hash(Alike(text="A")) == hash(Alike(text="a"))
    with pytest.raises(TypeError, match="unhashable"):
        hash(Kept(first=1))


@pytest.mark.parametrize("value", [Kept(first=1, made=[2]), Below(first=1, more="m"), Placed(7)])
def test_it_travels(value: Any) -> None:
    """Pickled to another process, or copied, it is the same, and no less frozen."""
    sent: Any = pickle.loads(pickle.dumps(value))  # noqa: S301 - written a moment before
    for other in (sent, copy.copy(value), copy.deepcopy(value)):
        assert other == value
        assert other is not value
        with pytest.raises(FrozenInstanceError):
            other.first = 3


def test_fields_are_inherited_and_replaced() -> None:
    """``replace`` and ``fields`` see those of the class above, and factories make anew."""
    below = replace(Below(first=1, more=2), first=5)
    assert (below.first, below.more) == (5, 2)
    assert [f.name for f in fields(Below)][-1] == "more"
    assert Below(first=1) != Kept(first=1)
    assert Kept(first=1).made is not Kept(first=1).made


def test_what_a_class_says_itself_wins() -> None:
    """Its own equality, hash, text and ``__post_init__`` stay."""
    assert Alike(text="A") == Alike(text="a")
    assert repr(Alike(text="A")) == "A"
    with pytest.raises(ValueError, match=r"^$"):
        Alike(text="")


def test_wrong_arguments_are_named() -> None:
    """What is missing, unknown or out of place is said with the name of the class."""
    with pytest.raises(TypeError, match=r"Kept\.__init__\(\) missing .* 'first'"):
        Kept()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'other'"):
        Kept(first=1, other=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        Kept(1)  # type: ignore[call-arg]
    assert Placed(1, 2) == Placed(a=1, b=2)


def test_a_field_it_cannot_keep_is_refused() -> None:
    """A field that is not given at all is no value of a frozen class."""
    with pytest.raises(TypeError, match="no use"):

        @frozen
        class _Wrong:
            late: int = field(default=0, init=False)


def test_one_value_is_compared_as_in_a_tuple() -> None:
    """What is the same object is equal, whatever it says of itself: no number, or many values."""
    for value in (float("nan"), np.arange(3)):
        assert Single(value=value) == Single(value=value)
    assert hash(Single(value=1)) == hash((1,))


def test_what_it_cannot_make_is_refused() -> None:
    """A value for ``__post_init__`` alone would be lost in silence."""
    with pytest.raises(TypeError, match="InitVar"):

        @frozen
        class Lost:
            given: InitVar[int]
