"""Which token string has which id in a tokenizer file, whatever its format?

Each parser takes the bytes of one hostile file and returns a ``TokenTable`` or the reason why there
is none. Nothing is executed; ids and counts are capped.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable
from typing import Final

from hubcheck.candidates.documents import (
    Malformed,
    Problem,
    parse_json,
    parse_json_object,
    too_many_values,
    unusable,
)
from hubcheck.frozen import frozen

MAX_TOKENS: Final = 1_500_000
"""Most tokens of one file; the largest published vocabularies have about a million."""
MAX_ID: Final = 1 << 24
"""First refused token id; the largest published vocabularies have about a million."""

_MERGES: Final = re.compile(rb'(?<!\\)"merges"\s*:\s*(?=\[)')
_KEYS_READ: Final = re.compile(rb'"(?:vocab|added_tokens|model|type)"\s*:')
_LETTER_ESCAPE: Final = re.compile(rb"\\u00[567]")
"""How JSON can write a letter of a key otherwise than as itself."""
_SP_UNKNOWN, _SP_CONTROL, _SP_UNUSED = 2, 3, 5
"""Piece types of sentencepiece_model.proto (NORMAL is 1, USER_DEFINED 4, BYTE 6)."""
_PIECE_FIELDS: Final = 4
"""Most fields of a piece; the format has three."""
_OTHER_FIELDS: Final = 100_000
"""Most fields of a model that are no pieces; published files have three."""
_PIECE_TAG: Final = 0x0A
"""Field 1, length-delimited: a piece in the model, the string in a piece."""
_TEKKEN_SPECIAL: Final = 1000
"""Ids that a tekken file reserves in front of its vocabulary when it does not say how many."""


@frozen
class TokenTable:
    """The tokens of one file."""

    tokens: list[str]
    """Token strings as the file spells them, in file order; may repeat."""
    ids: list[int]
    """Id of each token, 0 to 2**24 - 1; may repeat."""
    special: frozenset[int]
    """Ids that the file marks as added, control, unknown or unused."""
    kind: str
    """BPE, WordPiece, Unigram, WordLevel, sentencepiece, tiktoken, tekken, vocab.json or .txt."""


def byte_alphabet() -> list[str]:
    """Return the printable character that byte-level BPE writes for each of the 256 bytes."""
    plain = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    shifted = iter(range(0x100, 0x200))
    return [chr(b) if b in plain else chr(next(shifted)) for b in range(256)]


_TO_BYTE_LEVEL: Final = str.maketrans(dict(enumerate(byte_alphabet())))


def parse_tokenizer_json(data: bytes, path: str) -> TokenTable | Malformed:
    """Read a ``tokenizer.json`` (BPE, WordPiece, WordLevel: object; Unigram: list of pieces)."""
    # Merges that are not parsed cost nothing, so the first try has its own count.
    document = _without_merges(data, path) or parse_json(data, path)
    if isinstance(document, Malformed):
        return document
    model = document.get("model") if isinstance(document, dict) else None
    vocab = model.get("vocab") if isinstance(model, dict) else None
    tokens: Iterable[object]
    ids: Iterable[object]
    if isinstance(vocab, dict):
        tokens, ids = vocab.keys(), vocab.values()
        kind = "BPE" if isinstance(model, dict) and "merges" in model else "WordPiece"
    elif isinstance(vocab, list):
        tokens = [p[0] if isinstance(p, list) and p else None for p in vocab]
        ids, kind = range(len(vocab)), "Unigram"
    else:
        return unusable(path, Problem.NO_VOCABULARY, key="model.vocab")
    stated = model.get("type") if isinstance(model, dict) else None
    if isinstance(stated, str) and stated in {"BPE", "WordPiece", "Unigram", "WordLevel"}:
        kind = stated
    tokens, ids = list(tokens), list(ids)
    added = document.get("added_tokens") if isinstance(document, dict) else None
    extra = [e for e in added if isinstance(e, dict)] if isinstance(added, list) else []
    stated_pairs = [(e.get("content"), e.get("id")) for e in extra]
    if isinstance(vocab, dict):
        # Most files list added tokens in both places; dropping the copy here is cheap.
        new = [(t, i) for t, i in stated_pairs if not isinstance(t, str) or vocab.get(t) != i]
    else:
        new = [(t, i) for t, i in stated_pairs if type(i) is not int or tokens[i : i + 1] != [t]]
    return _table(
        path,
        [*tokens, *(t for t, _ in new)],
        [*ids, *(i for _, i in new)],
        special=(i for _, i in stated_pairs),
        kind=kind,
    )


def parse_vocab_json(data: bytes, path: str) -> TokenTable | Malformed:
    """Read a GPT-2 ``vocab.json``: an object from token to id."""
    value = parse_json(data, path)
    if isinstance(value, Malformed):
        return value
    if not isinstance(value, dict):
        return unusable(path, Problem.NOT_TOKENS)
    return _table(path, list(value), list(value.values()), special=(), kind="vocab.json")


def parse_vocab_txt(data: bytes, path: str) -> TokenTable | Malformed:
    """Read a WordPiece ``vocab.txt``: the line number, from 0, is the id."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        return unusable(path, Problem.NOT_UTF8, at=fault.start)
    if text.count("\n") > MAX_TOKENS:
        return _too_many(path)
    tokens = text.replace("\r\n", "\n").removesuffix("\n").split("\n") if text else []
    return _table(path, tokens, range(len(tokens)), special=(), kind="vocab.txt")


