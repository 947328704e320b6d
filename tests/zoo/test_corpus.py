"""Is the text what every installation carries, and cut as promised?"""

from __future__ import annotations

import numpy as np
from tokenizers import Tokenizer

from tests.material.zoo.corpus import (
    LEARNED_TOKENS,
    RESERVED_TOKENS,
    Text,
    documents,
    encode,
)


def test_texts_share_no_document() -> None:
    """The two texts are there, in a fixed order, and have nothing but empty files in common."""
    main, other = documents(Text.MAIN), documents(Text.OTHER)
    assert main == documents(Text.MAIN)
    assert sum(map(len, main)) > 1_000_000
    assert not {d for d in main if len(d) > 100} & set(other)


def test_reserved_tokens_are_never_seen(tokenizer: Tokenizer) -> None:
    """The vocabulary ends with the reserved tokens and no text contains one."""
    assert tokenizer.get_vocab_size() == LEARNED_TOKENS + RESERVED_TOKENS
    corpus = encode(tokenizer, Text.OTHER, max_chars=200_000)
    assert corpus.train.max() < LEARNED_TOKENS
    assert tokenizer.token_to_id("<|reserved_0|>") == LEARNED_TOKENS


def test_held_out_part_follows_the_rest(tokenizer: Tokenizer) -> None:
    """A twentieth is held out and its unigram loss is that of real text, below a uniform guess."""
    corpus = encode(tokenizer, Text.MAIN, max_chars=100_000)
    share = len(corpus.held_out) / (len(corpus.held_out) + len(corpus.train))
    assert abs(share - 0.05) < 0.001
    vocab = LEARNED_TOKENS + RESERVED_TOKENS
    assert 3.0 < corpus.unigram_loss(vocab) < np.log(vocab)
