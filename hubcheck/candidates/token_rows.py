"""Which rows of two embeddings stand for the same token, and which were kept for later use?

Ids are int64 row numbers. Token strings are hostile: compared and matched with fixed patterns,
never shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.candidates.documents import Absent, Malformed
from hubcheck.candidates.tokenizer import Spelling, Vocabulary
from hubcheck.candidates.vocabulary_formats import byte_alphabet
from hubcheck.frozen import frozen

RESERVED_PATTERNS: Final = (
    # <|reserved_special_token_0|>, <unused0>, <extra_id_0>, <|placeholder1|>, <|dummy_0|> ...
    (
        r"<\|?(?:reserved|unused|dummy|filler|extra|extra_id|placeholder)"
        r"(?:[ _-]?special)?(?:[ _-]?tokens?)?[ _-]?\d+\|?>"
    ),
    r"<\|?(?:special|spec|spare|vacant|empty|free|pad|padding)(?:[ _-]?token)?[ _-]?\d+\|?>",
    r"<｜(?:\w{1,8}_)?place▁holder▁no▁\d+｜>",
    r"\[(?:unused|pad|reserved|extra|unk|dummy|special)(?:[ _-]?token)?[ _-]?\d+\]",
    r"madeupword\d+",
)
"""How publishers spell ids kept for later: Llama 3 ``<|reserved_special_token_0|>``, Gemma
``<unused0>``, BERT ``[unused0]``, T5 ``<extra_id_0>``, Phi-3 ``<|placeholder1|>``, Phi-4
``<|dummy_0|>``, Mistral ``<SPECIAL_20>``, DeepSeek's placeholder, fairseq ``madeupword0000``."""

_RESERVED: Final = re.compile("|".join(f"(?:{p})" for p in RESERVED_PATTERNS), re.IGNORECASE)
_LAST: Final = frozenset("0123456789>]")
"""Last characters of everything that these patterns match."""
_SPECIAL: Final = re.compile(
    r"<\|[^|]{0,64}\|>|<｜[^｜]{0,64}｜>|\[[A-Z]{2,8}\]|</?s>|<(?:pad|unk|bos|eos|mask|cls|sep)>"
)
_HEX_BYTE: Final = re.compile(r"<0x([0-9A-Fa-f]{2})>")


@frozen
class RowAlignment:
    """Rows of two embeddings that stand for the same token."""

    ids_a: NDArray[np.int64]
    """Shape [n], rising."""
    ids_b: NDArray[np.int64]
    """Shape [n]."""


