"""Which independent models calibrate the disguise test, and which command trains them?

``python -m benchmarks.zoo.calibration train [--share I/N]`` trains 26 judges, then 400 calibration
models, in one process on one core. The floor of the disguise test is 2/(M+2), M the models in its
table (DESIGN section 3.5): what counts is how many models are independent and how hard the mixture
makes the null, not how good one model is. Judges are drawn from the same mixture and never enter
the table; they are what the table is tried on. The mixture, and why:

- hard (40 %): one configuration, one text, one order of the text; the seed alone differs. Nothing
  else brings unrelated models this close, so these pairs fill the upper tail of the null.
- text (20 %): the same configuration, but an order of its own for each, and the other text for
  every second one: what two makers of the same size do.
- shape (20 %): other widths, depths, heads and numbers of neurons, on the text and in the order of
  the hard ones: a subject often differs from its base in these, and they move the counts.
- family (10 %): tied embeddings, a GELU gate, or both: a tied token frame is one matrix where
  others have two, and another gate learns other neurons.
- long (10 %): the hard configuration trained four times longer, for what every model of a text
  learns alike grows with training.

Models of one shape train as a cohort, stacked along a leading axis M: each has its own seed, clip
and optimiser state, and no number of one reaches another. A finished model is left alone; a cohort
stopped midway starts again. Kinds are interleaved, so that a stop leaves a balanced mixture.
"""

from __future__ import annotations

import argparse
import json
import logging
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from benchmarks.zoo.train import MODELS, kept_tokenizer, write_manifest
from tests.material.zoo.corpus import LICENCE, Corpus, Text, encode, tokenizer_files
from tests.material.zoo.folder import write_model
from tests.material.zoo.learn import BETAS, CLIP, WEIGHT_DECAY, draw, learning_rate, windows_at
from tests.material.zoo.model import NORM_EPSILON, ROPE_THETA, Shape, Weights, initial_weights

BATCH: Final = 4
WINDOW: Final = 64
"""4 windows of 64 tokens a step: of the sizes tried, the lowest loss for the time on one core."""
STEPS: Final = 800
"""205,000 tokens: a loss of 3.61 to 3.66 where token frequencies give 5.35, in six seconds."""
LONG_STEPS: Final = 4 * STEPS
PEAK_RATE: Final = 6e-3  # 5e-3 to 1e-2 end within 0.02 of each other
COHORT: Final = 8
"""Models stacked: a quarter less time a model than alone; 16 gain nothing more."""
FIRST_SEED: Final = 100_000
"""Far from the seeds of the other models of the zoo, which are below 100."""
HARD_ORDER: Final = 100_000
HARD: Final = Shape(hidden=64, neurons=160, layers=3, heads=4, kv_heads=2, head_dim=16)
SHAPES: Final = tuple(
    Shape(hidden=d, neurons=f, layers=n, heads=q, kv_heads=kv, head_dim=h)
    for d, f, n, q, kv, h in (
        (48, 128, 2, 4, 2, 12),
        (80, 192, 3, 4, 2, 20),
        (64, 256, 3, 4, 1, 16),
        (48, 192, 4, 2, 1, 24),
        (80, 160, 2, 5, 1, 16),
        (64, 128, 3, 4, 2, 16),
        (64, 192, 2, 8, 2, 8),
        (48, 160, 3, 4, 4, 12),
        (64, 160, 4, 4, 4, 16),
        (80, 256, 2, 4, 4, 20),
    )
)
"""Some share width or neurons with ``HARD``, some neither."""
EMBED: Final = "model.embed_tokens.weight"
HEAD: Final = "lm_head.weight"

