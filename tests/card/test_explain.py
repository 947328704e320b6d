"""Every word of the report has an explanation."""

from __future__ import annotations

import pytest

from hubcheck.card.explain import TEXTS, explain
from hubcheck.report.words import (
    Conclusion,
    DeclarationVerdict,
    EvidenceKind,
    RelationKind,
    Verdict,
)
from hubcheck.verdict.policy import FAILABLE

WORDS = sorted(
    {
        str(word)
        for words in (Verdict, DeclarationVerdict, Conclusion, EvidenceKind, RelationKind)
        for word in words
    }
    | set(FAILABLE)
)


def test_exactly_the_words_are_explained() -> None:
    """No word of the report lacks a text, and no text lacks a word."""
    assert sorted(TEXTS) == WORDS


@pytest.mark.parametrize("word", WORDS)
def test_each_text_says_three_things(word: str) -> None:
    """Each text has 5 to 12 short lines: what it means, what not, what to do."""
    lines = explain(word).splitlines()
    assert 5 <= len(lines) <= 12
    assert lines[0].startswith(f"{word} (")
    assert all(len(line) <= 100 for line in lines)
    assert all(line.startswith("  ") for line in lines[1:])
    starts = [line.split()[0] for line in lines[1:] if line.split()[0] in {"Means:", "Does", "Do:"}]
    assert starts == ["Means:", "Does", "Do:"]


def test_spelling_is_forgiving() -> None:
    """Capitals, spaces and underscores do not matter."""
    assert explain(" None_Found ") == explain("none-found")


def test_unknown_word() -> None:
    """An unknown word is refused with the list of words."""
    with pytest.raises(ValueError, match="the words are: assumed, base, by-chance, calibrated"):
        explain("innocent")
