"""Which independent models without gates calibrate the disguise test, and which command trains them?

``python -m benchmarks.zoo.plain train [--share I/N]`` trains the models of encoders and decoders
whose MLP is down(act(up x)), in one process on one core; ``benchmarks.zoo.calibrate --plain`` makes
their table. Two views of a neuron are left where a gated one has three, so strangers agree more
often by chance and such models have a table of their own. The mixture, and why:

- post (half): norms after each sum, biases, learned positions, a layer before the output, as BERT;
- pre (a quarter): norms before each block, GELU, as GPT-2; relu (a quarter): the same with ReLU.

Of each, three fifths (hard) share shape, text and the order of the text, and the seed alone
differs: nothing else brings unrelated models this close. A fifth (text) learn another text or in
another order, a fifth (shape) have another shape. All guess the next token: guessing masked ones
stays at their frequencies for longer than 200 models can wait. A cohort of one shape trains
stacked, as in ``benchmarks.zoo.calibration``.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from benchmarks.zoo.calibration import clip_each
from benchmarks.zoo.train import MODELS, kept_tokenizer, write_manifest
from tests.material.zoo.corpus import LICENCE, Corpus, Text, encode, tokenizer_files
from tests.material.zoo.folder import write_model
from tests.material.zoo.learn import BETAS, WEIGHT_DECAY, draw, learning_rate
from tests.material.zoo.model import NORM_EPSILON, Shape, Weights

PLAIN: Final = MODELS / "plain"
BATCH: Final = 4
WINDOW: Final = 32
STEPS: Final = 400
"""51,000 tokens: a loss of 4.86 where token frequencies give 5.35, in one and a half seconds."""
PEAK_RATE: Final = 8e-3
COHORT: Final = 10
COHORTS: Final = 20
"""200 models, floor 2/202: below 0.01 where one base is tried."""
FIRST_SEED: Final = 200_000
"""Far from the seeds of the other models of the zoo."""
ORDER: Final = 200_000
INIT: Final = 0.05
HARD: Final = Shape(hidden=32, neurons=96, layers=3, heads=4, kv_heads=4, head_dim=8)
SHAPES: Final = tuple(
    Shape(hidden=d, neurons=f, layers=n, heads=h, kv_heads=h, head_dim=d // h)
    for d, f, n, h in ((32, 128, 2, 4), (48, 96, 3, 4), (40, 128, 3, 2), (24, 96, 3, 4))
)

Kind = Literal["post", "pre", "relu"]
Variant = Literal["hard", "text", "shape"]
KINDS: Final[tuple[Kind, ...]] = ("post", "pre", "post", "relu")
VARIANTS: Final[tuple[Variant, ...]] = ("hard", "text", "hard", "shape", "hard")
"""Of four cohorts each, one of every kind."""
log = logging.getLogger("benchmarks.zoo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Everything that decides one model's weights, given the texts."""

    name: str
    kind: Kind
    variant: Variant
    init_seed: int
    text: Text
    order_seed: int
    shape: Shape

    def config(self) -> dict[str, object]:
        """Return config.json as ``transformers`` reads it."""
        s = self.shape
        if self.kind == "post":
            return {
                "architectures": ["BertForMaskedLM"], "model_type": "bert",
                "vocab_size": s.vocab, "hidden_size": s.hidden, "num_hidden_layers": s.layers,
                "num_attention_heads": s.heads, "intermediate_size": s.neurons,
                "max_position_embeddings": WINDOW, "hidden_act": "gelu",
            }  # fmt: skip
        act = "relu" if self.kind == "relu" else "gelu_new"
        return {
            "architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "vocab_size": s.vocab,
            "n_embd": s.hidden, "n_layer": s.layers, "n_head": s.heads, "n_inner": s.neurons,
            "n_positions": WINDOW, "activation_function": act,
        }  # fmt: skip


