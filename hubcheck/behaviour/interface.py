"""What is asked of a look at behaviour, and why may there be none?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from typing import Any

from numpy.typing import NDArray

from hubcheck.frozen import frozen


class NotRun(StrEnum):
    """Why two models were not held against each other by what they do; the words are the card's."""

    PACKAGES = "packages"
    """transformers, accelerate or torch is not installed."""
    BUDGET = "budget"
    """``--max-read`` does not cover every byte of the weights."""
    NETWORK = "network"
    FORMAT = "format"
    """No safetensors and no GGUF: nothing that could hold code is loaded."""
    PARTS = "parts"
    """Several components, or a folder of several models: there is no one language model."""
    NO_TOKENIZER = "no-tokenizer"
    NOT_CAUSAL = "not-causal"
    """It is not a model that goes on with a text."""
    OWN_CODE = "own-code"
    """The class is not in transformers: it would need the repository's own code."""
    INCOMPLETE = "incomplete"
    """Weights are missing or of another shape: what would run is partly random."""
    FAILED = "failed"
    """transformers could not load or run it."""
    NOT_FINITE = "not-finite"
    NO_SHARED_TOKENS = "no-shared-tokens"
    ENDPOINT = "endpoint"
    """The server did not answer as it should."""


class NotRunError(Exception):
    """A model was not run."""

    def __init__(self, why: NotRun, kind: str = "") -> None:
        """Say why, and of which kind the error was: the name of its class, no text of it."""
        super().__init__(why.value)
        self.why = why
        self.kind = kind


@frozen
class Wanted:
    """What whoever asks for a look at behaviour wants."""

    bases: bool = True
    """Every base is run beside the subject."""
    endpoint: str = ""
    """Address of a server that speaks OpenAI's completions, ``https://host/v1#model``; held against
    the subject."""
    key: str = field(default="", repr=False)
    """Of that server."""
    all_bytes: bool = True
    """No limit was named: weights are read whole."""


@frozen
class Vocabulary:
    """The tokens of a model, as its tokenizer has them."""

    ids: Mapping[str, int]
    special: frozenset[int]


@frozen
class Seen:
    """What a model did on one kind of prompt; [n, ...] one row a position."""

    scores: NDArray[Any]
    """[n, v] before the softmax, float16."""
    states: tuple[NDArray[Any], ...]
    """[n, d] by layer, float32; the embeddings first."""
