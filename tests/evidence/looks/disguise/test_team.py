"""Does a team of processes read its own layers only, and come to the same result as one alone?"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import TypeVar

import numpy as np
import pytest

from hubcheck.devices.team import ALONE, Team
from hubcheck.errors import SubjectUnreadableError
from hubcheck.evidence.looks.disguise.plan import AT_DEEP
from hubcheck.evidence.looks.disguise.run import Disguise, DisguiseTest
from hubcheck.model import align_tokens
from hubcheck.statistics.disguise import GATED, PLAIN
from tests.evidence import laboratory
from tests.evidence.laboratory import plain, write
from tests.evidence.looks.disguise.test_disguise import TABLE, hide, opened

T = TypeVar("T")


class Board:
    """Where the members of a team of threads lay down what they give."""

    def __init__(self, count: int) -> None:
        """Make a board for so many."""
        self.count = count
        self.barrier = Barrier(count, timeout=60)
        self.laid: list[list[object]] = [[] for _ in range(count)]


class Member:
    """One of several threads that act as processes do, without torch."""

    def __init__(self, board: Board, rank: int) -> None:
        """Join a board."""
        self._board = board
        self.rank = self.local_rank = rank
        self.count = self.local_count = board.count
        self.main = rank == 0

    def share(self, items: Sequence[T]) -> list[T]:
        """Return this member's neighbours."""
        return [items[i] for i in np.array_split(np.arange(len(items)), self.count)[self.rank]]

    def gather(self, items: Sequence[T]) -> list[T]:
        """Return what all gave, in their order."""
        self._board.laid[self.rank] = list(items)
        self._board.barrier.wait()
        found = [one for some in self._board.laid for one in some]
        self._board.barrier.wait()
        return found  # type: ignore[return-value]  # every member gives items of one kind

    def same(self, value: T) -> T:
        """Return the first member's value."""
        return self.gather([value])[0]

    def close(self) -> None:
        """Do nothing."""


def run(team: Team, base: Path, subject: Path) -> tuple[Disguise, int, int]:
    """Make the test as one member; return it with the bytes its ledgers hold."""
    a, b = opened(base), opened(subject)
    test = DisguiseTest(a.reader, b.reader, align_tokens(a, b), seed=4, effort=AT_DEEP, team=team)
    seen = test.run(
        calibration=dict.fromkeys((GATED, PLAIN), TABLE),
        n_bases=1,
        budget=10**9,
        progress=lambda _text: None,
    )
    assert isinstance(seen, Disguise)
    return seen, a.source.ledger.bytes_read, b.source.ledger.bytes_read


def by_team(count: int, base: Path, subject: Path) -> list[tuple[Disguise, int, int]]:
    """Run every member of a team."""
    board = Board(count)
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda rank: run(Member(board, rank), base, subject), range(count)))


@pytest.mark.parametrize("count", [2, 3])
def test_every_member_comes_to_the_result_of_one_alone(tmp_path: Path, count: int) -> None:
    """Score, signs, kept and the bytes of the whole team are the same on any number."""
    base, subject = laboratory.model("base"), hide(tmp_path, "continued", 4, flip=False)
    alone = run(ALONE, base, subject)
    for seen, base_bytes, subject_bytes in by_team(count, base, subject):
        assert seen.score.agreement == alone[0].score.agreement
        assert seen.score.outstanding == alone[0].score.outstanding
        assert (seen.signs, seen.maps, seen.kept) == (
            alone[0].signs,
            alone[0].maps,
            alone[0].kept,
        )
        assert seen.log_e == alone[0].log_e
        assert (base_bytes, subject_bytes) == alone[1:]


def test_what_one_member_cannot_read_ends_it_for_all(tmp_path: Path) -> None:
    """A NaN that only one member meets is an error on every member, so that none waits forever."""
    weights = laboratory.shipped("twin")
    weights["model.layers.3.mlp.down_proj.weight"][1, 1] = np.inf
    folder = write(tmp_path / "inf", plain(weights))
    board = Board(2)

    def one(rank: int) -> str:
        try:
            run(Member(board, rank), laboratory.model("base"), folder)
        except SubjectUnreadableError as error:
            return error.what
        return "nothing"

    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(one, range(2)))
    assert all("down_proj" in words for words in said)
