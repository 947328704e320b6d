"""How are a small BERT and a small T5 really trained, and what is made from them?

On the zoo's text (the language reference and sources of the standard library), so nothing is
downloaded. The BERT guesses the next token behind a causal mask, because guessing masked tokens
stays at their frequencies for longer than anyone wants to wait here; the T5 reads some tokens and
writes the next. The same seeds on the same machine and versions give the same weights.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks.kinds.build import Published, published_in, quiet
from benchmarks.kinds.descend import descend
from benchmarks.kinds.folder import changed
from tests.material.zoo.corpus import Text, encode, train_tokenizer

WIDTH: Final = 96
HEADS: Final = 4
INNER: Final = 384
LAYERS: Final = 4
LENGTH: Final = 64
READ: Final = 40
"""Tokens that a T5 reads; it writes the rest."""
BATCH: Final = 24
STEPS: Final = 1_000
TUNING: Final = 250
RATE: Final = 1e-3
TUNING_RATE: Final = 3e-4
NEW_WORDS: Final = 601
"""Size of a new vocabulary: every old token under another id, and some that are never seen."""
CHARACTERS: Final = 600_000
"""Of each text: more would be cut and never reached in this many steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The two texts as ids, and the tokens by id."""

    main: torch.Tensor
    other: torch.Tensor
    tokens: tuple[str, ...]


def texts() -> Texts:
    """Return both texts, cut by a tokenizer that is learned from the first."""
    tokenizer = train_tokenizer()
    known = tokenizer.get_vocab()
    main, other = (
        torch.from_numpy(encode(tokenizer, text, max_chars=CHARACTERS).train)
        for text in (Text.MAIN, Text.OTHER)
    )
    return Texts(main=main, other=other, tokens=tuple(sorted(known, key=known.__getitem__)))


def configured(kind: str, tokens: int) -> Any:
    """Return an untrained model: ``BERT`` or ``T5``."""
    import transformers

    if kind == "BERT":
        return transformers.BertForMaskedLM(
            transformers.BertConfig(
                vocab_size=tokens, hidden_size=WIDTH, num_hidden_layers=LAYERS,
                num_attention_heads=HEADS, intermediate_size=INNER, max_position_embeddings=LENGTH,
                hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
            )
        )  # fmt: skip
    return transformers.T5ForConditionalGeneration(
        transformers.T5Config(  # type: ignore[call-arg]  # the last two go to the base class
            vocab_size=tokens, d_model=WIDTH, d_kv=WIDTH // HEADS, d_ff=INNER, num_layers=LAYERS,
            num_decoder_layers=LAYERS, num_heads=HEADS, feed_forward_proj="gated-gelu",
            dropout_rate=0.0, decoder_start_token_id=0, pad_token_id=0,
        )
    )  # fmt: skip


def learn(model: Any, ids: torch.Tensor, seed: int, steps: int, rate: float) -> float:
    """Train a model in place; return its mean loss over the last tenth of the steps.

    Args:
        model: From ``configured``, or trained before.
        ids: The text as token ids.
        seed: Of the order of the text.
        steps: See ``descend``.
        rate: See ``descend``.
    """
    generator = torch.Generator().manual_seed(seed)

    def loss() -> torch.Tensor:
        at = torch.randint(0, len(ids) - LENGTH, (BATCH, 1), generator=generator)
        return _loss(model, ids[at + torch.arange(LENGTH)])

    return descend(model, loss, steps, rate)


def _loss(model: Any, rows: torch.Tensor) -> torch.Tensor:
    if model.config.model_type == "t5":
        return model(input_ids=rows[:, :READ], labels=rows[:, READ:].contiguous()).loss
    seen = torch.ones(LENGTH, LENGTH, dtype=torch.bool).tril().expand(len(rows), 1, -1, -1)
    said = model(input_ids=rows, attention_mask=seen).logits[:, :-1]
    return torch.nn.functional.cross_entropy(said.flatten(0, 1), rows[:, 1:].flatten())


def save(model: Any, folder: Path) -> Published:
    """Save a model and return what its folder holds."""
    with quiet():
        model.save_pretrained(folder)
    return published_in(folder)


def loaded(kind: str, model: Published) -> Any:
    """Return a published model ready to run."""
    made = configured(kind, int(model.config["vocab_size"]))
    made.load_state_dict(dict(model.tensors), strict=False)
    made.tie_weights()
    return made.eval()


def renumbered(ids: torch.Tensor, tokens: int, seed: int) -> torch.Tensor:
    """Return a text under a new vocabulary: every token by another id."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randperm(NEW_WORDS, generator=generator)[:tokens][ids]


