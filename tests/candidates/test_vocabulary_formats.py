"""Every tokenizer file gives the ids that the loaders give."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, pre_tokenizers

from hubcheck.candidates.documents import Malformed
from hubcheck.candidates.vocabulary_formats import (
    MAX_ID,
    TokenTable,
    byte_alphabet,
    parse_sentencepiece,
    parse_tekken,
    parse_tiktoken,
    parse_tokenizer_json,
    parse_tokenizer_model,
    parse_vocab_json,
    parse_vocab_txt,
)
from tests.candidates.vocabulary_files import (
    byte_level_bpe,
    sentencepiece_model,
    tiktoken_file,
    tokenizer_json,
    unigram,
    varint,
    wordpiece,
)

PARSERS = [
    parse_sentencepiece,
    parse_tekken,
    parse_tiktoken,
    parse_tokenizer_json,
    parse_tokenizer_model,
    parse_vocab_json,
    parse_vocab_txt,
]


@pytest.mark.parametrize(
    ("build", "kind"), [(byte_level_bpe, "BPE"), (wordpiece, "WordPiece"), (unigram, "Unigram")]
)
@pytest.mark.parametrize("pretty", [False, True])
def test_tokenizer_json_agrees_with_the_tokenizers_library(
    build: Callable[[], Tokenizer], kind: str, *, pretty: bool
) -> None:
    """Token ids, added tokens included, are those of the library that wrote the file."""
    tokenizer = build()
    table = parse_tokenizer_json(tokenizer.to_str(pretty=pretty).encode(), "tokenizer.json")
    assert isinstance(table, TokenTable)
    assert dict(zip(table.tokens, table.ids, strict=True)) == tokenizer.get_vocab()
    assert table.special == frozenset(tokenizer.get_added_tokens_decoder())
    assert table.kind == kind


def test_byte_alphabet_is_the_one_of_byte_level_bpe() -> None:
    """The 256 characters are those of the tokenizers library."""
    assert set(byte_alphabet()) == set(pre_tokenizers.ByteLevel.alphabet())
    assert byte_alphabet()[0x20] == "Ġ"


def test_merges_never_hide_a_second_vocabulary() -> None:
    """A key behind the merges counts exactly as for a full JSON parse, however it is placed."""
    start = b'{"added_tokens": [], "model": {"vocab": {"a": 0}, "merges": []'
    for tail in (
        b', "vocab": {"b": 0}}}',
        b'}, "model": {"vocab": {"b": 0}}}',
        b', "voc\\u0061b": {"b": 0}}}',
    ):
        data = start + tail
        full = json.loads(data)["model"]["vocab"]
        table = parse_tokenizer_json(data, "tokenizer.json")
        assert isinstance(table, TokenTable)
        assert table.tokens == list(full), tail


@pytest.mark.parametrize(
    "vocab",
    [
        {'"merges": [': 0, "a": 1},
        {'\\"merges": [': 0, "a": 1},
        {"merges": 0, '"vocab": ': 1},
    ],
)
def test_tokens_that_imitate_the_file_are_only_tokens(vocab: dict[str, int]) -> None:
    """A token string that looks like the start of the merges changes nothing."""
    table = parse_tokenizer_json(tokenizer_json(vocab, merges=[["a", "b"]]), "tokenizer.json")
    assert isinstance(table, TokenTable)
    assert dict(zip(table.tokens, table.ids, strict=True)) == vocab


MALFORMED_JSON = {
    "no model": b'{"a": 1}',
    "list": b"[]",
    "model is a list": b'{"model": []}',
    "vocab is a number": b'{"model": {"vocab": 7}}',
    "empty vocab": b'{"model": {"vocab": {}}}',
    "id is text": tokenizer_json({"a": "0"}),
    "id is a float": tokenizer_json({"a": 0.5}),
    "id is true": tokenizer_json({"a": True}),
    "negative id": tokenizer_json({"a": -1}),
    "huge id": tokenizer_json({"a": MAX_ID}),
    "piece is no pair": tokenizer_json([7]),
    "empty pair": tokenizer_json([[]]),
    "added id is text": tokenizer_json({"a": 0}, added=[{"content": "b", "id": "1"}]),
    "added without content": tokenizer_json({"a": 0}, added=[{"id": 1}]),
    "model is text": b'{"model": "vocab"}',
    "deep": b'{"model": ' + b"[" * 100_000,
}


@pytest.mark.parametrize("shape", MALFORMED_JSON)
def test_unusable_tokenizer_json_is_a_reason(shape: str) -> None:
    """A file without a usable vocabulary gives a reason, and never an exception."""
    assert isinstance(parse_tokenizer_json(MALFORMED_JSON[shape], "tokenizer.json"), Malformed)


def test_sentencepiece_pieces_are_read_in_order() -> None:
    """Pieces of every type, long and short, get their position as id; other fields are skipped."""
    pieces = [
        ("<unk>", 2),
        ("<s>", 3),
        ("<0x0A>", 6),
        ("▁the", 1),
        ("x" * 300, 1),
        ("", 1),
        ("u", 5),
    ]
    trailer = b"\x12\x03abc" + b"\x18\x07" + b"\x25abcd" + b"\x29abcdefgh"
    table = parse_tokenizer_model(sentencepiece_model(pieces, trailer=trailer), "tokenizer.model")
    assert isinstance(table, TokenTable)
    assert table.tokens == [text for text, _ in pieces]
    assert table.ids == list(range(len(pieces)))
    assert table.special == {0, 1, 6}


BROKEN_SENTENCEPIECE = {
    "empty": b"",
    "length past the end": b"\x0a\x7f\x0a",
    "endless varint": b"\x0a" + b"\xff" * 20,
    "group wire type": b"\x0b",
    "piece as number": b"\x08\x01",
    "text not utf-8": b"\x0a" + varint(8) + b"\x0a\x01\xff\x15\0\0\0\0",
    "cut score": b"\x0a" + varint(4) + b"\x0a\x01a\x15",
    "inner length past the piece": b"\x0a\x02\x0a\x05abcdefgh",
    "empty piece body": b"\x0a\x00",
}


@pytest.mark.parametrize("shape", BROKEN_SENTENCEPIECE)
def test_broken_sentencepiece_is_a_reason_or_an_empty_piece(shape: str) -> None:
    """A cut or forged protobuf gives a reason, and never reads past its end."""
    table = parse_sentencepiece(BROKEN_SENTENCEPIECE[shape], "tokenizer.model")
    if shape == "empty piece body":
        assert isinstance(table, TokenTable)
        assert table.tokens == [""]
    else:
        assert isinstance(table, Malformed)


def test_tiktoken_tokens_are_spelled_as_byte_level_bpe() -> None:
    """A tiktoken file gives the strings that the same vocabulary has in tokenizer.json."""
    data = tiktoken_file([b"a", b" the", "é".encode(), b"\xff\n"])
    table = parse_tokenizer_model(data, "tokenizer.model")
    assert isinstance(table, TokenTable)
    assert table.tokens == ["a", "Ġthe", "Ã©", "ÿĊ"]
    assert table.ids == [0, 1, 2, 3]


def test_tekken_ids_start_behind_its_special_tokens() -> None:
    """A tekken file shifts ids by its special tokens and stops at its stated size."""
    vocab = [
        {"rank": i, "token_bytes": base64.b64encode(t).decode()}
        for i, t in enumerate([b"a", b" b", b"c"])
    ]
    config = {"default_num_special_tokens": 10, "default_vocab_size": 12}
    table = parse_tekken(json.dumps({"config": config, "vocab": vocab}).encode(), "tekken.json")
    assert isinstance(table, TokenTable)
    assert dict(zip(table.tokens, table.ids, strict=True)) == {"a": 10, "Ġb": 11}


@pytest.mark.parametrize(
    "document",
    [[], {}, {"vocab": [7]}, {"vocab": [{}]}, {"vocab": [{"token_bytes": "?"}]},
     {"vocab": [], "config": {"default_num_special_tokens": "1"}},
     {"vocab": [], "config": {"default_vocab_size": None}}],
)  # fmt: skip
def test_unusable_tekken_is_a_reason(document: object) -> None:
    """A tekken file of another shape gives a reason."""
    assert isinstance(parse_tekken(json.dumps(document).encode(), "tekken.json"), Malformed)


def test_vocab_json_and_vocab_txt_agree() -> None:
    """The two plain formats give the same ids for the same vocabulary, line ends aside."""
    tokens = ["[PAD]", "a", "##b", "é"]
    as_json = parse_vocab_json(
        json.dumps({t: i for i, t in enumerate(tokens)}).encode(), "vocab.json"
    )
    as_text = parse_vocab_txt("\r\n".join([*tokens, ""]).encode(), "vocab.txt")
    assert isinstance(as_json, TokenTable)
    assert isinstance(as_text, TokenTable)
    assert (as_json.tokens, as_json.ids) == (as_text.tokens, as_text.ids) == (tokens, [0, 1, 2, 3])


@given(st.binary(max_size=120), st.sampled_from(PARSERS))
def test_any_bytes_give_a_value(
    data: bytes, parse: Callable[[bytes, str], TokenTable | Malformed]
) -> None:
    """No bytes make any parser raise."""
    assert isinstance(parse(data, "x"), (TokenTable, Malformed))


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from([1, 2, 3, 4, 5, 6])
        ),
        min_size=1,
    ),
    st.data(),
)
def test_damaged_sentencepiece_gives_a_value(
    pieces: list[tuple[str, int]], data: st.DataObject
) -> None:
    """A sound file is read back; with one byte changed or its end cut it still gives a value."""
    raw = sentencepiece_model(pieces)
    table = parse_sentencepiece(raw, "x")
    assert isinstance(table, TokenTable)
    assert table.tokens == [text for text, _ in pieces]
    at = data.draw(st.integers(0, len(raw) - 1))
    changed = raw[:at] + bytes([data.draw(st.integers(0, 255))]) + raw[at + 1 :]
    assert isinstance(parse_sentencepiece(changed, "x"), (TokenTable, Malformed))
    assert isinstance(parse_sentencepiece(raw[:at], "x"), (TokenTable, Malformed))


ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | st.sampled_from(["a", "b", "YQ=="]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "model vocab merges type added_tokens content id token_bytes config a "  # noqa: SIM905
                "default_num_special_tokens default_vocab_size".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(vocab=ODD, added=ODD, kind=ODD, config=ODD)
def test_values_of_any_type_in_any_place_give_a_value(
    vocab: object, added: object, kind: object, config: object
) -> None:
    """No type in the place of another makes a JSON parser raise."""
    model = {"type": kind, "vocab": vocab, "merges": []}
    whole = {"added_tokens": added, "model": model, "vocab": vocab, "config": config}
    for document in (whole, vocab, {"model": model, "added_tokens": [added]}):
        data = json.dumps(document).encode()
        for parse in (parse_tokenizer_json, parse_vocab_json, parse_tekken):
            assert isinstance(parse(data, "x"), (TokenTable, Malformed))


@given(
    vocab=st.dictionaries(st.text(), st.integers(0, MAX_ID - 1), min_size=1), merges=st.booleans()
)
def test_any_vocabulary_survives_the_file(vocab: dict[str, int], *, merges: bool) -> None:
    """Whatever the tokens, the file gives back the ids, with or without merges behind them."""
    pairs = [[t, t] for t in vocab] if merges else None
    table = parse_tokenizer_json(tokenizer_json(vocab, merges=pairs), "tokenizer.json")
    assert isinstance(table, TokenTable)
    assert dict(zip(table.tokens, table.ids, strict=True)) == vocab
