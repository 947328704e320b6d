"""Under which names may training wrappers and exporters publish the tensors of one model?

Each is a fine-tune, so no two tensors are equal bit for bit and names alone have to be seen through.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch

from benchmarks.kinds.build import Published
from benchmarks.kinds.folder import changed, write, write_one
from benchmarks.kinds.layout import Bench, Layout, Make, Question, Truth
from benchmarks.kinds.layouts_stored import LLAMA
from hubcheck.report.words import RelationKind

CHAPTER: Final = "names"
TUNED: Final = frozenset({RelationKind.FINE_TUNE})
BERT: Final = "BGE"

Rename = Callable[[str], str]


def prefixed(prefix: str) -> Rename:
    """Return what puts a prefix before every name."""
    return lambda name: prefix + name


def infixed(infix: str) -> Rename:
    """Return what puts an infix after every module that is numbered, as per-layer wrappers do."""
    return lambda name: re.sub(r"\.(\d+)\.", rf".\1.{infix}", name)


def fsdp(name: str) -> str:
    """Return a name as FSDP writes it: around the model and around every layer."""
    return "_fsdp_wrapped_module." + infixed("_fsdp_wrapped_module.")(name)


def renamed(rename: Rename, kind: str = LLAMA, *, stranger: bool = False) -> Make:
    """Return a layout of a fine-tune, or of a stranger, under other names."""

    def make(bench: Bench, folder: Path) -> Question:
        model = bench.stranger(kind) if stranger else bench.tuned(kind)
        tensors = {rename(name): values for name, values in model.tensors.items()}
        write(folder, changed(model, tensors), tokens=bench.tokens(kind))
        return Question(subject=folder, bases=(bench.plain(kind),))

    return make


def any_key(bench: Bench, folder: Path) -> Question:
    """A training script's dictionary: the weights under a key of its own."""
    model = bench.tuned(LLAMA)
    write(folder, model, tokens=bench.tokens(LLAMA))
    (folder / "model.safetensors").unlink()
    torch.save({"step": 7, "net": dict(model.tensors)}, folder / "model.pt")
    return Question(subject=folder, bases=(bench.plain(LLAMA),))


def lightning(kind: str) -> Make:
    """Return a Lightning checkpoint: the weights under ``state_dict``, the trainer's state beside."""

    def make(bench: Bench, folder: Path) -> Question:
        model = bench.tuned(kind)
        write(folder, model, tokens=bench.tokens(kind))
        (folder / "model.safetensors").unlink()
        state = {f"model.{n}": t for n, t in model.tensors.items()}
        kept = {"epoch": 3, "global_step": 7, "state_dict": state, "hyper_parameters": {"lr": 0.1}}
        torch.save(kept, folder / "pytorch_model.ckpt")
        return Question(subject=folder, bases=(bench.plain(kind),))

    return make


def renamed_whole(kind: str) -> Make:
    """Return a layout in which no name says what its tensor is."""

    def make(bench: Bench, folder: Path) -> Question:
        model = bench.tuned(kind)
        tensors = {f"p{i:04}": t for i, t in enumerate(model.tensors.values())}
        write(folder, changed(model, tensors), tokens=bench.tokens(kind))
        return Question(subject=folder, bases=(bench.plain(kind),))

    return make


def headed(
    extra: Callable[[int, torch.Generator], dict[str, torch.Tensor]], prefix: str = ""
) -> Make:
    """Return a fine-tune with tensors of a head besides.

    Args:
        extra: Makes the head's tensors from the width.
        prefix: Before the names of the body.
    """

    def make(bench: Bench, folder: Path) -> Question:
        model = bench.tuned(LLAMA)
        generator = torch.Generator().manual_seed(bench.seed + 11)
        head = extra(int(model.config["hidden_size"]), generator)
        body = {prefix + n: t for n, t in model.tensors.items()}
        write(folder, changed(model, {**body, **head}), tokens=bench.tokens(LLAMA))
        return Question(subject=folder, bases=(bench.plain(LLAMA),))

    return make


def _rand(generator: torch.Generator, *shape: int) -> torch.Tensor:
    return 0.02 * torch.randn(*shape, generator=generator)


def value_head(width: int, generator: torch.Generator) -> dict[str, torch.Tensor]:
    """Return the value head that preference training adds."""
    return {
        "v_head.summary.weight": _rand(generator, 1, width),
        "v_head.summary.bias": torch.zeros(1),
    }


def medusa_heads(width: int, generator: torch.Generator) -> dict[str, torch.Tensor]:
    """Return two Medusa heads: a residual block and an output matrix each."""
    found = {}
    for i in range(2):
        found[f"medusa_head.{i}.0.linear.weight"] = _rand(generator, width, width)
        found[f"medusa_head.{i}.0.linear.bias"] = torch.zeros(width)
        found[f"medusa_head.{i}.1.weight"] = _rand(generator, 1009, width)
    return found