def with_new_words(kind: str, model: Published, seed: int) -> Any:
    """Return a model with fresh embeddings for a new vocabulary, its body unchanged."""
    torch.manual_seed(seed)
    made = configured(kind, NEW_WORDS)
    old = int(model.config["vocab_size"])
    body = {n: t for n, t in model.tensors.items() if old not in t.shape}
    made.load_state_dict(body, strict=False)
    return made


# -- disguise: relabelled channels, neurons, heads and V/O dimensions --------------------------------

STREAM_OUT: Final[Mapping[str, str]] = {
    "BERT": r"output\.dense|transform\.dense|LayerNorm",
    "T5": r"\.o\.weight|\.wo\.weight|layer_norm",
}
"""Tensors whose rows, or entries, are channels."""
STREAM_IN: Final[Mapping[str, str]] = {
    "BERT": r"embeddings\.weight|self\.(query|key|value)\.weight|intermediate\.dense\.weight"
    r"|transform\.dense\.weight",
    "T5": r"shared\.weight|embed_tokens\.weight|lm_head\.weight|\.[qkv]\.weight|\.wi_[01]\.weight",
}
"""Tensors whose columns are channels."""


def relabelled(kind: str, model: Published, seed: int) -> Published:
    """Return the same function with channels, neurons and V/O dimensions in another order.

    Args:
        kind: ``BERT`` or ``T5``.
        model: A trained model.
        seed: Of the new orders.
    """
    generator = torch.Generator().manual_seed(seed)
    channels = torch.randperm(WIDTH, generator=generator)
    tensors = dict(model.tensors)
    for name, values in tensors.items():
        found = values
        if re.search(STREAM_IN[kind], name):
            found = found[:, channels]
        if re.search(STREAM_OUT[kind], name):
            found = found[channels]
        tensors[name] = found
    for up, up_bias, down in _neurons(kind, tensors):
        order = torch.randperm(INNER, generator=generator)
        for name in (*up, *up_bias):
            tensors[name] = tensors[name][order]
        tensors[down] = tensors[down][:, order]
    for v, v_bias, o in _values(kind, tensors):
        inside = [torch.randperm(WIDTH // HEADS, generator=generator) for _ in range(HEADS)]
        order = torch.cat([p + i * (WIDTH // HEADS) for i, p in enumerate(inside)])
        for name in (v, *v_bias):
            tensors[name] = tensors[name][order]
        tensors[o] = tensors[o][:, order]
    return changed(model, {n: t.contiguous() for n, t in tensors.items()})


def _neurons(
    kind: str, tensors: Mapping[str, torch.Tensor]
) -> list[tuple[list[str], list[str], str]]:
    found = []
    for name in tensors:
        if kind == "BERT" and name.endswith("intermediate.dense.weight"):
            at = name.removesuffix("intermediate.dense.weight")
            bias = [f"{at}intermediate.dense.bias"]
            found.append(([name], bias, f"{at}output.dense.weight"))
        if kind == "T5" and name.endswith("wi_0.weight"):
            at = name.removesuffix("wi_0.weight")
            found.append(([name, f"{at}wi_1.weight"], [], f"{at}wo.weight"))
    return found


def _values(kind: str, tensors: Mapping[str, torch.Tensor]) -> list[tuple[str, list[str], str]]:
    found = []
    for name in tensors:
        if kind == "BERT" and name.endswith("self.value.weight"):
            at = name.removesuffix("self.value.weight")
            found.append((name, [f"{at}self.value.bias"], f"{at}output.dense.weight"))
        if kind == "T5" and name.endswith(".v.weight"):
            found.append((name, [], f"{name.removesuffix('v.weight')}o.weight"))
    return found


def largest_difference(kind: str, one: Published, other: Published) -> float:
    """Return by how much two models' outputs differ on some tokens, at most."""
    generator = torch.Generator().manual_seed(1)
    rows = torch.randint(2, 500, (4, LENGTH), generator=generator)
    given = {"input_ids": rows}
    if kind == "T5":
        given = {"input_ids": rows[:, :READ], "decoder_input_ids": rows[:, READ:]}
    with torch.no_grad():
        outputs = [loaded(kind, model)(**given).logits for model in (one, other)]
    return float((outputs[0] - outputs[1]).abs().max())