def cohort(number: int) -> tuple[Member, ...]:
    """Return one cohort: models of one kind and shape that train stacked."""
    kind = KINDS[number % len(KINDS)]
    variant = VARIANTS[number // len(KINDS) % len(VARIANTS)]
    shape = SHAPES[number % len(SHAPES)] if variant == "shape" else HARD
    members = []
    for i in range(COHORT):
        seed = FIRST_SEED + number * COHORT + i
        other = variant == "text"
        members.append(
            Member(
                name=f"{kind}-{variant}-{number * COHORT + i:03d}",
                kind=kind,
                variant=variant,
                init_seed=seed,
                text=(Text.MAIN, Text.OTHER)[i % 2] if other else Text.MAIN,
                order_seed=seed if other else ORDER,
                shape=shape,
            )
        )
    return tuple(members)


def initial(member: Member) -> Weights:
    """Return freshly drawn weights under short names: normal matrices, unit gains, no biases."""
    rng = np.random.default_rng(member.init_seed)
    s = member.shape
    d, f = s.hidden, s.neurons
    named: dict[str, tuple[int, ...]] = {"tokens": (s.vocab, d), "places": (WINDOW, d)}
    for i in range(s.layers):
        named |= {f"{i}.{n}": (d, d) for n in "qkvo"}
        named |= {f"{i}.{n}.bias": (d,) for n in "qkvo"}
        named |= {f"{i}.up": (f, d), f"{i}.up.bias": (f,), f"{i}.down": (d, f)}
        named |= {f"{i}.down.bias": (d,)}
        named |= {f"{i}.norm{n}{part}": (d,) for n in "12" for part in ("", ".bias")}
    named |= {"norm": (d,), "norm.bias": (d,)}
    if member.kind == "post":
        named |= {"mix": (d, d), "mix.bias": (d,), "mixed": (d,), "mixed.bias": (d,)}
        named |= {"head.bias": (s.vocab,)}
    drawn: Weights = {}
    for name, size in named.items():
        if len(size) > 1:
            drawn[name] = (INIT * rng.standard_normal(size)).astype(np.float32)
        else:
            fill = np.zeros if name.endswith(".bias") else np.ones
            drawn[name] = fill(size, dtype=np.float32)
    return drawn


def stacked_logits(weights: Mapping[str, Tensor], like: Member, ids: Tensor) -> Tensor:
    """Return the logits [M, B * T, vocab] of M models at once, ids [M, B, T]."""
    s = like.shape
    m, b, t = ids.shape
    future = torch.full((t, t), -torch.inf).triu(1)

    def linear(x: Tensor, name: str) -> Tensor:
        return torch.baddbmm(weights[name + ".bias"][:, None], x, weights[name].transpose(1, 2))

    def normed(x: Tensor, name: str) -> Tensor:
        unit = functional.layer_norm(x, x.shape[-1:], eps=NORM_EPSILON)
        return unit * weights[name][:, None] + weights[name + ".bias"][:, None]

    def attended(x: Tensor, i: int) -> Tensor:
        q, k, v = (
            linear(x, f"{i}.{n}").view(m * b, t, s.heads, s.head_dim).transpose(1, 2) for n in "qkv"
        )
        mixed = functional.scaled_dot_product_attention(q, k, v, attn_mask=future)
        return linear(mixed.transpose(1, 2).reshape(m, b * t, -1), f"{i}.o")

    def thought(x: Tensor, i: int) -> Tensor:
        inner = linear(x, f"{i}.up")
        if like.kind == "relu":
            inner = inner.relu()
        else:
            inner = functional.gelu(inner, approximate="none" if like.kind == "post" else "tanh")
        return linear(inner, f"{i}.down")

    own_rows = ids + s.vocab * torch.arange(m)[:, None, None]
    x = functional.embedding(own_rows.view(m, b * t), weights["tokens"].view(m * s.vocab, -1))
    x = x + weights["places"][:, None, :t].expand(m, b, t, -1).reshape(m, b * t, -1)
    if like.kind == "post":
        x = normed(x, "norm")
        for i in range(s.layers):
            x = normed(x + attended(x, i), f"{i}.norm1")
            x = normed(x + thought(x, i), f"{i}.norm2")
        x = normed(functional.gelu(linear(x, "mix")), "mixed")
        return torch.baddbmm(weights["head.bias"][:, None], x, weights["tokens"].transpose(1, 2))
    for i in range(s.layers):
        x = x + attended(normed(x, f"{i}.norm1"), i)
        x = x + thought(normed(x, f"{i}.norm2"), i)
    return torch.bmm(normed(x, "norm"), weights["tokens"].transpose(1, 2))


def train(members: Sequence[Member], corpora: Mapping[Text, Corpus]) -> tuple[list[Weights], float]:
    """Train models side by side; return the weights of each, and their mean loss at the end."""
    like = members[0]
    drawn = [initial(member) for member in members]
    weights = {
        n: torch.from_numpy(np.stack([w[n] for w in drawn])).requires_grad_() for n in drawn[0]
    }
    vectors = [w for w in weights.values() if w.ndim == 2]
    matrices = [w for w in weights.values() if w.ndim > 2]
    groups: list[dict[str, Any]] = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, 0.0, BETAS, weight_decay=WEIGHT_DECAY, fused=True)
    sources = [(corpora[one.text].train, one.order_seed) for one in members]
    last: list[float] = []
    for step in range(STEPS):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, STEPS, PEAK_RATE)
        windows = [draw(*source, step, batch=BATCH, window=WINDOW) for source in sources]
        ids = torch.from_numpy(np.stack(windows))
        scores = stacked_logits(weights, like, ids[..., :-1])
        loss = functional.cross_entropy(
            scores.flatten(0, 1), ids[..., 1:].reshape(-1), reduction="sum"
        ) / (BATCH * WINDOW)
        loss.backward()
        clip_each(list(weights.values()))
        optimiser.step()
        optimiser.zero_grad()
        if step >= STEPS - STEPS // 10:
            last.append(float(loss.detach()) / len(members))
    arrays = {n: w.detach().numpy() for n, w in weights.items()}
    each = [{n: a[i].copy() for n, a in arrays.items()} for i in range(len(members))]
    return each, float(np.mean(last))


