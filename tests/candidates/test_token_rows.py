"""Rows are aligned by what the token says, and reserved rows are recognised."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.candidates.documents import Absent, Problem, unusable
from hubcheck.candidates.token_rows import (
    RowAlignment,
    align_rows,
    reserved_ids,
    shared_tokens,
)
from hubcheck.candidates.tokenizer import Vocabulary, build_vocabulary
from hubcheck.candidates.vocabulary_formats import TokenTable


def vocabulary(ids: dict[str, int], special: frozenset[int] = frozenset()) -> Vocabulary:
    """Return a vocabulary of these tokens."""
    table = TokenTable(tokens=list(ids), ids=list(ids.values()), special=special, kind="BPE")
    return build_vocabulary(table, "vocab.json", added={})


def pairs(a: Vocabulary, b: Vocabulary) -> list[tuple[int, int]]:
    """Return the shared rows as pairs."""
    ids_a, ids_b = shared_tokens(a, b)
    assert ids_a.dtype == ids_b.dtype == np.int64
    return list(zip(ids_a.tolist(), ids_b.tolist(), strict=True))


def test_shuffled_vocabularies_are_aligned_by_string() -> None:
    """Ids may differ; the same string is the same row."""
    a = vocabulary({"Ġa": 0, "Ġb": 1, "c": 2})
    b = vocabulary({"c": 7, "Ġa": 9, "Ġx": 1})
    assert pairs(a, b) == [(0, 9), (2, 7)]


def test_special_reserved_and_ambiguous_tokens_are_left_out() -> None:
    """Rows that may never have been trained, or mean two things, are not aligned."""
    ids = {"<s>": 0, "<|im_end|>": 1, "<unused7>": 2, "Ġa": 3, "<0x41>": 4, "x": 5, "y": 5}
    a = vocabulary(ids | {"tool": 6}, frozenset({6}))
    assert pairs(a, a) == [(3, 3), (4, 4)]
    b = vocabulary({"tool": 6, "Ġa": 1})
    assert pairs(a, b) == [(3, 1)]


def test_vocabularies_of_different_spelling_are_aligned_by_text() -> None:
    """A space written Ġ, ▁ or as the lack of ## is the same space; bytes meet bytes."""
    byte_level = vocabulary({"Ġthe": 0, "ing": 1, "Ċ": 2, "Ġé": 3, "ĠÃ©": 4, "Ã": 5})
    pieces = vocabulary({"▁the": 5, "ing": 6, "<0x0A>": 7, "▁é": 8, "<0xC3>": 9})
    words = vocabulary({"the": 1, "##ing": 2, "é": 3})
    assert pairs(byte_level, pieces) == [(0, 5), (1, 6), (2, 7), (4, 8), (5, 9)]
    assert pairs(byte_level, words) == [(0, 1), (1, 2), (4, 3)]
    assert pairs(pieces, words) == [(5, 1), (6, 2), (8, 3)]


RESERVED = [
    "<|reserved_special_token_0|>",
    "<unused99>",
    "[unused1]",
    "<extra_id_12>",
    "<|placeholder3|>",
    "<|dummy_7|>",
    "<SPECIAL_20>",
    "<reserved_106>",
    "<|reserved_200011|>",
    "[PAD151646]",
    "[UNUSED_TOKEN_145]",
    "<|extra_3|>",
    "<|extratoken_1|>",
    "<filler_4>",
    "madeupword0001",
    "<|reserved_token_163588|>",
    "<|unused_2|>",
    "<pad_3>",
    "<｜place▁holder▁no▁0｜>",
    "<｜hy_place▁holder▁no▁12｜>",
    "<|special_3|>",
]
NOT_RESERVED = [
    "Ġreserved",
    "unused",
    "<s>",
    "<|im_end|>",
    "<0x41>",
    "Ġ2024",
    "1234",
    "[1]",
    "extra1",
    "<h1>",
    "<|user|>",
    "special_2",
    "x]",
    "<td1>",
    "<image_0>",
    "v2>",
    "<|2|>",
    "<0.00>",
]


@pytest.mark.parametrize("token", RESERVED)
def test_reserved_tokens_are_recognised(token: str) -> None:
    """Every published way to write a kept-for-later id is recognised."""
    assert reserved_ids(vocabulary({"a": 0, token: 5})).tolist() == [5]


@pytest.mark.parametrize("token", NOT_RESERVED)
def test_ordinary_tokens_are_not_reserved(token: str) -> None:
    """Tokens that training may see are not taken for reserved ones."""
    assert reserved_ids(vocabulary({token: 5})).tolist() == []


def test_rows_outside_an_embedding_are_dropped() -> None:
    """A tokenizer with more ids than the embedding has rows yields no row that is not there."""
    a = vocabulary({"Ġa": 0, "Ġb": 1, "Ġc": 900})
    rows = align_rows(a, a, rows_a=1000, rows_b=2)
    assert isinstance(rows, RowAlignment)
    assert rows.ids_a.tolist() == rows.ids_b.tolist() == [0, 1]
    other = align_rows(a, vocabulary({"Ġa": 1}), rows_a=1000, rows_b=2)
    assert isinstance(other, RowAlignment)
    assert other.ids_a.tolist() == [0]


def test_missing_vocabulary_aligns_by_row_number_only_at_equal_size() -> None:
    """Without a tokenizer, rows of equally large embeddings are paired by number."""
    none = Absent()
    bad = unusable("vocab.json", Problem.NOT_TOKENS)
    rows = align_rows(none, bad, rows_a=3, rows_b=3)
    assert isinstance(rows, RowAlignment)
    assert rows.ids_a.tolist() == rows.ids_b.tolist() == [0, 1, 2]
    assert align_rows(none, bad, rows_a=3, rows_b=4) == Absent()
    known = align_rows(vocabulary({"<s>": 0, "Ġa": 1, "Ġz": 8}), none, rows_a=3, rows_b=3)
    assert isinstance(known, RowAlignment)
    assert known.ids_a.tolist() == [1]


@given(
    st.dictionaries(st.text(max_size=4), st.integers(0, 30), max_size=12),
    st.dictionaries(st.text(max_size=4), st.integers(0, 30), max_size=12),
)
def test_alignment_is_one_to_one_and_symmetric(a: dict[str, int], b: dict[str, int]) -> None:
    """No row is used twice, aligned rows mean one text, and swapping the models swaps the rows."""
    first, second = vocabulary(a), vocabulary(b)
    there, back = pairs(first, second), pairs(second, first)
    assert sorted(there) == sorted((i, j) for j, i in back)
    assert len({i for i, _ in there}) == len({j for _, j in there}) == len(there)
    if first.spelling is second.spelling:
        assert all(first.strings[i] == second.strings[j] for i, j in there)
