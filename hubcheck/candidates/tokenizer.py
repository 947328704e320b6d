"""Which token string has which id in a model, and which files say so?

Ids are row numbers of the embedding. Token strings are hostile text.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Final

import numpy as np

from hubcheck.candidates.documents import (
    TOKENIZER_LIMIT,
    Absent,
    JsonDocument,
    Malformed,
    parse_json_object,
    read_bytes,
)
from hubcheck.candidates.vocabulary_formats import (
    MAX_ID,
    TokenTable,
    parse_sentencepiece,
    parse_tekken,
    parse_tiktoken,
    parse_tokenizer_json,
    parse_tokenizer_model,
    parse_vocab_json,
    parse_vocab_txt,
)
from hubcheck.frozen import frozen
from hubcheck.source.interface import FileEntry, Source


class Spelling(StrEnum):
    """How a vocabulary writes a space in front of a word."""

    BYTE_LEVEL = "byte-level"
    """``Ġ``: every character stands for one byte."""
    SENTENCEPIECE = "sentencepiece"
    """``▁``, with ``<0x41>`` for single bytes."""
    WORDPIECE = "wordpiece"
    """``##`` in front of what continues a word."""
    PLAIN = "plain"
    """None of these."""


@frozen
class Vocabulary:
    """The tokens of a model."""

    ids: Mapping[str, int]
    """Id of each token string; where a file repeats a string, the last one stands."""
    strings: Mapping[int, str]
    """Token string of each id; where a file repeats an id, the last one stands."""
    special: frozenset[int]
    """Ids of added, control and unknown tokens, as the files mark them."""
    ambiguous: frozenset[int]
    """Ids whose string or id occurs twice: never aligned."""
    digest: str
    """sha256 over the (id, string) pairs, sorted: equal for equal vocabularies in any format."""
    spelling: Spelling
    origin: str
    """File and kind: ``tokenizer.json (BPE)``."""

    @property
    def size(self) -> int:
        """One more than the largest id."""
        return max(self.strings, default=-1) + 1


Parser = Callable[[bytes, str], TokenTable | Malformed]

_FORMATS: Final[Mapping[str, Parser]] = {
    "tokenizer.json": parse_tokenizer_json,
    "tokenizer.model": parse_tokenizer_model,
    "tekken.json": parse_tekken,
    "vocab.json": parse_vocab_json,
    "vocab.txt": parse_vocab_txt,
    "spiece.model": parse_sentencepiece,
    "sentencepiece.bpe.model": parse_sentencepiece,
    "spm.model": parse_sentencepiece,
    "tiktoken.model": parse_tiktoken,
}
"""Files that hold a vocabulary, the one that loaders prefer first."""
_ADDED: Final = ("added_tokens.json", "tokenizer_config.json")
"""Where tokens beyond the vocabulary stand when there is no tokenizer.json."""


def tokenizer_files(files: Sequence[FileEntry]) -> tuple[FileEntry, ...]:
    """Return the files that fix the vocabulary, the preferred one first.

    A ``tokenizer.json`` is complete by itself. Two models whose lists have the same paths and the
    same stated digests need not be read (``same_tokenizer``).
    """
    by_path = {e.path: e for e in files}
    main = [by_path[p] for p in _FORMATS if p in by_path]
    main += sorted(
        (e for e in files if e.path.endswith(".tiktoken") and "/" not in e.path),
        key=lambda e: e.path,
    )
    if not main or main[0].path == "tokenizer.json":
        return tuple(main[:1])
    companions = ("merges.txt", *_ADDED)
    return (main[0], *(by_path[p] for p in companions if p in by_path))


def same_tokenizer(a: Sequence[FileEntry], b: Sequence[FileEntry]) -> bool:
    """Tell whether the stated digests alone prove that two models share their tokenizer files."""
    files_a, files_b = tokenizer_files(a), tokenizer_files(b)
    return (
        len(files_a) > 0
        and all(e.digest for e in files_a)
        and [(e.path, e.digest) for e in files_a] == [(e.path, e.digest) for e in files_b]
    )


