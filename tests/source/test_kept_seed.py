"""Tests of which seed a check shares with earlier ones: only one that nobody else can know."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from hubcheck.source.kept_seed import (
    LONGEST,
    MOST_CHECKS,
    SEED_BITS,
    ChosenSeed,
    fresh_seed,
    shared_seed,
)


@pytest.fixture
def choose(tmp_path: Path) -> Callable[..., ChosenSeed]:
    """Return a function that takes the seed of one cache; every draw gives another number."""
    drawn = itertools.count(100)
    tmp_path.chmod(0o700)

    def taken(
        *, at: float = 1e9, environment: dict[str, str] | None = None, renew: bool = False
    ) -> ChosenSeed:
        return shared_seed(
            tmp_path, now=lambda: at, environment=environment or {}, draw=lambda: next(drawn),
            renew=renew,
        )  # fmt: skip

    return taken


def kept(folder: Path) -> Path:
    """Return the file in which the seed is kept."""
    (place,) = folder.iterdir()
    return place


def test_the_second_check_shares_the_seed_of_the_first(choose: Callable[..., ChosenSeed]) -> None:
    """A seed is drawn once and then taken again, counted, and told."""
    first, second = choose(), choose(at=1e9 + LONGEST - 1)
    assert (first.seed, first.checks) == (100, 1)
    assert "no seed yet" in first.why_fresh
    assert (second.seed, second.checks, second.why_fresh) == (100, 2, "")
    assert "shared with 1 earlier" in second.sentence


def test_a_cache_that_is_not_there_yet_keeps_the_seed(tmp_path: Path) -> None:
    """The seed is taken before anything is read, so the first check makes the folder, privately."""
    folder = tmp_path / "new" / "cache"
    first = shared_seed(folder, now=lambda: 1e9, environment={}, draw=lambda: 7)
    second = shared_seed(folder, now=lambda: 1e9, environment={}, draw=lambda: 8)
    assert (first.seed, second.seed, second.checks) == (7, 7, 2)
    assert folder.stat().st_mode & 0o077 == 0


def test_a_seed_ages(choose: Callable[..., ChosenSeed]) -> None:
    """After a day, and before it was made, a seed is drawn anew and then kept."""
    choose()
    assert choose(at=1e9 + LONGEST).seed == 101
    assert choose(at=1e9 + LONGEST).seed == 101
    assert choose(at=1e9).seed == 102


def test_a_seed_wears_out(choose: Callable[..., ChosenSeed]) -> None:
    """No more checks than stated share a seed."""
    seeds = [choose().seed for _ in range(MOST_CHECKS + 1)]
    assert set(seeds[:-1]) == {100}
    assert seeds[-1] == 101


def test_a_fresh_seed_replaces_the_kept_one(choose: Callable[..., ChosenSeed]) -> None:
    """Whoever gave a card away draws anew, and later checks share that."""
    choose()
    assert choose(renew=True).seed == 101
    assert choose().seed == 101


@pytest.mark.parametrize("name", ["CI", "GITHUB_ACTIONS", "JENKINS_URL"])
def test_a_ci_job_shares_nothing(
    choose: Callable[..., ChosenSeed], tmp_path: Path, name: str
) -> None:
    """A job whose cards strangers see takes a fresh seed and leaves none behind."""
    assert choose(environment={name: "true"}).seed == 100
    assert not list(tmp_path.iterdir())
    choose()
    assert choose(environment={name: "true"}).seed == 102
    assert choose(environment={"CI": "false"}).seed == 101


def test_only_this_user_may_read_a_kept_seed(
    choose: Callable[..., ChosenSeed], tmp_path: Path
) -> None:
    """The file is private from its first moment; one that others may read is never taken."""
    choose()
    assert kept(tmp_path).stat().st_mode & 0o777 == 0o600
    kept(tmp_path).chmod(0o640)
    assert choose().seed == 101
    assert kept(tmp_path).stat().st_mode & 0o777 == 0o600
    tmp_path.chmod(0o777)
    assert "others may" in choose().why_fresh


def test_a_planted_seed_is_not_taken(choose: Callable[..., ChosenSeed], tmp_path: Path) -> None:
    """A link to somebody's file is not followed, however private the file is."""
    choose()
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    kept(tmp_path).rename(elsewhere)
    (tmp_path / "draw.json").symlink_to(elsewhere)
    assert choose().seed == 101


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"seed": "1", "made": 1, "checks": 1}', b"\xff", b"[" * 900,
             b'{"seed": -1, "made": 1000000000, "checks": 1}',
             b'{"seed": 4294967296, "made": 1000000000, "checks": 1}']
)  # fmt: skip
def test_a_damaged_seed_is_drawn_anew(
    choose: Callable[..., ChosenSeed], tmp_path: Path, text: bytes
) -> None:
    """Anything but what was written counts as absent."""
    choose()
    kept(tmp_path).write_bytes(text)
    assert choose().seed == 101
    assert choose().seed == 101


def test_a_cache_that_cannot_be_written_shares_nothing(tmp_path: Path) -> None:
    """Without a place to keep it, the seed is fresh, and it says so."""
    (tmp_path / "file").write_bytes(b"no folder can be made below this")
    place = tmp_path / "file" / "gone"
    chosen = [shared_seed(place, now=lambda: 1e9, environment={}, draw=lambda: 7) for _ in range(2)]
    assert [c.checks for c in chosen] == [1, 1]
    assert all(c.why_fresh for c in chosen)


def test_fresh_seeds_differ() -> None:
    """Seeds come from the system, within their range."""
    seeds = {fresh_seed() for _ in range(50)}
    assert len(seeds) == 50
    assert all(0 <= seed < 2**SEED_BITS for seed in seeds)