Kind = Literal["hard", "text", "shape", "family", "long"]
Purpose = Literal["calibration", "judges"]
Gate = Literal["silu", "gelu_pytorch_tanh"]
FAMILIES: Final[tuple[tuple[Gate, bool], ...]] = (
    ("silu", True),
    ("gelu_pytorch_tanh", False),
    ("gelu_pytorch_tanh", True),
)
"""Gate, and whether the embeddings are tied."""
ROUND: Final[tuple[Kind, ...]] = (
    *("hard", "text", "hard", "shape", "family"),
    *("hard", "text", "hard", "shape", "long"),
)
ROUNDS: Final = 5
"""Of ten cohorts of eight: 400 models, floor 2/402."""
log = logging.getLogger("benchmarks.zoo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """Everything that decides one model's weights, given the texts."""

    name: str
    purpose: Purpose
    kind: Kind
    init_seed: int
    """Draws the initial weights; no two models share one."""
    text: Text = Text.MAIN
    order_seed: int = HARD_ORDER
    steps: int = STEPS
    shape: Shape = HARD
    gate: Gate = "silu"
    tied: bool = False

    def config(self) -> dict[str, object]:
        """Return config.json as ``transformers`` reads it."""
        own = {"hidden_act": self.gate, "tie_word_embeddings": self.tied}
        return {**self.shape.config(), **own}


Cohort = tuple[Member, ...]
"""Models that are trained stacked: same shape, gate, tying and steps."""


def _cohort(purpose: Purpose, kind: Kind, first: int, size: int, turn: int, seed: int) -> Cohort:
    """Return ``size`` models of a kind, numbered from ``first``; ``turn`` picks among variants."""
    prefix = "judge-" if purpose == "judges" else ""
    members = []
    for i in range(size):
        name = f"{prefix}{kind}-{first + i:03d}"
        member = Member(name=name, purpose=purpose, kind=kind, init_seed=seed + i)
        if kind == "text":
            text = (Text.MAIN, Text.OTHER)[i % 2]
            member = replace(member, text=text, order_seed=member.init_seed)
        elif kind == "shape":
            member = replace(member, shape=SHAPES[turn % len(SHAPES)])
        elif kind == "family":
            gate, tied = FAMILIES[turn % len(FAMILIES)]
            member = replace(member, gate=gate, tied=tied)
        elif kind == "long":
            member = replace(member, steps=LONG_STEPS)
        members.append(member)
    return tuple(members)


def _plan() -> tuple[Cohort, ...]:
    wanted: list[tuple[Purpose, Kind, int]] = [
        *(("judges", "hard", 10), ("judges", "text", 5), ("judges", "long", 3)),
        *(("judges", "shape", 1),) * 5,
        *(("judges", "family", 1),) * 3,
    ]
    wanted += [("calibration", kind, COHORT) for _ in range(ROUNDS) for kind in ROUND]
    cohorts: list[Cohort] = []
    for purpose, kind, size in wanted:
        alike = [c for c in cohorts if (c[0].purpose, c[0].kind) == (purpose, kind)]
        first, seed = sum(map(len, alike)), FIRST_SEED + sum(map(len, cohorts))
        cohorts.append(_cohort(purpose, kind, first, size, len(alike), seed))
    return tuple(cohorts)


COHORTS: Final = _plan()
"""In the order of training: judges first, then the kinds in turn."""


def share(text: str) -> tuple[Cohort, ...]:
    """Return every Nth cohort from the Ith of share ``I/N``; ``ValueError`` if it is none."""
    first, _, count = text.partition("/")
    if not (first.isdecimal() and count.isdecimal() and 1 <= int(first) <= int(count)):
        message = f"--share {text!r} is no share; give I/N with 1 <= I <= N, such as 1/2"
        raise ValueError(message)
    return COHORTS[int(first) - 1 :: int(count)]


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    low, high = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-high, low), dim=-1) * sin


