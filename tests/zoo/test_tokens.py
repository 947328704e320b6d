"""Does the tokenizer follow its vocabulary?"""

from __future__ import annotations

import numpy as np
from tokenizers import Tokenizer

from tests.material.zoo import tokens
from tests.material.zoo.corpus import BEGIN, END, tokenizer_files

SAMPLE = "def halve(x: int) -> int:\n    return x // 2  # naïve<|end|><|reserved_3|>"


def test_reordered_tokenizer_gives_the_moved_ids(tokenizer: Tokenizer) -> None:
    """Every token of a text, special ones included, has its new id, and decoding is unchanged."""
    order = np.random.default_rng(2).permutation(tokenizer.get_vocab_size())
    files = tokens.reordered(tokenizer_files(tokenizer), order)
    moved = Tokenizer.from_str(files["tokenizer.json"])
    before, after = tokenizer.encode(SAMPLE).ids, moved.encode(SAMPLE).ids
    assert [int(order[i]) for i in after] == before
    assert moved.decode(after) == tokenizer.decode(before)


def test_special_ids_follow(tokenizer: Tokenizer) -> None:
    """The ids for config.json are those of the moved begin and end tokens."""
    order = np.random.default_rng(2).permutation(tokenizer.get_vocab_size())
    files = tokens.reordered(tokenizer_files(tokenizer), order)
    moved = Tokenizer.from_str(files["tokenizer.json"])
    expected = {"bos_token_id": moved.token_to_id(BEGIN), "eos_token_id": moved.token_to_id(END)}
    assert tokens.special_ids(files) == expected


def test_extended_tokenizer_appends_ids(tokenizer: Tokenizer) -> None:
    """New tokens get the next ids and old text keeps its ids."""
    size = tokenizer.get_vocab_size()
    files = tokens.extended(tokenizer_files(tokenizer), ("<|a|>", "<|b|>"))
    longer = Tokenizer.from_str(files["tokenizer.json"])
    assert longer.encode("<|a|><|b|>").ids == [size, size + 1]
    assert longer.encode(SAMPLE).ids == tokenizer.encode(SAMPLE).ids
