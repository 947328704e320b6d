"""Which repositories does the local Hub of this benchmark hold, and where does each come from?

Everything is made by this script from the shipped trained models and from seeds. A repository says
where it really comes from (``truth``), whether its card is honest, and what gives it away.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import load_file, save

from hubcheck.demo.run import MODELS
from tests.material.zoo.model import Shape, initial_weights

Weights = dict[str, torch.Tensor]
ZOO: Final = Shape()
OTHER_SHAPES: Final = (
    Shape(hidden=64, neurons=192, heads=4, kv_heads=2, head_dim=16),
    Shape(hidden=128, neurons=320, heads=4, kv_heads=4, head_dim=32),
    Shape(hidden=96, neurons=256, layers=6),
    Shape(hidden=96, neurons=384),
    Shape(hidden=80, neurons=256, heads=5, kv_heads=1, head_dim=16),
)
TUNED: Final = 0.15
"""Noise of a made fine-tune relative to the weights: kept about 0.99."""
N_DECOYS: Final = 16
N_SMALL_FAMILIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One repository of the local Hub."""

    repo_id: str
    files: Mapping[str, bytes]
    day: int
    """Days after the first repository."""
    downloads: int
    gated: bool = False
    deleted: bool = False
    truth: str = ""
    """What it was really made from; empty for a model of its own."""
    declares: bool = True
    """Whether its card says so (a model of its own has nothing to say)."""
    hint: str = ""
    """What gives an undeclared base away."""
    earlier: tuple[Mapping[str, bytes], ...] = ()
    """Earlier states, oldest first."""
    subject: bool = True
    """Whether the benchmark checks it."""

    @property
    def created(self) -> str:
        """ISO 8601."""
        return f"2025-{1 + self.day // 28:02d}-{1 + self.day % 28:02d}T00:00:00.000Z"


@dataclass(slots=True)
class _Maker:
    """Gathers repositories; each is a day younger than the one before."""

    made: list[Planted] = field(default_factory=list)

    def add(self, repo_id: str, files: Mapping[str, bytes], **facts: object) -> Planted:
        planted = Planted(repo_id=repo_id, files=files, day=len(self.made), downloads=10)
        planted = replace(planted, **facts)  # type: ignore[arg-type]
        self.made.append(planted)
        return planted


@cache
def _shipped(name: str) -> Weights:
    return dict(load_file(MODELS / name / "model.safetensors"))


def shipped(name: str) -> Weights:
    """Return the weights of a shipped, really trained model."""
    return {n: t.clone() for n, t in _shipped(name).items()}


def fresh(shape: Shape, seed: int) -> Weights:
    """Return random weights; gains differ from channel to channel as trained ones do."""
    rng = np.random.default_rng(seed)
    weights = {}
    for name, array in initial_weights(shape, seed).items():
        values = np.asarray(array, dtype=np.float32)
        if values.ndim == 1:
            values = values + 0.2 * rng.standard_normal(values.shape).astype(np.float32)
        weights[name] = torch.from_numpy(np.ascontiguousarray(values)).to(torch.bfloat16)
    return weights


def tuned(weights: Weights, seed: int, *, noise: float = TUNED) -> Weights:
    """Return weights moved a little, as training does."""
    generator = torch.Generator().manual_seed(seed)
    changed = {}
    for name, tensor in weights.items():
        values = tensor.to(torch.float32)
        step = torch.randn(values.shape, generator=generator) * values.std() * noise
        changed[name] = (values + step).to(tensor.dtype)
    return changed


def tokenizer(*, rewritten: bool = False) -> dict[str, bytes]:
    """Return the tokenizer of the zoo; ``rewritten`` has the same tokens and other bytes."""
    data = (MODELS / "base" / "tokenizer.json").read_bytes()
    if rewritten:
        data = json.dumps(json.loads(data), indent=1).encode()
    return {"tokenizer.json": data}


def repository(
    weights: Weights,
    shape: Shape = ZOO,
    *,
    card: str = "",
    config: Mapping[str, object] | None = None,
    metadata: Mapping[str, str] | None = None,
    extra: Mapping[str, bytes] | None = None,
    rewritten: bool = False,
    weight_file: str = "model.safetensors",
) -> dict[str, bytes]:
    """Return the files of a model repository."""
    values = {**shape.config(), "torch_dtype": "bfloat16", **(config or {})}
    return {
        "README.md": f"---\n{card}---\n\n# A model\n".encode(),
        "config.json": json.dumps(values, indent=2).encode(),
        weight_file: save(weights, metadata={"format": "pt", **(metadata or {})}),
        **tokenizer(rewritten=rewritten),
        **(extra or {}),
    }


