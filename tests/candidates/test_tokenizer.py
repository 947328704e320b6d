"""One vocabulary per model, whatever files spell it."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.candidates.documents import TOKENIZER_LIMIT, Absent, Malformed, Problem, unusable
from hubcheck.candidates.tokenizer import (
    Spelling,
    Vocabulary,
    build_vocabulary,
    read_vocabulary,
    same_tokenizer,
    tokenizer_files,
)
from hubcheck.candidates.vocabulary_formats import TokenTable
from hubcheck.source.interface import FileEntry
from tests.candidates.vocabulary_files import (
    byte_level_bpe,
    sentencepiece_model,
    tiktoken_file,
    tokenizer_json,
    unigram,
    wordpiece,
)
from tests.memory_source import MemorySource


def read(**contents: bytes) -> Vocabulary:
    """Return the vocabulary of a model; ``__`` in a name stands for a dot."""
    files = {name.replace("__", "."): data for name, data in contents.items()}
    vocabulary = read_vocabulary(MemorySource(files))
    assert isinstance(vocabulary, Vocabulary)
    return vocabulary


def test_strings_and_ids_are_two_sides_of_one_mapping() -> None:
    """The vocabulary of a trained tokenizer is the library's, both ways, with its spelling."""
    tokenizer = byte_level_bpe()
    vocabulary = read(tokenizer__json=tokenizer.to_str().encode())
    assert vocabulary.ids == tokenizer.get_vocab()
    assert all(vocabulary.strings[i] == tokenizer.id_to_token(i) for i in range(vocabulary.size))
    assert vocabulary.size == tokenizer.get_vocab_size()
    assert vocabulary.ambiguous == frozenset()
    assert vocabulary.origin == "tokenizer.json (BPE)"


def test_spelling_is_recognised() -> None:
    """Each family's mark of a space is told from the tokens themselves."""
    spellings = [
        read(tokenizer__json=t.to_str().encode()).spelling
        for t in (byte_level_bpe(), unigram(), wordpiece())
    ]
    assert spellings == [Spelling.BYTE_LEVEL, Spelling.SENTENCEPIECE, Spelling.WORDPIECE]
    assert read(vocab__json=b'{"a": 0, "b": 1}').spelling is Spelling.PLAIN


def test_digest_is_that_of_the_mapping_not_of_the_file() -> None:
    """Order of keys, white space and format leave the digest; one swapped id changes it."""
    one = read(tokenizer__json=tokenizer_json({"a": 0, "Ġb": 1}))
    two = read(vocab__json=b'{"\\u0120b": 1,\n "a": 0}')
    three = read(tokenizer__model=tiktoken_file([b"a", b" b"]))
    swapped = read(vocab__json='{"Ġb": 0, "a": 1}'.encode())
    assert one.digest == two.digest == three.digest
    assert swapped.digest != one.digest
    assert len(one.digest) == 64


def test_added_token_of_the_same_id_is_one_token() -> None:
    """An added token that repeats an entry of the vocabulary is special and not ambiguous."""
    vocabulary = read(
        tokenizer__json=tokenizer_json({"<s>": 0, "a": 1}, added=[{"content": "<s>", "id": 0}])
    )
    assert vocabulary.special == {0}
    assert vocabulary.ambiguous == frozenset()


def test_repeated_ids_and_strings_are_ambiguous() -> None:
    """Two strings with one id, or one string with two ids, can never be aligned."""
    vocabulary = read(tokenizer__json=tokenizer_json([["a", 0], ["b", 0], ["a", 0], ["c", 0]]))
    assert vocabulary.ambiguous == {0, 2}
    assert read(vocab__json=b'{"a": 0, "b": 0, "c": 1}').ambiguous == {0}


def test_tokens_beyond_the_vocabulary_file_are_added() -> None:
    """added_tokens.json and added_tokens_decoder complete a vocab.json; bad entries are left."""
    decoder = {"3": {"content": "<|x|>"}, "y": {"content": "z"}, "4": 7, "9" * 99: {"content": "q"}}
    vocabulary = read(
        vocab__json=b'{"a": 0, "b": 1}',
        added_tokens__json=b'{"<|im|>": 2, "bad": "7", "worse": -1}',
        tokenizer_config__json=json.dumps({"added_tokens_decoder": decoder}).encode(),
    )
    assert vocabulary.ids == {"a": 0, "b": 1, "<|im|>": 2, "<|x|>": 3}
    assert vocabulary.special == {2, 3}


