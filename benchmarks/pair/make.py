"""What does a pair of a billion parameters look like, when none may be downloaded?

``python -m benchmarks.pair.make --out DIR`` writes three folders in the shape of a Llama of 1.2 B
parameters, bfloat16, one ``model.safetensors`` each: ``base``, ``derived`` (base plus a small
full-rank change of every value) and ``unrelated`` (another seed, the same tokenizer). Only the
reading and the arithmetic are as on a trained model; whether verdicts are right is measured on
trained ones, in ``benchmarks/zoo``.

What makes trained weights awkward is there: heavy tails, loud channels, rows of unequal size, a
learned low-rank part, norm gains that follow one curve over depth in every model, embeddings whose
token geometry independent models share up to a rotation. Written in blocks, so memory is bounded
by a block; the same seed gives the same bytes with the same NumPy.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from tests.material.remote.tokenizer import RESERVED, write_tokenizer

BLOCK_VALUES: Final = 1 << 20
"""Values held at once: 4 MB in float32, a few such arrays in flight."""
RANK: Final = 32
"""Directions of the learned part of each matrix."""
LEARNED: Final = 0.5
"""Size of the learned part beside the noise, by root mean square."""
CHANGE: Final = 0.03
"""|derived - base| / |base|: between a light and a thorough fine-tune."""
LATENTS: Final = 64
"""Dimensions of the token geometry that all models share."""

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A Llama's sizes."""

    hidden: int
    layers: int
    neurons: int
    heads: int
    kv_heads: int
    vocab: int

    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every tensor, in file order; the head is tied."""
        kv = self.hidden // self.heads * self.kv_heads
        found: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (self.vocab, self.hidden)}
        for i in range(self.layers):
            at = f"model.layers.{i}."
            found |= {
                at + "input_layernorm.weight": (self.hidden,),
                at + "mlp.down_proj.weight": (self.hidden, self.neurons),
                at + "mlp.gate_proj.weight": (self.neurons, self.hidden),
                at + "mlp.up_proj.weight": (self.neurons, self.hidden),
                at + "post_attention_layernorm.weight": (self.hidden,),
                at + "self_attn.k_proj.weight": (kv, self.hidden),
                at + "self_attn.o_proj.weight": (self.hidden, self.hidden),
                at + "self_attn.q_proj.weight": (self.hidden, self.hidden),
                at + "self_attn.v_proj.weight": (kv, self.hidden),
            }
        return found | {"model.norm.weight": (self.hidden,)}

    def config(self) -> dict[str, object]:
        """Return ``config.json``."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "torch_dtype": "bfloat16",
            "hidden_size": self.hidden,
            "intermediate_size": self.neurons,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.kv_heads,
            "head_dim": self.hidden // self.heads,
            "vocab_size": self.vocab,
            "max_position_embeddings": 8192,
            "hidden_act": "silu",
            "rms_norm_eps": 1e-05,
            "rope_theta": 500000.0,
            "attention_bias": False,
            "tie_word_embeddings": True,
        }


ONE_BILLION: Final = Shape(hidden=2048, layers=16, neurons=8192, heads=32, kv_heads=8, vocab=128256)


def generator(seed: int, *purpose: str) -> np.random.Generator:
    """Return a generator that depends on the seed and the purpose alone."""
    digest = hashlib.sha256(json.dumps([seed, *purpose]).encode()).digest()
    return np.random.Generator(np.random.SFC64(int.from_bytes(digest[:16], "little")))


def heavy(rng: np.random.Generator, size: tuple[int, ...]) -> Values:
    """Return symmetric values of variance about 1 and kurtosis about 8."""
    values = rng.standard_normal(size, dtype=np.float32)
    values *= np.float32(0.72) + np.float32(0.13) * values * values
    return values


def scales(rng: np.random.Generator, n: int, spread: float) -> Values:
    """Return log-normal scales of rows or channels; one in five hundred is loud."""
    found = np.exp(spread * rng.standard_normal(n))
    loud = rng.random(n) < 0.002
    return np.asarray(np.where(loud, 6 * found, found), dtype=np.float32)


