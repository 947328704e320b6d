"""Tests of the order in which candidates deserve a test."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from hubcheck.candidates.candidate import (
    STRENGTH,
    Candidate,
    Gathering,
    Reason,
    Signal,
    Standing,
    ranked,
)
from hubcheck.report.hints import at_file, at_line

SIGNALS = st.sets(st.sampled_from(list(Signal)), min_size=1)


def candidate(ref: str, *signals: Signal, **facts: object) -> Candidate:
    """Return a candidate with reasons of some kinds."""
    reasons = tuple(Reason(signal=s, said=at_file("somewhere")) for s in signals)
    return replace(Candidate(ref=ref, reasons=reasons), **facts)  # type: ignore[arg-type]


def order(*candidates: Candidate) -> list[str]:
    """Return names in their order."""
    return [c.ref for c in ranked(candidates)]


def test_every_signal_has_a_strength() -> None:
    """A new kind of hint cannot be forgotten in the ranking."""
    assert set(STRENGTH) == set(Signal)


def test_facts_outrank_words_and_words_outrank_sizes() -> None:
    """Equal bytes come before a declaration, that before a leak, that before equal sizes."""
    found = order(
        candidate("e/e", Signal.SEARCH),
        candidate("d/d", Signal.SAME_SHAPES, Signal.SAME_TOKENIZER, Signal.SAME_SIZE),
        candidate("c/c", Signal.LEAKED),
        candidate("b/b", Signal.DECLARED),
        candidate("a/a", Signal.SAME_WEIGHTS),
    )
    assert found == ["a/a", "b/b", "c/c", "d/d", "e/e"]


def test_equals_are_ordered_by_age_then_use_then_first_naming() -> None:
    """A younger one goes after an older one, a little used one after a popular one."""
    found = order(
        candidate("d/d", Signal.SEARCH, younger=True, downloads=999),
        candidate("c/c", Signal.SEARCH, downloads=5, order=2),
        candidate("b/b", Signal.SEARCH, downloads=5, order=1),
        candidate("a/a", Signal.SEARCH, downloads=9),
    )
    assert found == ["a/a", "b/b", "c/c", "d/d"]


def test_what_is_gone_comes_last_unless_it_is_declared() -> None:
    """A deleted base that the card names is still reported; a deleted hint is not worth a place."""
    found = order(
        candidate("gone/hint", Signal.LEAKED, standing=Standing.MISSING),
        candidate("there/hint", Signal.SEARCH, standing=Standing.FOUND),
        candidate("gone/base", Signal.DECLARED, standing=Standing.MISSING),
    )
    assert found == ["gone/base", "there/hint", "gone/hint"]


@given(first=SIGNALS, second=SIGNALS)
def test_more_signals_never_hurt(first: set[Signal], second: set[Signal]) -> None:
    """A candidate with more reasons ranks at least as high as the same with fewer."""
    fewer, more = candidate("f/f", *first), candidate("m/m", *(first | second), order=1)
    assert more.strength >= fewer.strength


def test_reasons_are_gathered_once_and_the_subject_is_no_candidate() -> None:
    """Names differ by more than case, reasons are kept apart, and none names the model itself."""
    found = Gathering("Me/Mine")
    leak = Reason(signal=Signal.LEAKED, said=at_file("config.json"))
    found.add("me/mine", leak)
    found.add("Acme/Base", leak)
    found.add("acme/base", leak)
    line = at_line("README.md", 2)
    found.add("acme/base", Reason(signal=Signal.DECLARED, said=line), revision="v1")
    (one,) = found.all()
    assert (one.ref, one.revision, one.declared) == ("Acme/Base", "v1", True)
    assert one.why == (line, at_file("config.json"))


def test_forty_popular_models_do_not_hide_an_old_one() -> None:
    """Among equals the most used and the oldest take turns."""
    popular = [
        candidate(
            f"big/m{n}", Signal.SEARCH, downloads=1000 - n, created=f"2025-02-{n % 28 + 1:02}"
        )
        for n in range(40)
    ]
    base = candidate("small/base", Signal.SEARCH, downloads=1, created="2024-01-01")
    assert order(*popular, base).index("small/base") <= 1