def declaring(base: str, relation: str = "finetune", licence: str = "apache-2.0") -> str:
    """Return the front matter of an honest card."""
    return f"license: {licence}\nbase_model: {base}\nbase_model_relation: {relation}\n"


def all_repositories() -> tuple[Planted, ...]:
    """Return every repository, oldest first."""
    maker = _Maker()
    _zoo(maker)
    for number in range(N_SMALL_FAMILIES):
        _small_family(maker, number)
    _decoys(maker)
    _undeclared(maker)
    _troubles(maker)
    return tuple(maker.made)


def _zoo(maker: _Maker) -> None:
    """The family that was really trained, and a twin that shares everything but weights."""
    own = "license: apache-2.0\n"
    maker.add("zoo/base", repository(shipped("base"), card=own), downloads=9_000)
    maker.add("zoo/twin", repository(shipped("twin"), card=own), downloads=12_000)
    honest = {"finetune": "finetune", "continued": "finetune"}
    for name, relation in honest.items():
        card = declaring("zoo/base", relation)
        maker.add(f"zoo/{name}", repository(shipped(name), card=card), truth="zoo/base")
    maker.add(
        "zoo/upscaled",
        repository(shipped("upscaled"), replace(ZOO, layers=6), card=declaring("zoo/base")),
        truth="zoo/base",
    )
    half = {n: t.to(torch.float16) for n, t in shipped("base").items()}
    maker.add(
        "hobby/base-f16",
        repository(
            half, card=declaring("zoo/base", "quantized"), config={"torch_dtype": "float16"}
        ),
        truth="zoo/base",
    )
    maker.add(
        "hobby/finetune-chat",
        repository(tuned(shipped("finetune"), 5), card=declaring("zoo/finetune")),
        truth="zoo/finetune",
    )


def _small_family(maker: _Maker, number: int) -> None:
    """A base, its tune, a tune of that, a GGUF child, an adapter and a merge."""
    shape = OTHER_SHAPES[number]
    org = f"lab{number}"
    gated = number == N_SMALL_FAMILIES - 1
    base = fresh(shape, 100 + number)
    instruct = tuned(base, 200 + number)
    maker.add(
        f"{org}/base", repository(base, shape, card="license: llama3.1\n"), downloads=5_000,
        gated=gated, subject=not gated,
    )  # fmt: skip
    maker.add(
        f"{org}/instruct", repository(instruct, shape, card=declaring(f"{org}/base")),
        truth=f"{org}/base", downloads=7_000,
    )  # fmt: skip
    maker.add(
        f"fan{number}/roleplay",
        repository(tuned(instruct, 300 + number), shape, card=declaring(f"{org}/instruct")),
        truth=f"{org}/instruct",
    )
    maker.add(
        f"fan{number}/instruct-GGUF",
        {
            "README.md": f"---\n{declaring(f'{org}/instruct', 'quantized')}---\n".encode(),
            "model-Q4.gguf": b"GGUF" + bytes(200_000),
        },
        truth=f"{org}/instruct",
        subject=False,
    )
    adapter = {"base_model.model.lora_A.weight": torch.zeros(2, shape.hidden)}
    maker.add(
        f"fan{number}/lora",
        {
            "README.md": f"---\n{declaring(f'{org}/instruct', 'adapter')}---\n".encode(),
            "adapter_config.json": json.dumps(
                {"base_model_name_or_path": f"{org}/instruct", "peft_type": "LORA"}
            ).encode(),
            "adapter_model.safetensors": save(adapter),
        },
        truth=f"{org}/instruct",
        subject=False,
    )
    other = tuned(base, 400 + number)
    maker.add(
        f"{org}/coder", repository(other, shape, card=declaring(f"{org}/base")),
        truth=f"{org}/base",
    )  # fmt: skip
    merged = {n: ((t.float() + other[n].float()) / 2).to(t.dtype)
              for n, t in instruct.items()}  # fmt: skip
    names = f"\n- {org}/instruct\n- {org}/coder"
    maker.add(
        f"fan{number}/merge",
        repository(merged, shape, card=f"base_model:{names}\nbase_model_relation: merge\n"),
        truth=f"{org}/instruct",
    )