class Tensor:
    """The values of one tensor of one model, made block by block."""

    def __init__(self, name: str, shape: tuple[int, ...], seed: int) -> None:
        """Draw what all blocks share: scales, the learned part, the channels' loudness."""
        self._rng = generator(seed, name)
        self._n_out, self._n_in = shape
        self._rows = scales(self._rng, self._n_out, 0.25)
        self._columns = scales(generator(seed, "channels", str(self._n_in)), self._n_in, 0.15)
        self._embedding = "embed" in name
        rank = LATENTS if self._embedding else RANK
        decay = 1 / np.sqrt(np.arange(1, rank + 1, dtype=np.float32))
        decay *= LEARNED / np.float32(np.linalg.norm(decay))
        self._right = heavy(self._rng, (rank, self._n_in)) * decay[:, None]
        # Every model sees the same language: token geometry is drawn without the model's seed.
        self._left_rng = generator(0, "tokens") if self._embedding else self._rng
        self._size = np.float32(0.02)

    def blocks(self) -> Iterator[Values]:
        """Yield rows in order, [block, n_in]."""
        step = max(1, BLOCK_VALUES // self._n_in)
        for start in range(0, self._n_out, step):
            n_rows = min(step, self._n_out - start)
            left = heavy(self._left_rng, (n_rows, self._right.shape[0]))
            if self._embedding:  # reserved tokens were never seen: nothing was learned there
                left[max(0, self._n_out - RESERVED - start) :] = 0
            rows = heavy(self._rng, (n_rows, self._n_in))
            rows += left @ self._right
            rows *= self._rows[start : start + n_rows, None]
            rows *= self._size * self._columns
            yield rows


def gains(name: str, n: int, seed: int) -> Values:
    """Return norm gains: one curve over depth for all models, channels of the model's own."""
    rng = generator(seed, name)
    parts = name.split(".")
    depth = int(parts[2]) + 1 if "layers" in parts else 40
    own = generator(seed, "gains").standard_normal(n) + 0.5 * rng.standard_normal(n)
    return np.asarray(0.15 * depth**0.4 * (1 + 0.12 * own), dtype=np.float32)


def bfloat16(values: Values) -> bytes:
    """Return the values rounded to nearest even, as stored."""
    bits = values.view(np.uint32)
    rounded = bits + (np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))
    return (rounded >> np.uint32(16)).astype("<u2").tobytes()


def header(shape: Shape) -> bytes:
    """Return the safetensors header of a model of this shape."""
    entries: dict[str, object] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, size in shape.tensors().items():
        stop = at + 2 * int(np.prod(size))
        entries[name] = {"dtype": "BF16", "shape": list(size), "data_offsets": [at, stop]}
        at = stop
    text = json.dumps(entries, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def write_values(shape: Shape, seed: int, plain: BinaryIO, changed: BinaryIO | None) -> None:
    """Write every tensor of a model, and of its derivative where one is asked for."""
    rng = generator(seed, "derived")
    for name, size in shape.tensors().items():
        blocks = (
            Tensor(name, size, seed).blocks() if len(size) > 1 else [gains(name, size[0], seed)]
        )
        for block in blocks:
            plain.write(bfloat16(block))
            if changed is None:
                continue
            length = np.float32(CHANGE * np.sqrt(np.mean(block * block)))
            noise = rng.standard_normal(block.shape, dtype=np.float32)
            changed.write(bfloat16(block + length * noise))


def write_pair(out: Path, shape: Shape, seed: int) -> None:
    """Write ``base``, ``derived`` and ``unrelated`` under a folder."""
    tokens = write_tokenizer(shape.vocab, generator(0, "tokenizer"))
    for names, model_seed in ((("base", "derived"), seed), (("unrelated",), seed + 1)):
        folders = [out / name for name in names]
        with ExitStack() as stack:
            files = []
            for folder in folders:
                folder.mkdir(parents=True, exist_ok=True)
                for name, text in tokens.items():
                    (folder / name).write_text(text, encoding="utf-8")
                text = json.dumps(shape.config(), indent=2)
                (folder / "config.json").write_text(text + "\n", encoding="utf-8")
                card = f"---\nlibrary_name: transformers\n---\n# {folder.name}\nRandom weights.\n"
                (folder / "README.md").write_text(card, encoding="utf-8")
                files.append(stack.enter_context((folder / "model.safetensors").open("wb")))
                files[-1].write(header(shape))
            write_values(shape, model_seed, files[0], files[1] if len(files) > 1 else None)
        print(f"wrote {', '.join(map(str, folders))}", file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pair.make")
    parser.add_argument("--out", type=Path, required=True, help="7.5 GB are written there")
    parser.add_argument("--seed", type=int, default=0)
    for name in ("hidden", "layers", "neurons", "heads", "kv_heads", "vocab"):
        parser.add_argument(
            "--" + name.replace("_", "-"), type=int, default=getattr(ONE_BILLION, name)
        )
    given = parser.parse_args(arguments)
    sizes = {name: getattr(given, name) for name in Shape.__slots__}
    write_pair(given.out, Shape(**sizes), given.seed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