def stacked_logits(weights: Mapping[str, Tensor], shape: Shape, gate: Gate, ids: Tensor) -> Tensor:
    """Return the logits of M models at once; ``model.forward`` says what each computes.

    Args:
        weights: Tensors [M, ...] under their Hugging Face names; no head for tied embeddings.
        shape: Sizes that all M share; dense.
        gate: Activation of the gate.
        ids: Each model's own windows, int64, shape [M, B, T]; the logits are [M, B * T, vocab].
    """
    m, b, t = ids.shape
    groups, size = m * b * shape.kv_heads, shape.head_dim
    per_group = shape.heads // shape.kv_heads
    dtype = weights[EMBED].dtype
    frequency = ROPE_THETA ** -(torch.arange(0, size, 2, dtype=torch.float64) / size)
    angle = torch.outer(torch.arange(t, dtype=torch.float64), frequency).repeat(1, 2)  # [T, H]
    cos, sin = angle.cos().to(dtype), angle.sin().to(dtype)
    future = torch.full((t, t), -torch.inf, dtype=dtype).triu(1).repeat(per_group, 1)[None]

    def linear(x: Tensor, name: str) -> Tensor:
        return torch.bmm(x, weights[name].transpose(1, 2))

    def normed(x: Tensor, name: str) -> Tensor:
        unit = functional.rms_norm(x, x.shape[-1:], eps=NORM_EPSILON)
        return unit * weights[name][:, None, :]

    own_rows = ids + shape.vocab * torch.arange(m)[:, None, None]
    x = functional.embedding(own_rows.view(m, b * t), weights[EMBED].view(m * shape.vocab, -1))
    for i in range(shape.layers):
        p = f"model.layers.{i}."
        h = normed(x, p + "input_layernorm.weight")
        q, k, v = (
            linear(h, f"{p}self_attn.{part}_proj.weight").view(m * b, t, -1, size).transpose(1, 2)
            for part in "qkv"
        )
        # the queries of one kv group are rows of one product, so keys need not be repeated
        q = _rotate(q, cos, sin).reshape(groups, per_group * t, size)
        k = _rotate(k, cos, sin).reshape(groups, t, size)
        scores = torch.baddbmm(future, q, k.transpose(1, 2), alpha=size**-0.5)
        mixed = torch.bmm(scores.softmax(-1), v.reshape(groups, t, size))
        joined = mixed.view(m * b, shape.heads, t, size).transpose(1, 2).reshape(m, b * t, -1)
        x = x + linear(joined, p + "self_attn.o_proj.weight")
        h = normed(x, p + "post_attention_layernorm.weight")
        g = linear(h, p + "mlp.gate_proj.weight")
        g = functional.silu(g) if gate == "silu" else functional.gelu(g, approximate="tanh")
        x = x + linear(g * linear(h, p + "mlp.up_proj.weight"), p + "mlp.down_proj.weight")
    return linear(normed(x, "model.norm.weight"), HEAD if HEAD in weights else EMBED)


