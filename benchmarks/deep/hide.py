"""How does a model of many billions get every symmetry randomised, tensor by tensor?

``python -m benchmarks.deep.hide FROM TO`` writes a copy of a model made by ``benchmarks.pair.make``
with channels relabelled and flipped, neurons relabelled, rescaled and flipped, V/O dimensions
relabelled inside every head, and the rows of reserved tokens drawn afresh. A rotation would do the
same to what the disguise test sees (it cancels in the token frame) and cost hours at this size.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from benchmarks.pair.make import Shape, bfloat16, header
from tests.material.remote.tokenizer import RESERVED

SEED: Final = 11
Values = NDArray[np.float32]


class Hider:
    """The random choices, one for each symmetry, and what they do to a tensor."""

    def __init__(self, shape: Shape) -> None:
        """Draw them."""
        self.shape = shape
        rng = np.random.default_rng(SEED)
        self.channels = rng.permutation(shape.hidden)
        self.signs = rng.choice(np.array([-1, 1], dtype=np.float32), shape.hidden)
        self.neurons = [rng.permutation(shape.neurons) for _ in range(shape.layers)]
        self.scales = [
            (
                np.exp(0.3 * rng.standard_normal(shape.neurons))
                * rng.choice([-1, 1], shape.neurons)
            ).astype(np.float32)
            for _ in range(shape.layers)
        ]
        self.values = [self._within_heads(rng) for _ in range(shape.layers)]
        self.rng = rng

    def _within_heads(self, rng: np.random.Generator) -> NDArray[np.int64]:
        size = self.shape.hidden // self.shape.heads
        groups = self.shape.kv_heads
        return np.concatenate([g * size + rng.permutation(size) for g in range(groups)])

    def hide(self, name: str, values: Values) -> Values:
        """Return one tensor in the hidden model's order, signs and scales."""
        layer = int(name.split(".")[2]) if ".layers." in name else -1
        if values.ndim == 1:  # a gain has no sign to flip
            return values[self.channels]
        if "down_proj" in name or "o_proj" in name:
            out = values[self.channels] * self.signs[self.channels, None]
            if "down_proj" in name:
                order = self.neurons[layer]
                return out[:, order] / self.scales[layer][order]
            return out[:, self._of_heads(layer)]
        out = values[:, self.channels] * self.signs[self.channels]
        if "gate_proj" in name:
            return out[self.neurons[layer]]
        if "up_proj" in name:
            order = self.neurons[layer]
            return out[order] * self.scales[layer][order, None]
        if "v_proj" in name:
            return out[self.values[layer]]
        if "embed_tokens" in name:
            last = out[-RESERVED:]
            out[-RESERVED:] = last.std() * self.rng.standard_normal(last.shape)
        return out

    def _of_heads(self, layer: int) -> NDArray[np.int64]:
        """Return the order of the columns of o: every head follows its kv group."""
        size = self.shape.hidden // self.shape.heads
        shared = self.shape.heads // self.shape.kv_heads
        within = self.values[layer].reshape(self.shape.kv_heads, size) % size
        heads = np.arange(self.shape.heads)
        return (heads[:, None] * size + within[heads // shared]).reshape(-1)


def hide(source: Path, target: Path) -> None:
    """Write the hidden copy of a model folder."""
    config = json.loads((source / "config.json").read_text())
    shape = Shape(
        hidden=config["hidden_size"],
        layers=config["num_hidden_layers"],
        neurons=config["intermediate_size"],
        heads=config["num_attention_heads"],
        kv_heads=config["num_key_value_heads"],
        vocab=config["vocab_size"],
    )
    target.mkdir(parents=True, exist_ok=True)
    for path in source.iterdir():
        if path.suffix != ".safetensors":
            shutil.copy(path, target / path.name)
    hider = Hider(shape)
    with (
        safe_open(source / "model.safetensors", "pt") as model,
        (target / "model.safetensors").open("wb") as out,
    ):
        out.write(header(shape))
        for name in shape.tensors():
            values = model.get_tensor(name).float().numpy()
            out.write(bfloat16(np.ascontiguousarray(hider.hide(name, values), dtype=np.float32)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deep.hide", description=__doc__)
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    chosen = parser.parse_args(arguments)
    hide(chosen.source, chosen.target)
    return 0


if __name__ == "__main__":
    sys.exit(main())
