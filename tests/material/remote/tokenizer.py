"""What is in a tokenizer of the usual size and form, without a text to learn it from?

A byte-level BPE whose merges are drawn instead of counted: every token is two earlier ones joined,
so the library loads it and it encodes any text. Size and parsing are those of a learned one.
"""

from __future__ import annotations

import json
from typing import Final

import numpy as np

RESERVED: Final = 256
"""Special tokens at the end, as in Llama 3."""
LONGEST: Final = 16
"""Characters of a token."""


def byte_alphabet() -> list[str]:
    """Return the printable character that stands for each byte in a byte-level vocabulary."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + n) for n in range(len(others))]


def write_tokenizer(vocab: int, rng: np.random.Generator) -> dict[str, str]:
    """Return the text of ``tokenizer.json`` and ``tokenizer_config.json``.

    Args:
        vocab: Tokens in all, more than the bytes and the reserved ones.
        rng: Draws the merges.

    Raises:
        ValueError: ``vocab`` is too small.
    """
    tokens = byte_alphabet()
    n_merged = vocab - len(tokens) - RESERVED
    if n_merged < 0:
        raise ValueError(f"vocab must be at least {len(tokens) + RESERVED}, not {vocab}")
    known = set(tokens)
    merges: list[list[str]] = []
    while len(merges) < n_merged:
        # Short, early tokens take part in most merges, as in learned vocabularies.
        for left, right in (rng.random((8192, 2)) ** 2 * len(tokens)).astype(int).tolist():
            joined = tokens[left] + tokens[right]
            if joined in known or len(joined) > LONGEST or len(merges) == n_merged:
                continue
            known.add(joined)
            tokens.append(joined)
            merges.append([tokens[left], tokens[right]])
    special = [f"<|reserved_special_token_{n}|>" for n in range(RESERVED)]
    special[0], special[1] = "<|begin_of_text|>", "<|end_of_text|>"
    added = [
        {"id": len(tokens) + n, "content": text, "single_word": False, "lstrip": False,
         "rstrip": False, "normalized": False, "special": True}
        for n, text in enumerate(special)
    ]  # fmt: skip
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                  "use_regex": True}  # fmt: skip
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": None,
        "pre_tokenizer": byte_level,
        "post_processor": None,
        "decoder": byte_level,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False,
            "ignore_merges": True, "vocab": {t: n for n, t in enumerate(tokens)}, "merges": merges,
        },
    }  # fmt: skip
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": special[0],
        "eos_token": special[1],
        "model_max_length": 8192,
    }
    return {
        "tokenizer.json": json.dumps(tokenizer, ensure_ascii=False, indent=1),
        "tokenizer_config.json": json.dumps(config, indent=2),
    }