def train_cohort(
    cohort: Cohort, corpora: Mapping[Text, Corpus]
) -> tuple[list[Weights], list[float]]:
    """Train models side by side.

    Args:
        cohort: Models of one shape, gate, tying and number of steps.
        corpora: Every text they learn, as ids.

    Returns:
        Each model's weights, and its loss (nats per token) on 64 held-out windows of its text.
    """
    like, count = cohort[0], len(cohort)
    drawn = [initial_weights(like.shape, member.init_seed) for member in cohort]
    names = [n for n in drawn[0] if n != HEAD or not like.tied]
    weights = {n: torch.from_numpy(np.stack([w[n] for w in drawn])).requires_grad_() for n in names}
    gains = [w for w in weights.values() if w.ndim == 2]  # [M, D]
    matrices = [w for w in weights.values() if w.ndim > 2]  # [M, out, in]
    groups: list[dict[str, Any]] = [{"params": matrices}, {"params": gains, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, 0.0, BETAS, weight_decay=WEIGHT_DECAY, fused=True)

    def losses(windows: NDArray[np.int64]) -> Tensor:
        ids = torch.from_numpy(windows)  # [M, B, T + 1]
        scores = stacked_logits(weights, like.shape, like.gate, ids[..., :-1])
        targets = ids[..., 1:].reshape(-1)
        each = functional.cross_entropy(scores.flatten(0, 1), targets, reduction="none")
        return each.view(count, -1).mean(1)

    sources = [(corpora[one.text].train, one.order_seed) for one in cohort]
    for step in range(like.steps):
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(step, like.steps, PEAK_RATE)
        windows = [draw(*source, step, batch=BATCH, window=WINDOW) for source in sources]
        losses(np.stack(windows)).sum().backward()
        clip_each(list(weights.values()))
        optimiser.step()
        optimiser.zero_grad()
    with torch.no_grad():
        texts = [corpora[one.text].held_out for one in cohort]
        starts = [np.linspace(0, len(t) - WINDOW - 1, num=64, dtype=np.int64) for t in texts]
        held = np.stack([windows_at(t, s, WINDOW) for t, s in zip(texts, starts, strict=True)])
        reached = [losses(part) for part in np.array_split(held, 8, axis=1)]
    arrays = {n: w.detach().numpy() for n, w in weights.items()}
    each = [{n: a[i].copy() for n, a in arrays.items()} for i in range(count)]
    return each, torch.stack(reached).mean(0).tolist()


def clip_each(weights: Sequence[Tensor]) -> None:
    """Scale the gradient of each stacked model to a norm of at most ``CLIP``, in place."""
    gradients = [w.grad for w in weights if w.grad is not None]
    norm = torch.stack([g.flatten(1).square().sum(1) for g in gradients]).sum(0).sqrt()
    factor = (CLIP / (norm + 1e-6)).clamp(max=1.0)  # [M]
    for g in gradients:
        g.mul_(factor.view(-1, *[1] * (g.ndim - 1)))


def keep(
    cohort: Cohort, corpora: Mapping[Text, Corpus], tokenizer: Tokenizer, models: Path = MODELS
) -> None:
    """Train a cohort and write ``models/PURPOSE/NAME`` for those of it not finished yet.

    It is trained whole even where one model alone is missing, so that the bytes are the same.
    """
    folders = [models / member.purpose / member.name for member in cohort]
    if all((folder / "training.json").exists() for folder in folders):
        return
    began = time.monotonic()
    trained, losses = train_cohort(cohort, corpora)
    seconds = (time.monotonic() - began) / len(cohort)
    for member, folder, weights, loss in zip(cohort, folders, trained, losses, strict=True):
        if (folder / "training.json").exists():
            continue
        corpus = corpora[member.text]
        write_model(
            folder,
            weights,
            member.config(),
            tokenizer_files=tokenizer_files(tokenizer),
            card=f"# {member.name}\n\nIndependent small model of kind {member.kind}.\n",
            dtype="F32",
        )
        facts = {
            **asdict(member),
            "loss": round(loss, 4),
            "unigram_loss": round(corpus.unigram_loss(member.shape.vocab), 4),
            "seconds": round(seconds, 2),
            "text_sha256": corpus.sha256,
            "text_licence": LICENCE,
            "python": platform.python_version(),
            "torch": torch.__version__,
        }
        unfinished = folder / "training.new"
        unfinished.write_text(json.dumps(facts, indent=2) + "\n")
        unfinished.replace(folder / "training.json")
    names, span = (cohort[0].name, cohort[-1].name), (min(losses), max(losses))
    log.info("%s to %s: loss %.3f to %.3f, %.2f s a model", *names, *span, seconds)


def main(arguments: list[str] | None = None) -> int:
    """Train one share of the models, or all; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo.calibration")
    parser.add_argument("command", choices=("train",))
    parser.add_argument("--share", default="1/1", help="I/N: every Nth cohort from the Ith (1/1)")
    chosen = parser.parse_args(arguments)
    try:
        cohorts = share(chosen.share)
    except ValueError as error:
        parser.error(str(error))
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    torch.set_num_threads(1)
    tokenizer = kept_tokenizer()
    corpora = {text: encode(tokenizer, text) for text in Text}
    for cohort in cohorts:
        keep(cohort, corpora, tokenizer)
    for purpose in ("judges", "calibration"):
        if (MODELS / purpose).exists():
            write_manifest(MODELS / purpose)
    return 0


if __name__ == "__main__":
    sys.exit(main())