def medusa_alone(bench: Bench, folder: Path) -> Question:
    """Medusa's heads without the body they sit on."""
    width = int(bench.base(LLAMA).config["hidden_size"])
    heads = medusa_heads(width, torch.Generator().manual_seed(bench.seed))
    named = {n.removeprefix("medusa_head."): t for n, t in heads.items()}
    write_one(folder / "medusa_lm_head.safetensors", named)
    (folder / "config.json").write_text(
        '{"medusa_num_heads": 2, "medusa_num_layers": 1, "base_model_name_or_path": "acme/base"}'
    )
    return Question(subject=folder, bases=(bench.plain(LLAMA),))


def eagle(bench: Bench, folder: Path) -> Question:
    """A draft model: one layer of its own and a fusion of hidden state and embedding."""
    model = bench.stranger(LLAMA)
    width = int(model.config["hidden_size"])
    kept = {
        n.removeprefix("model."): t
        for n, t in model.tensors.items()
        if n.startswith("model.layers.0.") and "input_layernorm" not in n
    }
    generator = torch.Generator().manual_seed(bench.seed + 13)
    kept["fc.weight"] = _rand(generator, width, 2 * width)
    kept["embed_tokens.weight"] = bench.base(LLAMA).tensors["model.embed_tokens.weight"]
    config = {**model.config, "num_hidden_layers": 1, "architectures": ["LlamaForCausalLMEagle"]}
    write(folder, Published(tensors=kept, config=config), tokens=bench.tokens(LLAMA))
    return Question(subject=folder, bases=(bench.plain(LLAMA),))


def weight_normed(bench: Bench, folder: Path) -> Question:
    """Matrices stored as lengths and directions, as a parametrised module saves them."""
    model = bench.tuned(LLAMA)
    tensors: dict[str, torch.Tensor] = {}
    for name, values in model.tensors.items():
        if not name.endswith("_proj.weight"):
            tensors[name] = values
            continue
        stem = name.removesuffix("weight") + "parametrizations.weight.original"
        tensors[f"{stem}0"] = values.norm(dim=1, keepdim=True)
        tensors[f"{stem}1"] = values
    write(folder, changed(model, tensors), tokens=bench.tokens(LLAMA))
    return Question(subject=folder, bases=(bench.plain(LLAMA),))


def _tuned(name: str, make: Make) -> Layout:
    return Layout(name=name, family=CHAPTER, make=make, truth=Truth.TUNED, relations=TUNED)


NAMES: Final = (
    _tuned("module. (data parallel)", renamed(prefixed("module."))),
    _tuned("module. on a BERT", renamed(prefixed("module."), BERT)),
    _tuned("_orig_mod. (compiled)", renamed(prefixed("_orig_mod."))),
    _tuned("_orig_mod. in every layer", renamed(infixed("_orig_mod."))),
    _tuned("_fsdp_wrapped_module.", renamed(fsdp)),
    _tuned("_fsdp_wrapped_module. in a T5", renamed(fsdp, "T5")),
    _tuned("encoder. around a T5", renamed(prefixed("encoder."), "T5")),
    _tuned("_checkpoint_wrapped_module.", renamed(infixed("_checkpoint_wrapped_module."))),
    _tuned("_forward_module.module.", renamed(prefixed("_forward_module.module."))),
    _tuned("Lightning checkpoint", lightning(LLAMA)),
    _tuned("Lightning checkpoint of a BERT", lightning(BERT)),
    _tuned("weights under any key", any_key),
    _tuned("policy.", renamed(prefixed("policy."))),
    _tuned("base_model.model.", renamed(prefixed("base_model.model."))),
    _tuned("net.backbone. on a BERT", renamed(prefixed("net.backbone."), BERT)),
    Layout(name="a stranger under module.", family=CHAPTER, truth=Truth.STRANGER,
           make=renamed(prefixed("module."), stranger=True)),
    _tuned("no name says anything", renamed_whole(LLAMA)),
    _tuned("no name of a T5 says anything", renamed_whole("T5")),
    _tuned("value head under pretrained_model.", headed(value_head, "pretrained_model.")),
    _tuned("Medusa heads on the body", headed(medusa_heads)),
    Layout(name="Medusa heads alone", family=CHAPTER, make=medusa_alone, truth=Truth.OPEN,
           says=("head",)),
    Layout(name="EAGLE draft model", family=CHAPTER, make=eagle, truth=Truth.OPEN, says=("head",)),
    _tuned("weight norm, parametrised", weight_normed),
)  # fmt: skip
"""Names that wrappers, trainers and heads leave in a file."""