def shared_tokens(a: Vocabulary, b: Vocabulary) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the ids of the tokens that both vocabularies hold, aligned by token.

    Left out are special, added, reserved-looking and ambiguous tokens: their rows may never have
    been trained. Single-byte tokens stay. Vocabularies that spell a space differently are compared
    by the text the tokens stand for.

    Returns:
        ``(ids_a, ids_b)``, int64, shape [n] each, ``ids_a`` rising; n may be 0.
    """
    if a.spelling is b.spelling:
        out_a, out_b = a.special | a.ambiguous, b.special | b.ambiguous
        both = [
            (i, j)
            for token, i in a.ids.items()
            if (j := b.ids.get(token)) is not None
            and i not in out_a
            and j not in out_b
            and not _is_no_text(token)
        ]
    else:
        by_text_b = _by_text(b)
        both = [(i, by_text_b[text]) for text, i in _by_text(a).items() if text in by_text_b]
    both.sort()
    aligned = np.array(both, dtype=np.int64).reshape(-1, 2)
    return aligned[:, 0].copy(), aligned[:, 1].copy()


def reserved_ids(vocabulary: Vocabulary) -> NDArray[np.int64]:
    """Return the ids whose strings say that they are kept for later, int64, rising."""
    found = [i for i, token in vocabulary.strings.items() if _looks_reserved(token)]
    return np.array(sorted(found), dtype=np.int64)


def reserved_rows(
    a: Vocabulary | Absent | Malformed,
    b: Vocabulary | Absent | Malformed,
    *,
    rows_a: int,
    rows_b: int,
) -> list[tuple[int, int]]:
    """Return the rows of the reserved tokens that both vocabularies spell alike, by the first's.

    Args:
        a: Vocabulary of the first model, or why there is none.
        b: The same for the second model.
        rows_a: Rows of the first embedding; ids beyond are left out.
        rows_b: Rows of the second embedding.
    """
    if not isinstance(a, Vocabulary) or not isinstance(b, Vocabulary):
        return []
    there = {b.strings[i]: i for i in reserved_ids(b).tolist()}
    pairs = [(i, there.get(a.strings[i], rows_b)) for i in reserved_ids(a).tolist()]
    return [(i, j) for i, j in pairs if i < rows_a and j < rows_b]


def align_rows(
    a: Vocabulary | Absent | Malformed,
    b: Vocabulary | Absent | Malformed,
    *,
    rows_a: int,
    rows_b: int,
) -> RowAlignment | Absent:
    """Align the rows of two embeddings by token, or by id where a vocabulary is missing.

    Args:
        a: Vocabulary of the first model, or why there is none.
        b: The same for the second model.
        rows_a: Rows of the first embedding (padding included).
        rows_b: Rows of the second embedding.

    Returns:
        The shared rows; ``Absent`` when a vocabulary is missing and the row counts differ.
    """
    if isinstance(a, Vocabulary) and isinstance(b, Vocabulary):
        ids_a, ids_b = shared_tokens(a, b)
        inside = (ids_a < rows_a) & (ids_b < rows_b)
        return RowAlignment(ids_a=ids_a[inside], ids_b=ids_b[inside])
    if rows_a != rows_b:
        return Absent()
    ids = np.arange(rows_a, dtype=np.int64)
    present = next((x for x in (a, b) if isinstance(x, Vocabulary)), None)
    if present is not None:
        known = np.fromiter(_alignable(present).values(), dtype=np.int64)
        ids = np.intersect1d(ids, known)
    return RowAlignment(ids_a=ids, ids_b=ids.copy())


def _alignable(vocabulary: Vocabulary) -> dict[str, int]:
    """Return the tokens whose rows are expected to be trained and mean one thing."""
    left_out = vocabulary.special | vocabulary.ambiguous
    return {t: i for t, i in vocabulary.ids.items() if i not in left_out and not _is_no_text(t)}


def _is_no_text(token: str) -> bool:
    """Tell whether a token looks special or reserved; the last character settles most of them."""
    return token[-1:] in _LAST and (
        _RESERVED.fullmatch(token) is not None or _SPECIAL.fullmatch(token) is not None
    )


def _looks_reserved(token: str) -> bool:
    return token[-1:] in _LAST and _RESERVED.fullmatch(token) is not None


def _by_text(vocabulary: Vocabulary) -> dict[bytes, int]:
    """Return the id of each text; a text that two tokens stand for is left out."""
    to_byte = {c: b for b, c in enumerate(byte_alphabet())}
    found: dict[bytes, int] = {}
    twice: set[bytes] = set()
    for token, i in _alignable(vocabulary).items():
        text = _text_of(token, vocabulary.spelling, to_byte)
        if text in found:
            twice.add(text)
        found[text] = i
    return {text: i for text, i in found.items() if text and text not in twice}


def _text_of(token: str, spelling: Spelling, to_byte: Mapping[str, int]) -> bytes:
    """Return the UTF-8 bytes that a token stands for, with a space where a word starts."""
    match spelling:
        case Spelling.BYTE_LEVEL if to_byte.keys() >= set(token):
            return bytes([to_byte[c] for c in token])
        case Spelling.SENTENCEPIECE:
            single = _HEX_BYTE.fullmatch(token)
            if single is not None:
                return bytes([int(single[1], 16)])
            token = token.replace("▁", " ")
        case Spelling.WORDPIECE:
            token = token[2:] if token.startswith("##") else f" {token}"
        case _:
            pass
    return token.encode("utf-8", "surrogatepass")