def parse_tiktoken(data: bytes, path: str) -> TokenTable | Malformed:
    """Read a tiktoken file: lines of ``base64 rank``; tokens are spelled as byte-level BPE does."""
    tokens: list[str] = []
    ids: list[int] = []
    if data.count(b"\n") > MAX_TOKENS:
        return _too_many(path)
    try:
        for line in data.split(b"\n"):
            if line.strip():
                token, rank = line.split()
                raw = base64.b64decode(token, validate=True)
                tokens.append(raw.decode("latin-1").translate(_TO_BYTE_LEVEL))
                ids.append(int(rank))
    except (ValueError, binascii.Error):
        return unusable(path, Problem.NOT_TIKTOKEN, line=len(tokens) + 1)
    return _table(path, tokens, ids, special=(), kind="tiktoken")


def parse_tekken(data: bytes, path: str) -> TokenTable | Malformed:
    """Read a ``tekken.json``: base64 tokens by rank, behind a block of special tokens."""
    document = parse_json_object(data, path)
    if isinstance(document, Malformed):
        return document
    vocab, config = document.values.get("vocab"), document.values.get("config")
    if not isinstance(vocab, list):
        return unusable(path, Problem.NO_VOCABULARY, key="vocab")
    numbers = config if isinstance(config, dict) else {}
    n_special = numbers.get("default_num_special_tokens", _TEKKEN_SPECIAL)
    size = numbers.get("default_vocab_size", MAX_ID)
    if type(n_special) is not int or type(size) is not int or not 0 <= n_special < MAX_ID:
        return unusable(path, Problem.NO_SIZE)
    tokens: list[str] = []
    ids: list[int] = []
    for rank, entry in enumerate(vocab):
        if rank + n_special >= size:
            break
        try:
            raw = base64.b64decode(entry["token_bytes"], validate=True)
        except (ValueError, TypeError, KeyError, binascii.Error):
            return unusable(path, Problem.NO_BYTES, at=rank)
        tokens.append(raw.decode("latin-1").translate(_TO_BYTE_LEVEL))
        ids.append(rank + n_special)
    return _table(path, tokens, ids, special=(), kind="tekken")


def parse_sentencepiece(data: bytes, path: str) -> TokenTable | Malformed:
    """Read the pieces of a sentencepiece ``ModelProto``; every other field is stepped over."""
    tokens: list[str] = []
    special: list[int] = []
    at, stop, others = 0, len(data), 0
    span: tuple[int, int] | None
    try:
        while at < stop:
            if data[at] == _PIECE_TAG and data[at + 1] < 0x80:  # noqa: PLR2004 - one-byte length
                begin, at = at + 2, at + 2 + data[at + 1]
                number, span = 1, (begin, at)
            else:
                number, span, at = _next_field(data, at, stop)
            if number != 1:
                others += 1
                if others > _OTHER_FIELDS:
                    return unusable(path, Problem.NOT_SENTENCEPIECE, at=len(tokens))
                continue
            if len(tokens) == MAX_TOKENS:
                return _too_many(path)
            if at > stop or span is None:
                return unusable(path, Problem.NOT_SENTENCEPIECE, at=len(tokens))
            text, kind = _piece(data, *span)
            if kind in {_SP_UNKNOWN, _SP_CONTROL, _SP_UNUSED}:
                special.append(len(tokens))
            tokens.append(text)
    except (ValueError, IndexError):
        return unusable(path, Problem.NOT_SENTENCEPIECE, at=len(tokens))
    return _table(path, tokens, range(len(tokens)), special=special, kind="sentencepiece")


