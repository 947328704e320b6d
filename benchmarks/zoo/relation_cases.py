"""Which pairs and merges is the table of relations made of?

``python -m benchmarks.zoo.relation_cases`` trains the three further fine-tunes of base that merges
need (half a minute each, into ``models/relations``). With ``--brief`` it trains every model that is
missing, for some hundred steps of short windows: ten seconds each on a quiet core, and as good a
start for what is planted. Cases are functions of weights and a seed.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import torch

from benchmarks.zoo.train import MODELS, kept_tokenizer, train
from tests.material.zoo import alterations, relations
from tests.material.zoo.corpus import Text, encode, tokenizer_files
from tests.material.zoo.folder import read_weights, write_model
from tests.material.zoo.learn import tiny_tokens, train_tiny
from tests.material.zoo.recipes import LIGHT_RATE, LIGHT_STEPS, RECIPES, Recipe, recipe
from tests.material.zoo.symmetries import Arrays


def _partner(name: str, text: Text, seed: int) -> Recipe:
    return Recipe(
        name=f"relations/{name}",
        meaning="light fine-tune of base, to be merged",
        start="base",
        text=text,
        order_seed=seed,
        steps=LIGHT_STEPS,
        peak_rate=LIGHT_RATE,
    )


PARTNERS: Final = (
    _partner("tuned-a", Text.OTHER, 40),
    _partner("tuned-b", Text.MAIN, 41),
    _partner("tuned-c", Text.OTHER, 42),
)
A, B, C = (p.name for p in PARTNERS)


def train_partners() -> None:
    """Train what is missing of the partners."""
    known = {r.name: r for r in (*RECIPES, *PARTNERS)}
    tokenizer = kept_tokenizer()
    for wanted in PARTNERS:
        train(wanted, known, encode(tokenizer, wanted.text), tokenizer)


BRIEF: Final = {
    "base": 300, "twin": 300, "ind2": 300, "ind3": 300, "continued": 300, "continued2": 300,
    "finetune": 150, **dict.fromkeys((A, B, C), 150),
}  # fmt: skip
"""Steps of every model that the cases name, each after the one it starts from."""
BRIEF_RATE: Final = 6e-3


def train_briefly(only: Sequence[str] = ()) -> None:
    """Train what is missing of all models that the cases need, or of some of them, in moments."""
    known = {r.name: r for r in (*RECIPES, *PARTNERS)}
    tokenizer = kept_tokenizer()
    for name, steps in BRIEF.items():
        wanted, folder = known[name], MODELS / name
        if (folder / "training.json").exists() or (only and name not in only):
            continue
        start = trained(wanted.start) if wanted.start is not None else None
        weights, loss = train_tiny(
            tiny_tokens(tokenizer, wanted.text),
            seed=wanted.init_seed,
            start=start,
            order_seed=wanted.order_seed,
            steps=steps,
            rate=BRIEF_RATE if start is None else min(wanted.peak_rate, BRIEF_RATE),
            shape=wanted.shape,
        )
        write_model(
            folder, weights, wanted.shape.config(), tokenizer_files=tokenizer_files(tokenizer),
            card=f"# {name}\n\n{wanted.meaning}\n", dtype="F32",
        )  # fmt: skip
        facts = {"name": name, "steps": steps, "brief": True, "loss": round(loss, 4)}
        (folder / "training.json").write_text(json.dumps(facts, indent=2) + "\n")


@cache
def trained(name: str) -> Arrays:
    """Return a model of the zoo, float32."""
    return dict(read_weights(MODELS / name))


@cache
def published(name: str) -> Arrays:
    """Return a model of the zoo as a BF16 file would hold it: what others build on."""
    return relations.stored(trained(name), "BF16")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A planted relation between two models."""

    name: str
    base: str
    """Name of the base in the zoo."""
    kind: str
    """The relation that is true."""
    make: Callable[[Arrays, np.random.Generator], Arrays]
    """From the base as published to the subject."""
    base_dtype: str = "BF16"
    subject_dtype: str = "BF16"
    before: Callable[[Arrays], Arrays] = dict
    """What was done to the base before it was published."""


def _case(name: str, kind: str, make: Callable[[Arrays, np.random.Generator], Arrays],
          base: str = "base", **more: object) -> Case:  # fmt: skip
    return Case(name=name, base=base, kind=kind, make=make, **more)  # type: ignore[arg-type]


def _tuned(name: str) -> Callable[[Arrays, np.random.Generator], Arrays]:
    return lambda _w, _rng: trained(name)


def _adapter(rank: int, size: float) -> Callable[[Arrays, np.random.Generator], Arrays]:
    return lambda w, rng: relations.adapter(w, rng, rank=rank, size=size)


