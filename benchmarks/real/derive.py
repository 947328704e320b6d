"""Which derivatives are made from really published weights?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file

from benchmarks.kinds.build import Published
from benchmarks.kinds.folder import changed, tokenizer, with_vocabulary, words
from benchmarks.kinds.pairs import noisy
from tests.material.formats.encode import int8_channel
from tests.material.formats.encode import stored as stored_array
from tests.material.formats.folder import write_safetensors

SEED: Final = 7
STEPS: Final = 30
"""Of the real fine-tune: its matrices move by some tenths of a per cent."""

Change = Callable[[Published], Published]


def read(folder: Path) -> Published:
    """Return a folder of one safetensors file as it lies, tokenizer included."""
    files = {
        name: (folder / name).read_text()
        for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt")
        if (folder / name).exists()
    }
    return Published(
        tensors=load_file(folder / "model.safetensors"),
        config=json.loads((folder / "config.json").read_text()),
        files=files,
    )


def generator() -> torch.Generator:
    """Return the source of every derivative's randomness, fresh."""
    return torch.Generator().manual_seed(SEED)


def with_noise(share: float) -> Change:
    """Return what adds noise of a share of each tensor's spread."""

    def change(model: Published) -> Published:
        floats = {n: t.float() for n, t in model.tensors.items()}
        moved = noisy(changed(model, floats), share, generator())
        return _as_before(model, moved.tensors)

    return change


def _as_before(model: Published, tensors: dict[str, torch.Tensor] | object) -> Published:
    """Return changed tensors in the dtypes that they had."""
    assert isinstance(tensors, dict)
    return changed(model, {n: t.to(model.tensors[n].dtype) for n, t in tensors.items()})


def sparse(model: Published) -> Published:
    """Return a model with the smaller half of every matrix set to zero."""

    def pruned(values: torch.Tensor) -> torch.Tensor:
        if values.dim() < 2 or not values.is_floating_point():
            return values
        return torch.where(values.abs() >= values.abs().median(), values, torch.zeros_like(values))

    return changed(model, {n: pruned(t) for n, t in model.tensors.items()})


def without_layers(*kept: int) -> Change:
    """Return what keeps some layers alone, numbered anew."""

    def change(model: Published) -> Published:
        tensors = {}
        for name, values in model.tensors.items():
            found = re.search(r"\blayers?\.(\d+)\.", name)
            if found is None:
                tensors[name] = values
            elif int(found[1]) in kept:
                at = kept.index(int(found[1]))
                tensors[name[: found.start(1)] + str(at) + name[found.end(1) :]] = values
        return changed(model, tensors, num_hidden_layers=len(kept))

    return change


def narrower(model: Published) -> Published:
    """Return a BERT without the smaller half of each layer's neurons."""
    inner = int(model.config["intermediate_size"])
    tensors = dict(model.tensors)
    for i in range(int(model.config["num_hidden_layers"])):
        at = f"encoder.layer.{i}"
        up, down = f"{at}.intermediate.dense", f"{at}.output.dense"
        size = tensors[f"{up}.weight"].norm(dim=1)
        keep = size.argsort(descending=True)[: inner // 2].sort().values
        tensors[f"{up}.weight"] = tensors[f"{up}.weight"][keep].contiguous()
        tensors[f"{up}.bias"] = tensors[f"{up}.bias"][keep].contiguous()
        tensors[f"{down}.weight"] = tensors[f"{down}.weight"][:, keep].contiguous()
    return changed(model, tensors, intermediate_size=inner // 2)


def re_vocabularied(model: Published) -> Published:
    """Return a model with fresh embeddings of 20,000 new words and a body that moved by 2 %."""
    old, new = int(model.config["vocab_size"]), 20_000
    source = generator()
    body = noisy(model, 0.02, source)
    tensors = {}
    for name, values in body.tensors.items():
        if old not in values.shape:
            tensors[name] = values
            continue
        spread = float(values.std())
        tensors[name] = spread * torch.randn((new, *values.shape[1:]), generator=source)
    config = with_vocabulary(model.config, old, new)
    files = {"tokenizer.json": tokenizer(words(new))}
    return Published(tensors=tensors, config=config, files=files)


def with_head(model: Published) -> Published:
    """Return a model with a classifier of three classes on the same body."""
    width = int(model.config["hidden_size"])
    source = generator()
    head = {
        "classifier.weight": 0.02 * torch.randn(3, width, generator=source),
        "classifier.bias": torch.zeros(3),
    }
    body = {f"bert.{n}": t for n, t in model.tensors.items()}
    return changed(model, {**body, **head}, architectures=["BertForSequenceClassification"])


def drawn_anew(model: Published) -> Published:
    """Return a stranger of the same shapes: every tensor drawn with its own mean and spread."""
    source = generator()
    tensors = {}
    for name, values in model.tensors.items():
        if not values.is_floating_point() or values.numel() < 2:
            tensors[name] = values
            continue
        floats = values.float()
        noise = torch.randn(values.shape, generator=source)
        tensors[name] = float(floats.mean()) + float(floats.std()) * noise
    return _as_before(model, tensors)


def write_int8(folder: Path, model: Published) -> None:
    """Write a BERT whose matrices are int8 with a scale for each row, as compressed-tensors does."""
    folder.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, values in model.tensors.items():
        array = values.numpy()
        inside = name.startswith("encoder.layer.") and array.ndim > 1
        if not inside:
            found[name] = stored_array(array)
            continue
        stem = name.removesuffix("weight")
        found |= {stem + part: kept for part, kept in int8_channel(array).items()}
    write_safetensors(folder / "model.safetensors", found)
    config = {**model.config, "quantization_config": {"quant_method": "compressed-tensors"}}
    (folder / "config.json").write_text(json.dumps(config))
    for name, text in model.files.items():
        (folder / name).write_text(text)


def trained_on(folder: Path) -> Published:
    """Return a sentence encoder after some steps of contrastive training on its own card's lines.

    Args:
        folder: The encoder, with ``README.md`` and a tokenizer.

    Raises:
        ImportError: transformers is not installed.
    """
    from transformers import AutoTokenizer, BertModel

    torch.manual_seed(SEED)
    model = BertModel.from_pretrained(folder)
    model.train()
    cut = AutoTokenizer.from_pretrained(folder)
    lines = [x for x in (folder / "README.md").read_text().splitlines() if len(x) > 40]
    step = torch.optim.AdamW(model.parameters(), lr=5e-5)
    for at in range(STEPS):
        batch = [lines[(8 * at + i) % len(lines)] for i in range(8)]
        given = cut(batch, padding=True, truncation=True, max_length=64, return_tensors="pt")
        one, two = (_mean(model(**given).last_hidden_state, given) for _ in range(2))
        loss = torch.nn.functional.cross_entropy(20 * one @ two.T, torch.arange(len(batch)))
        step.zero_grad()
        loss.backward()
        step.step()
    before = read(folder)
    after = {n: t.detach().clone() for n, t in model.state_dict().items() if n in before.tensors}
    return changed(before, {**before.tensors, **after})


def _mean(hidden: torch.Tensor, given: dict[str, torch.Tensor]) -> torch.Tensor:
    mask = given["attention_mask"][..., None]
    return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1)