def parse_tokenizer_model(data: bytes, path: str) -> TokenTable | Malformed:
    """Read a ``tokenizer.model``, a name that both sentencepiece and tiktoken files carry."""
    if data[:1] == bytes([_PIECE_TAG]):
        return parse_sentencepiece(data, path)
    return parse_tiktoken(data, path)


def _piece(data: bytes, start: int, stop: int) -> tuple[str, int]:
    """Return the string and type of one piece (type 1 when not written)."""
    # By far the most common form: a short string and a four-byte score.
    length = stop - start - 7
    if 0 <= length < 0x80 and data[start] == _PIECE_TAG and data[start + 1] == length:  # noqa: PLR2004
        return data[start + 2 : start + 2 + length].decode(), 1
    text, kind, at, n_fields = "", 1, start, 0
    while at < stop:
        n_fields += 1
        if n_fields > _PIECE_FIELDS:
            raise ValueError(n_fields)
        number, span, at = _next_field(data, at, stop)
        if number == 1 and span is not None:
            text = data[span[0] : span[1]].decode()
        elif number == 3 and span is not None:  # noqa: PLR2004 - field `type`
            kind = _varint(data, span[0], stop)[0]
    return text, kind


def _next_field(data: bytes, at: int, stop: int) -> tuple[int, tuple[int, int] | None, int]:
    """Return (field number, span of the value, end) of the field at ``at`` of a protobuf message.

    The span is None for a value of fixed size.

    Raises:
        ValueError: the message is cut short or holds a wire type that is no longer in use.
    """
    tag, at = _varint(data, at, stop)
    number, wire = tag >> 3, tag & 7
    span: tuple[int, int] | None = None
    match wire:
        case 0:
            begin = at
            _, at = _varint(data, at, stop)
            span = (begin, at)
        case 1 | 5:
            at += 8 if wire == 1 else 4
        case 2:
            length, begin = _varint(data, at, stop)
            at = begin + length
            span = (begin, at)
        case _:
            raise ValueError(wire)
    if at > stop:
        raise ValueError(at)
    return number, span, at


def _varint(data: bytes, at: int, stop: int) -> tuple[int, int]:
    """Return a varint and the offset behind it; at most ten bytes, none past ``stop``."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= stop:
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - continuation bit
            return value, at
    raise ValueError(at)


def _without_merges(data: bytes, path: str) -> dict[str, object] | None:
    """Parse a tokenizer.json up to its merges, or return None when that is not safe.

    Merges are two thirds of the bytes and say nothing about ids. The text before them, closed by
    ``[]}}``, parses only if the merges stand where ``model.merges`` does; a key behind them that
    could change what was read sends the caller to the full parse.
    """
    found = _MERGES.search(data)
    if found is None or _may_hold_keys(data, found.end()):
        return None
    if too_many_values(data[: found.end()], path) is not None:
        return None
    try:
        value: object = json.loads(data[: found.end()] + b"[]}}")
    except (ValueError, RecursionError):
        return None
    model = value.get("model") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(model, dict) or model.get("merges") != []:
        return None
    return value if next(reversed(value)) == "model" else None


def _may_hold_keys(data: bytes, start: int) -> bool:
    """Tell whether a key that is read may stand behind ``start``, escaped letters included."""
    if _KEYS_READ.search(data, start) is not None:
        return True
    return _LETTER_ESCAPE.search(data, start) is not None


def _too_many(path: str) -> Malformed:
    return unusable(path, Problem.MANY_TOKENS, limit=MAX_TOKENS)


def _table(
    path: str,
    tokens: Iterable[object],
    ids: Iterable[object],
    *,
    special: Iterable[object],
    kind: str,
) -> TokenTable | Malformed:
    """Check that tokens are strings and ids are small integers."""
    strings, numbers = list(tokens), list(ids)
    marks = list(special)
    if not strings:
        return unusable(path, Problem.NO_TOKENS)
    if len(strings) > MAX_TOKENS:
        return _too_many(path)
    if set(map(type, strings)) != {str}:
        return unusable(path, Problem.OTHER_TYPE)
    if set(map(type, numbers)) != {int} or not set(map(type, marks)) <= {int}:
        return unusable(path, Problem.ID_TYPE)
    checked: list[int] = numbers  # type: ignore[assignment]
    if min(checked) < 0 or max(checked) >= MAX_ID:
        return unusable(path, Problem.ID_RANGE, limit=MAX_ID - 1)
    return TokenTable(
        tokens=strings,  # type: ignore[arg-type]
        ids=checked,
        special=frozenset(marks),  # type: ignore[arg-type]
        kind=kind,
    )
