"""Which rows of an embedding are the anchor tokens that nearly every vocabulary has?

Anchors are found by the bytes that a token stands for, never by its number: single characters and
short pieces of text and code, the ones that learned vocabularies have among their first. All of
``anchors.txt`` lie within 700 tokens of the first in two published vocabularies (49,152 and 262,144
tokens), so that one range of an embedding holds them; their order is part of the sketch's version.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.candidates.tokenizer import Spelling, Vocabulary
from hubcheck.candidates.vocabulary_formats import byte_alphabet

ABSENT: Final = -1
NO_ANCHOR: Final = "-"
"""Line of a place whose anchor was given up: it lies far from the others in an embedding."""
_BYTE_PIECE: Final = 6
"""Characters of ``<0x41>``."""


@cache
def _text() -> str:
    return (files("hubcheck.catalogue") / "anchors.txt").read_text(encoding="ascii")


@cache
def anchors() -> tuple[bytes | None, ...]:
    """Return the anchors, each in its place; None for a place without one.

    An anchor's place decides its signs, which stay what they are when another one is given up.
    """
    return tuple(None if word == NO_ANCHOR else bytes.fromhex(word) for word in _text().split())


@cache
def anchors_digest() -> str:
    """Return the sha256 of the list."""
    return hashlib.sha256(" ".join(_text().split()).encode("ascii")).hexdigest()


@cache
def _byte_of() -> dict[str, int]:
    return {letter: byte for byte, letter in enumerate(byte_alphabet())}


def bytes_of_token(token: str, spelling: Spelling) -> bytes | None:
    """Return the bytes that a token stands for; None where it stands for none."""
    match spelling:
        case Spelling.BYTE_LEVEL:
            known = _byte_of()
            return bytes(known[c] for c in token) if all(c in known for c in token) else None
        case Spelling.SENTENCEPIECE:
            if len(token) == _BYTE_PIECE and token.startswith("<0x") and token.endswith(">"):
                try:
                    return bytes([int(token[3:5], 16)])
                except ValueError:
                    return None
            return _utf8(token.replace("▁", " "))
        case Spelling.WORDPIECE:
            return _utf8(token[2:] if token.startswith("##") else f" {token}")
        case Spelling.PLAIN:
            return _utf8(token)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", errors="surrogatepass")


def anchor_ids(vocabulary: Vocabulary, rows: int) -> NDArray[np.int64]:
    """Return the row of each anchor, ``ABSENT`` where the vocabulary or the embedding lacks it.

    Where two tokens stand for the same bytes (a character and its byte piece) the lower id is
    taken.

    Args:
        vocabulary: The tokens.
        rows: Rows of the embedding.
    """
    found: dict[bytes, int] = {}
    wanted = {anchor for anchor in anchors() if anchor is not None}
    for number in sorted(vocabulary.strings):
        if number >= rows or number in vocabulary.special or number in vocabulary.ambiguous:
            continue
        token = bytes_of_token(vocabulary.strings[number], vocabulary.spelling)
        if token in wanted:
            found.setdefault(token, number)
    ids = (ABSENT if anchor is None else found.get(anchor, ABSENT) for anchor in anchors())
    return np.fromiter(ids, dtype=np.int64)
