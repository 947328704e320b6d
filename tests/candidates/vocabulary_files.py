"""Small tokenizers for tests, trained or written by hand in milliseconds."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence

from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

CORPUS = [
    "the cat sat on the mat",
    "a café in the naïve town",
    "running runner runs",
    "12 + 34 = 46",
]


def byte_level_bpe() -> Tokenizer:
    """Return a trained byte-level BPE tokenizer with two special tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|end|>", "<|reserved_special_token_0|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    tokenizer.add_tokens([AddedToken("extra words", normalized=False)])
    return tokenizer


def wordpiece() -> Tokenizer:
    """Return a trained WordPiece tokenizer."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    trainer = trainers.WordPieceTrainer(
        vocab_size=120, special_tokens=["[UNK]", "[CLS]", "[unused0]"], show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def unigram() -> Tokenizer:
    """Return a trained Unigram tokenizer with sentencepiece spelling."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=60,
        special_tokens=["<unk>", "<unused0>"],
        unk_token="<unk>",
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def varint(value: int) -> bytes:
    """Return a protobuf varint."""
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def sentencepiece_model(pieces: Sequence[tuple[str, int]], *, trailer: bytes = b"") -> bytes:
    """Return a sentencepiece ModelProto of (piece, type); type 1, the default, is not written."""
    out = b""
    for text, kind in pieces:
        raw = text.encode()
        message = b"\x0a" + varint(len(raw)) + raw + b"\x15\x00\x00\x80\xbf"
        message += b"" if kind == 1 else b"\x18" + varint(kind)
        out += b"\x0a" + varint(len(message)) + message
    return out + trailer


def tiktoken_file(tokens: Sequence[bytes]) -> bytes:
    """Return a tiktoken file whose ranks are the positions."""
    return b"".join(base64.b64encode(t) + b" %d\n" % i for i, t in enumerate(tokens))


def tokenizer_json(vocab: object, *, added: object = (), merges: object = None) -> bytes:
    """Return a tokenizer.json with this model, keys in the order of published files."""
    model: dict[str, object] = {"type": "BPE", "vocab": vocab}
    if merges is not None:
        model["merges"] = merges
    return json.dumps({"version": "1.0", "added_tokens": added, "model": model}).encode()