def test_next_file_is_tried_when_the_first_is_unusable() -> None:
    """A broken or oversized tokenizer.json does not hide a sound tokenizer.model."""
    model = sentencepiece_model([("a", 1)])
    assert read(tokenizer__json=b"{", tokenizer__model=model).origin.startswith("tokenizer.model")
    source = MemorySource(
        {"tokenizer.json": b"{}", "tokenizer.model": model},
        sizes={"tokenizer.json": TOKENIZER_LIMIT + 1},
    )
    assert isinstance(read_vocabulary(source), Vocabulary)
    assert source.ledger.bytes_read == len(model)


def test_absent_and_unusable_tokenizers_are_values() -> None:
    """No tokenizer is Absent, an unusable one Malformed with the first reason."""
    assert read_vocabulary(MemorySource({"config.json": b"{}"})) == Absent()
    broken = read_vocabulary(MemorySource({"tokenizer.json": b"[]", "vocab.json": b"[]"}))
    assert broken == unusable("tokenizer.json", Problem.NO_VOCABULARY, key="model.vocab")


@pytest.mark.parametrize(
    ("paths", "chosen"),
    [
        (["tokenizer.json", "tokenizer.model", "added_tokens.json"], ["tokenizer.json"]),
        (
            ["tokenizer.model", "tokenizer_config.json"],
            ["tokenizer.model", "tokenizer_config.json"],
        ),
        (["merges.txt", "vocab.json", "config.json"], ["vocab.json", "merges.txt"]),
        (["qwen.tiktoken"], ["qwen.tiktoken"]),
        (["old/tokenizer.json", "old/a.tiktoken", "merges.txt"], []),
        ([], []),
    ],
)
def test_files_that_fix_the_vocabulary(paths: list[str], chosen: list[str]) -> None:
    """The preferred vocabulary file comes first, with what completes it, and nothing else."""
    files = [FileEntry(path=p, size=1, sha256="") for p in paths]
    assert [e.path for e in tokenizer_files(files)] == chosen


def test_equal_stated_digests_spare_the_reading() -> None:
    """Only equal, stated digests of the same files prove a shared tokenizer."""
    one = [FileEntry(path="tokenizer.json", size=1, sha256="aa")]
    shout = [FileEntry(path="tokenizer.json", size=1, sha256="AA")]
    other = [FileEntry(path="tokenizer.json", size=1, sha256="bb")]
    unstated = [FileEntry(path="tokenizer.json", size=1, sha256="")]
    assert same_tokenizer(one, [*shout, FileEntry(path="vocab.json", size=1, sha256="cc")])
    assert not same_tokenizer(one, other)
    assert not same_tokenizer(unstated, unstated)
    assert not same_tokenizer([], [])


@pytest.mark.slow
def test_large_vocabulary_is_read() -> None:
    """A 256,000-token file with half a million merges is read whole."""
    tokens = {f"Ġtok{i}": i for i in range(256_000)}
    merges = [[f"to{i}", f"ken{i}"] for i in range(500_000)]
    data = tokenizer_json(tokens, merges=merges)
    vocabulary = read(tokenizer__json=data)
    assert vocabulary.size == 256_000


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 5)), min_size=1, max_size=8))
def test_digest_ignores_order_and_ambiguity_is_exact(pairs: list[tuple[str, int]]) -> None:
    """The digest depends on the set of pairs only; ambiguous are exactly the repeated ones."""

    def build(rows: list[tuple[str, int]]) -> Vocabulary:
        table = TokenTable(
            tokens=[t for t, _ in rows], ids=[i for _, i in rows], special=frozenset(), kind="BPE"
        )
        return build_vocabulary(table, "x", added={})

    vocabulary = build(pairs)
    assert vocabulary.digest == build(pairs[::-1]).digest
    once = set(pairs)
    expected = {
        i for t, i in once if sum(j == i for _, j in once) > 1 or sum(u == t for u, _ in once) > 1
    }
    assert vocabulary.ambiguous == expected


@given(st.binary(max_size=80), st.sampled_from(["tokenizer.json", "tokenizer.model", "vocab.txt"]))
def test_any_bytes_give_a_value(data: bytes, path: str) -> None:
    """No file content raises."""
    files = {path: data, "added_tokens.json": data, "tokenizer_config.json": data}
    assert isinstance(read_vocabulary(MemorySource(files)), (Vocabulary, Absent, Malformed))