def read_vocabulary(source: Source) -> Vocabulary | Absent | Malformed:
    """Read the vocabulary of a model, at most 40 MB.

    When the preferred file is unusable the next one is tried; the first reason is returned if none
    can be used.

    Raises:
        HubcheckError: the source failed (network, access, read budget).
    """
    files = source.files()
    candidates = [p for p in _FORMATS if any(e.path == p for e in files)]
    candidates += sorted(e.path for e in files if _is_loose_tiktoken(e.path))
    refusal: Malformed | None = None
    for path in candidates:
        data = read_bytes(source, path, limit=TOKENIZER_LIMIT)
        if isinstance(data, Absent):
            continue
        table = _FORMATS.get(path, parse_tiktoken)(data, path) if isinstance(data, bytes) else data
        if isinstance(table, TokenTable):
            added = {} if path == "tokenizer.json" else _read_added(source)
            return build_vocabulary(table, path, added=added)
        refusal = refusal or table
    return refusal or Absent()


def vocabulary_of(tokens: Sequence[str], special: frozenset[int]) -> Vocabulary:
    """Return the vocabulary that a GGUF header holds.

    Args:
        tokens: By id.
        special: Ids that stand for no text.
    """
    table = TokenTable(tokens=[*tokens], ids=[*range(len(tokens))], special=special, kind="GGUF")
    return build_vocabulary(table, "tokenizer.ggml.tokens", added={})


def build_vocabulary(table: TokenTable, path: str, *, added: Mapping[str, int]) -> Vocabulary:
    """Turn the tokens of a file into a vocabulary.

    Args:
        table: The tokens.
        path: The file they come from.
        added: Tokens stated elsewhere; they are special.
    """
    tokens = [*table.tokens, *added]
    numbers = [*table.ids, *added.values()]
    ids = dict(zip(tokens, numbers, strict=True))
    strings = dict(zip(numbers, tokens, strict=True))
    ambiguous: frozenset[int] = frozenset()
    if len(ids) < len(tokens) or len(strings) < len(tokens):
        # A token listed again with the same id (as an added token) is one token.
        pairs = sorted(set(zip(numbers, tokens, strict=True)))
        ambiguous = _ambiguous(pairs)
        numbers, tokens = [i for i, _ in pairs], [token for _, token in pairs]
    rows = np.array(numbers, dtype="<i8")
    order = np.argsort(rows, kind="stable")
    # JSON in ASCII writes any string, lone surrogates included, in one way only.
    text = json.dumps([tokens[i] for i in order.tolist()]).encode("ascii")
    return Vocabulary(
        ids=ids,
        strings=strings,
        special=table.special | frozenset(added.values()),
        ambiguous=ambiguous,
        digest=hashlib.sha256(rows[order].tobytes() + text).hexdigest(),
        spelling=_spelling(table.tokens),
        origin=f"{path} ({table.kind})",
    )


def _ambiguous(pairs: Sequence[tuple[int, str]]) -> frozenset[int]:
    """Return the ids whose id or string occurs in more than one of the distinct pairs."""
    of_id = Counter(number for number, _ in pairs)
    of_token = Counter(token for _, token in pairs)
    return frozenset(i for i, token in pairs if of_id[i] > 1 or of_token[token] > 1)


def _is_loose_tiktoken(path: str) -> bool:
    return path.endswith(".tiktoken") and "/" not in path


def _spelling(tokens: Sequence[str]) -> Spelling:
    """Return the spelling whose mark most tokens carry; one in a hundred will do (CJK)."""
    first = Counter([t[:1] for t in tokens])
    marks = {Spelling.BYTE_LEVEL: first["Ġ"], Spelling.SENTENCEPIECE: first["▁"]}
    marks[Spelling.WORDPIECE] = sum(t.startswith("##") for t in tokens) if first["#"] else 0
    best = max(marks, key=lambda s: marks[s])
    return best if marks[best] * 100 >= len(tokens) else Spelling.PLAIN


def _read_added(source: Source) -> dict[str, int]:
    """Return the tokens of ``added_tokens.json`` and of ``added_tokens_decoder``."""
    added: dict[str, int] = {}
    for path in _ADDED:
        data = read_bytes(source, path, limit=TOKENIZER_LIMIT)
        document = parse_json_object(data, path) if isinstance(data, bytes) else data
        if not isinstance(document, JsonDocument):
            continue
        entries: object = document.values
        if path == "tokenizer_config.json":
            decoder = document.values.get("added_tokens_decoder")
            entries = {}
            if isinstance(decoder, dict):
                entries = {
                    e["content"]: int(key)
                    for key, e in decoder.items()
                    if isinstance(e, dict)
                    and isinstance(e.get("content"), str)
                    and key.isascii()
                    and key.isdecimal()
                    and len(key) < 10  # noqa: PLR2004 - above every id that is accepted
                }
        if isinstance(entries, dict):
            added |= {t: i for t, i in entries.items() if type(i) is int and 0 <= i < MAX_ID}
    return added
