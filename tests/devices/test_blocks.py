"""Is work cut into equal shares of neighbours, and does everyone get all of it, errors included?"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.devices.blocks import Block, hands, shared
from hubcheck.devices.choice import Device, Kind
from hubcheck.devices.store import Store
from hubcheck.devices.team import ALONE, Team
from hubcheck.errors import InternalFaultError, UnreadableError, UsageError
from hubcheck.source.ledger import Ledger
from tests.devices.threads import by_team

T = TypeVar("T")


@given(st.lists(st.integers(1, 1000), max_size=40), st.integers(1, 8))
def test_every_block_has_one_owner_and_neighbours_stay_together(
    costs: list[int], count: int
) -> None:
    """Runs cover the list in order, and no share passes the equal one by more than one block."""
    runs = hands(costs, count)
    assert len(runs) == count
    assert [n for run in runs for n in run] == list(range(len(costs)))
    for run in runs:
        own = sum(costs[n] for n in run)
        assert own <= sum(costs) / count + max((costs[n] for n in run), default=0)


def work(team: Team, ledger: Ledger, do: Callable[[int], T], sizes: Sequence[int]) -> list[T]:
    """Share blocks of some sizes."""
    blocks = [Block(work=n, n_bytes=size) for n, size in enumerate(sizes)]
    return shared(blocks, do, team=team, accounts=[ledger])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_everyone_gets_all_results_and_knows_all_bytes(count: int) -> None:
    """Each block is done once, results come in the blocks' order, ledgers tell the bytes of all."""
    sizes, done = [5, 1, 1, 9, 2], []

    def one(team: Team) -> tuple[list[int], tuple[int, int]]:
        ledger = Ledger(1000)

        def do(n: int) -> int:
            done.append(n)
            ledger.book(sizes[n], 1)
            return n * n

        return work(team, ledger, do, sizes), ledger.taken()

    for results, taken in by_team(count, one):
        assert results == [0, 1, 4, 9, 16]
        assert taken == (18, 5)
    assert sorted(done) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("count", [1, 3])
def test_results_are_put_away_as_they_come(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    """Of own results and of others' the arrays lie in each process's own store, all of them."""
    monkeypatch.setattr("hubcheck.devices.blocks.PARCEL", 1000)

    def one(team: Team) -> None:
        with Store(Device(kind=Kind.NUMPY, memory=3000)) as store:

            def kept(found: tuple[int, Mapping[str, Any]]) -> tuple[int, Mapping[str, Any]]:
                assert type(found[1]) is dict
                store.put(str(found[0]), found[1])
                return found[0], store.mapping(str(found[0]))

            blocks = [Block(work=n) for n in range(7)]
            results = shared(blocks, lambda n: (n, {"a": np.full(100, n)}), team=team, kept=kept)
            assert [n for n, _ in results] == list(range(7))
            assert all((arrays["a"] == n).all() for n, arrays in results)
            assert store.offloaded > 0

    by_team(count, one)


def test_many_parcels_are_as_many_rounds_and_who_has_none_left_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Parcels hold results up to their size, and one that is larger by itself."""
    monkeypatch.setattr("hubcheck.devices.blocks.PARCEL", 1000)
    sizes = [10, 2000, 10, 990, 10, 10, 10]

    def one(team: Team) -> list[int]:
        blocks = [Block(work=n, n_bytes=1 << (30 if n == 6 else 1)) for n in range(7)]
        return [len(r) for r in shared(blocks, lambda n: bytes(sizes[n]), team=team)]

    assert by_team(2, one) == [sizes, sizes]


def test_an_error_of_one_is_raised_on_all() -> None:
    """Nobody waits for a process that met an error; one nobody foresaw goes as a fault."""

    def one(kind: type[Exception]) -> Callable[[Team], Exception]:
        def asked(team: Team) -> Exception:
            def do(n: int) -> int:
                if n == 2:
                    raise (
                        UnreadableError("bad", cause="c", next_step="n")
                        if kind is UnreadableError
                        else kind("bad")
                    )
                return n

            with pytest.raises((UnreadableError, InternalFaultError, KeyError)) as caught:
                work(team, Ledger(10), do, [1, 1, 1])
            return caught.value

        return asked

    said = by_team(3, one(UnreadableError))
    assert [str(error) for error in said] == ["bad Likely cause: c Next: n"] * 3
    kinds = {type(error) for error in by_team(3, one(KeyError))}
    assert kinds == {KeyError, InternalFaultError}


def test_threads_give_the_same_in_the_same_order() -> None:
    """Blocks side by side, each told once; the list keeps the blocks' order."""
    told: list[tuple[int, int]] = []
    blocks = [Block(work=n) for n in range(20)]
    found = shared(
        blocks,
        lambda n: n + 1,
        team=ALONE,
        threads=4,
        done=lambda n, result: told.append((n, result)),
    )
    assert found == list(range(1, 21))
    assert sorted(told) == [(n, n + 1) for n in range(20)]


def test_errors_of_hubcheck_survive_the_way_to_another_process() -> None:
    """Three parts and what a subclass adds are there again, whatever its constructor asks for."""
    error = UsageError("what", cause="why", next_step="then")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert type(again) is UsageError
    assert str(again) == str(error)
    fault = InternalFaultError.of(KeyError("x"))
    assert pickle.loads(pickle.dumps(fault)).fault == fault.fault  # noqa: S301