def _decoys(maker: _Maker) -> None:
    """Strangers of the zoo's own sizes and tokenizer, all more popular than the true base."""
    for number in range(N_DECOYS):
        maker.add(
            f"popular{number}/model",
            repository(fresh(ZOO, 1000 + number), card="license: mit\n"),
            downloads=20_000 + number,
            subject=number < 3,
        )


def _undeclared(maker: _Maker) -> None:
    """Copies whose card is silent; each is given away by one thing, the last by nothing."""

    def copy(seed: int) -> Weights:
        return tuned(shipped("base"), seed)

    def hide(name: str, files: Mapping[str, bytes], hint: str, **facts: object) -> None:
        said = {"truth": "zoo/base", "declares": False, "hint": hint, **facts}
        maker.add(f"quiet/{name}", files, **said)

    hide("config", repository(copy(11), config={"_name_or_path": "zoo/base"}, rewritten=True),
         "config.json (counts as declared)", declares=True)  # fmt: skip
    named = {"tokenizer_config.json": json.dumps({"name_or_path": "zoo/base"}).encode()}
    hide("tokenizer", repository(copy(12), extra=named, rewritten=True),
         "tokenizer_config.json name_or_path")  # fmt: skip
    remote = {"auto_map": {"AutoModelForCausalLM": "zoo/base--modeling_zoo.ZooModel"}}
    hide("code", repository(copy(13), config=remote, rewritten=True), "config.json auto_map")
    hide("header", repository(copy(14), metadata={"base_model": "zoo/base"}, rewritten=True),
         "safetensors metadata")  # fmt: skip
    quantised = {"quantization_config": {"model_name_or_path": "/cache/models--zoo--base/snap"}}
    hide("quant", repository(copy(15), config=quantised, rewritten=True), "quantisation config")
    linked = repository(copy(16), rewritten=True)
    linked["README.md"] += b"\nThanks to https://huggingface.co/zoo/base for everything.\n"
    hide("link", linked, "a link in the card")
    now = repository(copy(17), rewritten=True)
    before = {**now, "README.md": f"---\n{declaring('zoo/base')}---\n# Honest once\n".encode()}
    hide("edited", now, "an earlier revision of the card", earlier=(before,))
    hide("same-bytes", repository(shipped("base"), rewritten=True, weight_file="weights.safetensors"),
         "the digest of the weight file")  # fmt: skip
    hide("same-tokenizer", repository(copy(18)), "the digest of the tokenizer")
    hide("renamed", repository(copy(19), rewritten=True, config={"model_type": "quietnet",
         "architectures": ["QuietForCausalLM"]}), "nothing: every leak removed")  # fmt: skip


def _troubles(maker: _Maker) -> None:
    """What a declared graph may hold: loops, deleted parents, a child that is older."""
    for one, other in (("loop/a", "loop/b"), ("loop/b", "loop/a")):
        maker.add(one, repository(fresh(ZOO, 31 + len(one)), card=declaring(other)), subject=False)
    maker.add("gone/base", repository(fresh(ZOO, 41)), deleted=True, subject=False)
    maker.add(
        "orphan/child", repository(tuned(fresh(ZOO, 41), 42), card=declaring("gone/base")),
        truth="gone/base",
    )  # fmt: skip
    maker.add(
        "late/copy", repository(tuned(shipped("twin"), 43), card=declaring("zoo/twin")),
        truth="zoo/twin", downloads=50_000,
    )  # fmt: skip
    chain = ["zoo/base", *(f"chain/step{i}" for i in range(4))]
    weights = shipped("base")
    for i, (parent, child) in enumerate(pairwise(chain)):
        weights = tuned(weights, 60 + i, noise=0.05)
        maker.add(child, repository(weights, card=declaring(parent)), truth=parent)


def subjects(planted: tuple[Planted, ...]) -> Iterator[Planted]:
    """Yield the repositories that are checked."""
    return (p for p in planted if p.subject and not p.deleted)


def models_folder() -> Path:
    """Return where the shipped models lie."""
    return MODELS
