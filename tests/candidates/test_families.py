"""Tests that the local Hub of the benchmark holds what it says it holds."""

from __future__ import annotations

import pytest

from benchmarks.candidates.families import Planted, all_repositories, subjects


@pytest.fixture(scope="module")
def planted() -> tuple[Planted, ...]:
    """Return every repository."""
    return all_repositories()


def test_it_is_large_and_ordered(planted: tuple[Planted, ...]) -> None:
    """At least sixty repositories, each once, each younger than the one before."""
    names = [p.repo_id for p in planted]
    assert len(names) >= 60
    assert len(set(names)) == len(names)
    assert [p.created for p in planted] == sorted({p.created for p in planted})


def test_every_trouble_is_there(planted: tuple[Planted, ...]) -> None:
    """Gated and deleted bases, loops, GGUF and adapter children, an edited card, silent copies."""
    by_name = {p.repo_id: p for p in planted}
    assert any(p.gated for p in planted)
    assert any(p.deleted for p in planted)
    assert any(p.earlier for p in planted)
    assert b"base_model: loop/b" in by_name["loop/a"].files["README.md"]
    assert any(path.endswith(".gguf") for p in planted for path in p.files)
    assert any("adapter_config.json" in p.files for p in planted)
    assert sum(not p.declares for p in planted) >= 9


def test_a_truth_is_older_than_its_child(planted: tuple[Planted, ...]) -> None:
    """Every model is made from one that was there before."""
    days = {p.repo_id: p.day for p in planted}
    assert all(days[p.truth] < p.day for p in planted if p.truth)


def test_the_silent_copy_leaks_nothing(planted: tuple[Planted, ...]) -> None:
    """The copy with every leak removed names its base in no file and shares no file with it."""
    by_name = {p.repo_id: p for p in planted}
    quiet, base = by_name["quiet/renamed"], by_name["zoo/base"]
    assert all(b"zoo" not in data for data in quiet.files.values())
    assert not set(quiet.files.values()) & set(base.files.values())
    assert quiet in list(subjects(planted))