BERT: Final = {
    "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
    "o": "attention.output.dense", "norm1": "attention.output.LayerNorm",
    "up": "intermediate.dense", "down": "output.dense", "norm2": "output.LayerNorm",
}  # fmt: skip
BERT_OUTSIDE: Final = {
    "tokens": "bert.embeddings.word_embeddings.weight",
    "places": "bert.embeddings.position_embeddings.weight",
    "norm": "bert.embeddings.LayerNorm.weight", "norm.bias": "bert.embeddings.LayerNorm.bias",
    "mix": "cls.predictions.transform.dense.weight",
    "mix.bias": "cls.predictions.transform.dense.bias",
    "mixed": "cls.predictions.transform.LayerNorm.weight",
    "mixed.bias": "cls.predictions.transform.LayerNorm.bias",
    "head.bias": "cls.predictions.bias",
}  # fmt: skip
GPT2: Final = {"o": "attn.c_proj", "norm1": "ln_1", "norm2": "ln_2", "up": "mlp.c_fc",
               "down": "mlp.c_proj"}  # fmt: skip
GPT2_OUTSIDE: Final = {"tokens": "wte.weight", "places": "wpe.weight", "norm": "ln_f.weight",
                       "norm.bias": "ln_f.bias"}  # fmt: skip


def published(member: Member, weights: Weights) -> Weights:
    """Return the weights under the names that the member's library gives them."""
    if member.kind == "post":
        found = {BERT_OUTSIDE[n]: w for n, w in weights.items() if n in BERT_OUTSIDE}
        for name, values in weights.items():
            layer, _, rest = name.partition(".")
            if layer.isdecimal():
                part, _, bias = rest.partition(".")
                end = bias or "weight"
                found[f"bert.encoder.layer.{layer}.{BERT[part]}.{end}"] = values
        return found
    found = {GPT2_OUTSIDE[n]: w for n, w in weights.items() if n in GPT2_OUTSIDE}
    for i in range(member.shape.layers):
        qkv = [weights[f"{i}.{n}"] for n in "qkv"]
        found[f"h.{i}.attn.c_attn.weight"] = np.concatenate(qkv).T.copy()
        found[f"h.{i}.attn.c_attn.bias"] = np.concatenate([weights[f"{i}.{n}.bias"] for n in "qkv"])
        for part, name in GPT2.items():
            values = weights[f"{i}.{part}"]
            found[f"h.{i}.{name}.weight"] = values.T.copy() if values.ndim > 1 else values
            found[f"h.{i}.{name}.bias"] = weights[f"{i}.{part}.bias"]
    return found


def keep(number: int, corpora: Mapping[Text, Corpus], tokenizer: Tokenizer, models: Path) -> None:
    """Train a cohort and write ``models/NAME`` for each of it, unless all are finished."""
    members = cohort(number)
    folders = [models / member.name for member in members]
    if all((folder / "training.json").exists() for folder in folders):
        return
    began = time.monotonic()
    trained, loss = train(members, corpora)
    seconds = (time.monotonic() - began) / len(members)
    for member, folder, weights in zip(members, folders, trained, strict=True):
        write_model(
            folder,
            published(member, weights),
            member.config(),
            tokenizer_files=tokenizer_files(tokenizer),
            card=f"# {member.name}\n\nIndependent small model without gates.\n",
            dtype="F32",
        )
        facts = {
            **asdict(member),
            "loss": round(loss, 4),
            "seconds": round(seconds, 2),
            "text_sha256": corpora[member.text].sha256,
            "text_licence": LICENCE,
            "python": platform.python_version(),
            "torch": torch.__version__,
        }
        unfinished = folder / "training.new"
        unfinished.write_text(json.dumps(facts, indent=2) + "\n")
        unfinished.replace(folder / "training.json")
    log.info("%s and its cohort: loss %.3f, %.2f s a model", members[0].name, loss, seconds)


def main(arguments: list[str] | None = None) -> int:
    """Train one share of the models, or all; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo.plain", description=__doc__)
    parser.add_argument("command", choices=("train",))
    parser.add_argument("--share", default="1/1", help="I/N: every Nth cohort from the Ith (1/1)")
    parser.add_argument("--models", type=Path, default=PLAIN, help="where the models are kept")
    chosen = parser.parse_args(arguments)
    first, _, count = chosen.share.partition("/")
    if not (first.isdecimal() and count.isdecimal() and 1 <= int(first) <= int(count)):
        parser.error(f"--share {chosen.share!r} is no share; give I/N, such as 1/2")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    torch.set_num_threads(1)
    tokenizer = kept_tokenizer()
    corpora = {text: encode(tokenizer, text) for text in Text}
    for number in range(COHORTS)[int(first) - 1 :: int(count)]:
        keep(number, corpora, tokenizer, chosen.models)
    write_manifest(chosen.models)
    return 0


if __name__ == "__main__":
    sys.exit(main())
