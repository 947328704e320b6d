"""Which text do the zoo's models learn, and how is it cut into tokens?

The text is what every Python installation carries: the language reference of ``pydoc_data`` and the
sources of the standard library (PSF-2.0). The files are taken in sorted order, so one Python
version always gives the same text; its digest is written beside every trained model.
"""

from __future__ import annotations

import hashlib
import json
import sysconfig
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from pydoc_data import topics
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

LICENCE: Final = "PSF-2.0"
LEARNED_TOKENS: Final = 512
"""256 bytes, two special tokens and 254 merges; embeddings stay a fifth of a model."""
RESERVED_TOKENS: Final = 24
"""Rows that training never sees; 24 give the reserved-token test a bound of 1/24!."""
BEGIN: Final = "<|begin|>"
END: Final = "<|end|>"
HELD_OUT_SHARE: Final = 0.05
"""Share of each text, from its end, that is never trained on."""
OTHER_PACKAGES: Final = (
    "asyncio",
    "concurrent",
    "ctypes",
    "email",
    "http",
    "importlib",
    "json",
    "logging",
    "multiprocessing",
    "unittest",
    "urllib",
    "wsgiref",
    "xml",
    "zoneinfo",
)
"""Packages that slim installations keep; ``test`` and ``idlelib`` are often stripped."""


class Text(StrEnum):
    """The two texts; they share no file."""

    MAIN = "main"
    """The language reference and the top-level modules of the standard library."""
    OTHER = "other"
    """The packages of the standard library named in ``OTHER_PACKAGES``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """One text as token ids, split once into a part to train on and a part held out."""

    text: Text
    sha256: str
    train: NDArray[np.int64]
    """Token ids, shape [n]."""
    held_out: NDArray[np.int64]
    """Token ids, shape [n]."""

    def unigram_loss(self, vocab: int) -> float:
        """Return the held-out loss, in nats per token, of a model that knows only frequencies."""
        counts = np.bincount(self.train, minlength=vocab) + 1.0
        return float(-np.log(counts / counts.sum())[self.held_out].mean())


def documents(text: Text) -> tuple[str, ...]:
    """Return the documents of one text in a fixed order.

    Args:
        text: Which of the two texts.

    Returns:
        One string per help topic or source file; files that are not UTF-8 are left out.
    """
    library = Path(sysconfig.get_paths()["stdlib"])
    if text is Text.MAIN:
        found = [topics.topics[name] for name in sorted(topics.topics)]
        paths = sorted(library.glob("*.py"))
    else:
        found = []
        paths = sorted(p for package in OTHER_PACKAGES for p in (library / package).rglob("*.py"))
    for path in paths:
        try:
            found.append(path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            continue
    return tuple(found)


def train_tokenizer() -> Tokenizer:
    """Return a byte-level BPE tokenizer learned from the main text, reserved tokens at its end."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=LEARNED_TOKENS,
        special_tokens=[BEGIN, END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(documents(Text.MAIN), trainer)
    tokenizer.add_special_tokens([f"<|reserved_{i}|>" for i in range(RESERVED_TOKENS)])
    return tokenizer


def tokenizer_files(tokenizer: Tokenizer) -> dict[str, str]:
    """Return the two files, by name, from which ``transformers`` loads the tokenizer."""
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": BEGIN,
        "eos_token": END,
        "model_max_length": 256,
        "clean_up_tokenization_spaces": False,
    }
    return {
        "tokenizer.json": tokenizer.to_str(pretty=False) + "\n",
        "tokenizer_config.json": json.dumps(config, indent=2) + "\n",
    }


def encode(tokenizer: Tokenizer, text: Text, *, max_chars: int | None = None) -> Corpus:
    """Return one text as token ids, an end token after every document.

    Args:
        tokenizer: From ``train_tokenizer`` or a tokenizer.json.
        text: Which of the two texts.
        max_chars: Stop after the document that reaches this many characters; all by default.
    """
    chosen: list[str] = []
    n_chars = 0
    for document in documents(text):
        if max_chars is not None and n_chars >= max_chars:
            break
        chosen.append(document)
        n_chars += len(document)
    end: int = tokenizer.get_vocab()[END]
    ids: list[int] = []
    for encoding in tokenizer.encode_batch(chosen):
        ids.extend(encoding.ids)
        ids.append(end)
    array = np.asarray(ids, dtype=np.int64)
    split = int(len(array) * (1.0 - HELD_OUT_SHARE))
    digest = hashlib.sha256("\0".join(chosen).encode()).hexdigest()
    return Corpus(text=text, sha256=digest, train=array[:split], held_out=array[split:])