def _learned(
    rank: int, targets: tuple[str, ...]
) -> Callable[[Arrays, np.random.Generator], Arrays]:
    def make(w: Arrays, _rng: np.random.Generator) -> Arrays:
        moved = {n: w[n] + (trained("finetune")[n] - trained("base")[n]) for n in w}
        return alterations.merge_learned_adapter(w, moved, rank=rank, targets=targets)

    return make


def _light(size: float) -> Callable[[Arrays, np.random.Generator], Arrays]:
    def make(w: Arrays, _rng: np.random.Generator) -> Arrays:
        moved = {n: w[n] + (trained("finetune")[n] - trained("base")[n]) for n in w}
        return relations.update_lightly(w, moved, size=size)

    return make


QV: Final = ("q_proj", "v_proj")
CASES: Final = (
    _case("stored as f16", "recast", lambda w, _: w, base_dtype="F32", subject_dtype="F16"),
    _case("stored as bf16", "recast", lambda w, _: w, base_dtype="F32"),
    _case("bf16 values in an f32 file", "recast", lambda w, _: relations.stored(w, "BF16"),
          base_dtype="F32", subject_dtype="F32"),
    _case("bf16 file written as f32", "recast", lambda w, _: w, subject_dtype="F32"),
    _case("int8", "quantised", lambda w, _: relations.round_to_int8(w)),
    _case("int4", "quantised", lambda w, _: relations.round_to_int4(w)),
    _case("int4, f32 file", "quantised", lambda w, _: relations.round_to_int4(w), subject_dtype="F32"),
    _case("nf4", "quantised", lambda w, _: relations.round_to_nf4(w)),
    _case("int4 with error feedback", "quantised", relations.round_with_feedback),
    _case("adapter rank 1", "lora-merge", _adapter(1, 0.02)),
    _case("adapter rank 4", "lora-merge", _adapter(4, 0.03)),
    _case("adapter rank 16", "lora-merge", _adapter(16, 0.05)),
    _case("adapter rank 32", "lora-merge", _adapter(32, 0.05)),
    _case("adapter rank 8, very small", "lora-merge", _adapter(8, 0.005)),
    _case("adapter rank 8, f32", "lora-merge", _adapter(8, 0.03), base_dtype="F32", subject_dtype="F32"),
    _case("learned adapter rank 8", "lora-merge", _learned(8, relations.ALL_LINEAR)),
    _case("learned adapter rank 16, q and v", "lora-merge", _learned(16, QV)),
    _case(
        "adapter on an int4 base",
        "lora-merge",
        lambda w, rng: relations.adapter(w, rng, rank=8, size=0.03),
        before=lambda w: relations.stored(relations.round_to_int4(w), "BF16"),
    ),
    _case(
        "fine-tune of an int4 base, a third of it",
        "fine-tune",
        lambda w, _: relations.update_lightly(
            w, {n: w[n] + trained("finetune")[n] - trained("base")[n] for n in w}, size=0.3
        ),
        before=lambda w: relations.stored(relations.round_to_int4(w), "BF16"),
    ),
    _case("f32 fine-tune too small for bf16", "sparse-update", _light(0.003), subject_dtype="F32"),
    _case("abliterated", "lora-merge", relations.abliterate),
    _case("sparse update 5 %", "sparse-update",
          lambda w, rng: relations.update_sparsely(w, rng, share=0.05, size=0.05)),
    _case("sparse update 30 %", "sparse-update",
          lambda w, rng: relations.update_sparsely(w, rng, share=0.3, size=0.05)),
    _case("light update", "sparse-update", _light(0.03)),
    _case("pruned to zeros, half", "sparse-update", lambda w, _: relations.prune_to_zero(w, share=0.5)),
    _case("fine-tune", "fine-tune", _tuned("finetune")),
    _case("fine-tune, f32", "fine-tune", _tuned("finetune"), base_dtype="F32", subject_dtype="F32"),
    _case("fine-tune, other seed", "fine-tune", _tuned(A)),
    _case("fine-tune, a tenth of it", "fine-tune", _light(0.1)),
    _case("continued", "fine-tune", _tuned("continued")),
    _case("continued twice", "fine-tune", _tuned("continued2")),
    _case("noise of a tenth", "fine-tune", lambda w, rng: alterations.add_noise(w, rng, size=0.1)),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeCase:
    """A planted merge, or a model that is none, against several bases."""

    name: str
    bases: tuple[str, ...]
    """Bases of the fit, decoys included."""
    truth: Mapping[str, float] | None
    """The share of every base where the rule fixes it; ``None`` where it does not."""
    members: tuple[str, ...]
    """Bases that were merged; empty for no merge."""
    kind: str
    make: Callable[[Mapping[str, Arrays], np.random.Generator], Arrays]


def _merge(name: str, kind: str, truth: Mapping[str, float], decoys: tuple[str, ...],
           make: Callable[[Mapping[str, Arrays], np.random.Generator], Arrays]) -> MergeCase:  # fmt: skip
    return MergeCase(
        name=name,
        bases=(*truth, *decoys),
        truth={**truth, **dict.fromkeys(decoys, 0.0)},
        members=tuple(truth),
        kind=kind,
        make=make,
    )


def _linear(
    shares: Mapping[str, float],
) -> Callable[[Mapping[str, Arrays], np.random.Generator], Arrays]:
    return lambda m, _: alterations.blend([(m[n], s) for n, s in shares.items()])


def _vectors(rule: str, shares: Mapping[str, float], amount: float,
             ) -> Callable[[Mapping[str, Arrays], np.random.Generator], Arrays]:  # fmt: skip
    def make(m: Mapping[str, Arrays], rng: np.random.Generator) -> Arrays:
        models, weights = [m[n] for n in shares], [*shares.values()]
        if rule == "ties":
            return relations.ties(m["base"], models, weights, density=amount)
        return relations.dare(m["base"], models, weights, rng, drop=amount)

    return make


TWO: Final = {A: 0.6, B: 0.4}
THREE: Final = {A: 0.5, B: 0.3, C: 0.2}
APART: Final = {"base": 0.55, "continued": 0.45}
MERGES: Final = (
    _merge("linear, two fine-tunes", "linear", TWO, (), _linear(TWO)),
    _merge("linear, two fine-tunes, decoys", "linear", TWO, (C, "twin"), _linear(TWO)),
    _merge("linear, two and their base", "linear", TWO, ("base",), _linear(TWO)),
    _merge("linear, three fine-tunes", "linear or SLERP", THREE, ("base", "ind3"), _linear(THREE)),
    _merge("linear, base and continued", "linear", APART, (), _linear(APART)),
    _merge("linear, base and continued, decoys", "linear", APART, (A, "ind2"), _linear(APART)),
    _merge("linear, base and stranger", "linear", {"base": 0.7, "twin": 0.3}, ("ind3",),
           _linear({"base": 0.7, "twin": 0.3})),
    _merge("SLERP, base and continued2", "SLERP", {"base": 0.5, "continued2": 0.5}, (A,),
           lambda m, _: relations.slerp(m["base"], m["continued2"], t=0.5)),
    _merge("SLERP, two fine-tunes", "linear or SLERP", {A: 0.7, B: 0.3}, (),
           lambda m, _: relations.slerp(m[A], m[B], t=0.3)),
    MergeCase(name="TIES, density .3", bases=(A, B, "base"), truth=None, members=(A, B), kind="TIES",
              make=_vectors("ties", {A: 0.5, B: 0.5}, 0.3)),
    MergeCase(name="TIES, density .5, decoy", bases=(A, B, C, "base"), truth=None, members=(A, B), kind="TIES",
              make=_vectors("ties", {A: 0.6, B: 0.4}, 0.5)),
    _merge("DARE, drop .5", "DARE", TWO, ("base",), _vectors("dare", TWO, 0.5)),
    _merge("DARE, drop .9", "DARE", TWO, ("base",), _vectors("dare", TWO, 0.9)),
    _merge("DARE, drop .7, decoy", "DARE", TWO, ("base", C), _vectors("dare", TWO, 0.7)),
    _merge("whole layers of two", "whole layers of different bases", {A: 0.5, B: 0.5}, (C,),
           lambda m, _: relations.layers_from([m[A], m[B]], (0, 0, 1, 1))),
    MergeCase(name="no merge: the ancestor of three", bases=(A, B, C), truth=None, members=(), kind="no merge",
              make=lambda m, _: m["base"]),
    MergeCase(name="no merge: the ancestor of two", bases=(A, B), truth=None, members=(), kind="no merge",
              make=lambda m, _: m["base"]),
    MergeCase(name="no merge: a fourth fine-tune", bases=(A, B, C, "base"), truth=None, members=(), kind="no merge",
              make=lambda _m, _: trained("finetune")),
    MergeCase(name="no merge: a light update", bases=(A, B, "base"), truth=None, members=(), kind="no merge",
              make=lambda m, _: relations.update_lightly(m["base"], trained("finetune"), size=0.05)),
    MergeCase(name="no merge: further training", bases=("base", "continued"), truth=None, members=(), kind="no merge",
              make=lambda _m, _: trained("continued2")),
)  # fmt: skip
SHAPE: Final = recipe("base").shape


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    if "--brief" in sys.argv:
        torch.set_num_threads(1)
        train_briefly([name for name in sys.argv[1:] if name in BRIEF])
    else:
        train_partners()
