"""What does a check of a model of real size cost in each format?

Files of the published shapes of an 8 B and a 70 B model are made of holes: true headers, true sizes,
no weights on the disk. Headers are then read as in a check and the first step of the comparison
with the bfloat16 original is planned; nothing else is read. Bytes and ranges are what a Hub would
serve. Run: ``python -m benchmarks.formats.costs [folder]``.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Final

import gguf
import numpy as np

from hubcheck.checkpoint.rows import spans_of
from hubcheck.evidence.combine import NOTHING_PAID
from hubcheck.evidence.looks.sample.compare import Comparer
from hubcheck.evidence.side import SharedTokens
from hubcheck.model import Access, Model, open_model
from hubcheck.source.interface import FileEntry, Source, Span
from hubcheck.source.ledger import Purpose
from hubcheck.source.ranges import plan_runs
from hubcheck.source.reference import parse_reference
from tests.material.formats.gguf_file import gguf_name
from tests.material.remote.shapes import Published, dense

MODELS: Final = (
    dense("Llama-3.1-8B", hidden=4096, layers=32, neurons=14336, heads=32, kv=8, vocab=128256),
    dense("Llama-3.1-70B", hidden=8192, layers=80, neurons=28672, heads=64, kv=8, vocab=128256),
)
SEED: Final = 20_240_607
SHARD: Final = 5_000_000_000
"""Bytes of a safetensors file, as published."""
GROUP: Final = 128
"""Inputs that share a scale, the usual choice of GPTQ, AWQ and compressed-tensors."""
SIZES: Final = {
    "BF16": 2, "F16": 2, "F32": 4, "I32": 4, "I64": 8, "U8": 1, "F8_E4M3": 1,
}  # fmt: skip
Piece = tuple[str, tuple[int, ...], bytes]
"""Dtype, shape, and what the tensor holds where a reader looks at headers (else holes)."""


def state(n_out: int, n_in: int) -> bytes:
    """Return the description that bitsandbytes stores beside each weight."""
    told = {
        "quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [n_out, n_in],
        "nested_blocksize": 256, "nested_dtype": "float32", "nested_offset": 0.05,
    }  # fmt: skip
    return json.dumps(told).encode()


def bitsandbytes(n_out: int, n_in: int) -> dict[str, Piece]:
    """Return nf4 with nested statistics."""
    blocks = n_out * n_in // 64
    told = state(n_out, n_in)
    return {
        "weight": ("U8", (n_out * n_in // 2, 1), b""),
        "weight.absmax": ("U8", (blocks,), b""),
        "weight.nested_absmax": ("F32", (-(-blocks // 256),), b""),
        "weight.quant_map": ("F32", (16,), b""),
        "weight.nested_quant_map": ("F32", (256,), b""),
        "weight.quant_state.bitsandbytes__nf4": ("U8", (len(told),), told),
    }


def compressed(n_out: int, n_in: int) -> dict[str, Piece]:
    """Return compressed-tensors int4."""
    shape = np.asarray([n_out, n_in], dtype="<i8").tobytes()
    return {
        "weight_packed": ("I32", (n_out, n_in // 8), b""),
        "weight_scale": ("BF16", (n_out, n_in // GROUP), b""),
        "weight_shape": ("I64", (2,), shape),
    }


def gptq(n_out: int, n_in: int) -> dict[str, Piece]:
    """Return GPTQ 4 bit."""
    return {
        "qweight": ("I32", (n_in // 8, n_out), b""),
        "qzeros": ("I32", (n_in // GROUP, n_out // 8), b""),
        "scales": ("F16", (n_in // GROUP, n_out), b""),
        "g_idx": ("I32", (n_in,), b""),
    }


def awq(n_out: int, n_in: int) -> dict[str, Piece]:
    """Return AWQ 4 bit."""
    return {
        "qweight": ("I32", (n_in, n_out // 8), b""),
        "qzeros": ("I32", (n_in // GROUP, n_out // 8), b""),
        "scales": ("F16", (n_in // GROUP, n_out), b""),
    }


def fp8(n_out: int, n_in: int) -> dict[str, Piece]:
    """Return fp8 with blocks of 128 x 128."""
    grid = (-(-n_out // 128), -(-n_in // 128))
    return {"weight": ("F8_E4M3", (n_out, n_in), b""), "weight_scale_inv": ("F32", grid, b"")}


def nvfp4(n_out: int, n_in: int) -> dict[str, Piece]:
    """Return NVFP4 of compressed-tensors."""
    return {
        "weight_packed": ("U8", (n_out, n_in // 2), b""),
        "weight_scale": ("F8_E4M3", (n_out, n_in // 16), b""),
        "weight_global_scale": ("F32", (1,), b""),
    }


def bf16(n_out: int, n_in: int) -> dict[str, Piece]:
    """Return a plain weight."""
    return {"weight": ("BF16", (n_out, n_in), b"")}


Linear = Callable[[int, int], dict[str, Piece]]
SAFETENSORS: Final[Mapping[str, tuple[Linear, dict[str, object]]]] = {
    "safetensors bf16": (bf16, {}),
    "fp8, 128 x 128 blocks": (fp8, {"quant_method": "fp8", "weight_block_size": [128, 128]}),
    "GPTQ 4 bit": (gptq, {"quant_method": "gptq", "bits": 4, "desc_act": False}),
    "GPTQ 4 bit, act order": (gptq, {"quant_method": "gptq", "bits": 4, "desc_act": True}),
    "AWQ 4 bit": (awq, {"quant_method": "awq", "bits": 4}),
    "nf4, bitsandbytes, nested": (bitsandbytes, {"quant_method": "bitsandbytes"}),
    "int4, compressed-tensors": (compressed, {"quant_method": "compressed-tensors"}),
    "NVFP4, compressed-tensors": (nvfp4, {"quant_method": "compressed-tensors"}),
}
GGUF: Final = ("BF16", "Q8_0", "Q6_K", "Q4_K")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the header and the first step of one model cost."""

    file_bytes: int
    header_bytes: int
    header_requests: int
    plan_bytes: int
    transferred: int
    ranges: int
    seconds: float


def pieces(model: Published, linear: Linear) -> Iterator[tuple[str, Piece]]:
    """Return the tensors of a model with its linear layers stored in a format."""
    for name, shape in model.tensors():
        if name.endswith("_proj.weight"):
            stem = name.removesuffix("weight")
            yield from ((stem + part, piece) for part, piece in linear(*shape).items())
        else:
            yield name, ("BF16", shape, b"")


def write_safetensors(folder: Path, model: Published, name: str) -> None:
    """Write shards of holes with their index."""
    linear, quantisation = SAFETENSORS[name]
    config = {**model.config, **({"quantization_config": quantisation} if quantisation else {})}
    (folder / "config.json").write_text(json.dumps(config))
    shards: list[dict[str, Piece]] = [{}]
    room = SHARD
    for tensor, piece in pieces(model, linear):
        size = prod(piece[1]) * SIZES[piece[0]]
        if size > room and shards[-1]:
            shards.append({})
            room = SHARD
        shards[-1][tensor] = piece
        room -= size
    weight_map: dict[str, str] = {}
    for i, shard in enumerate(shards):
        path = folder / f"model-{i + 1:05}-of-{len(shards):05}.safetensors"
        weight_map |= dict.fromkeys(shard, path.name)
        write_shard(path, shard)
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def write_shard(path: Path, shard: Mapping[str, Piece]) -> None:
    """Write one file of holes: header, small contents, and the size of the rest."""
    header: dict[str, object] = {}
    at = 0
    for name, (dtype, shape, _) in shard.items():
        stop = at + prod(shape) * SIZES[dtype]
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, stop]}
        at = stop
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        start = 0
        for dtype, shape, content in shard.values():
            if content:
                file.seek(8 + len(text) + start)
                file.write(content)
            start += prod(shape) * SIZES[dtype]
        file.truncate(8 + len(text) + at)


def write_gguf(folder: Path, model: Published, type_name: str) -> None:
    """Write one GGUF file of holes with a vocabulary of real size."""
    config = model.config
    path = folder / "model.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(int(str(config["num_hidden_layers"])))
    writer.add_embedding_length(int(str(config["hidden_size"])))
    writer.add_head_count(int(str(config["num_attention_heads"])))
    writer.add_head_count_kv(int(str(config["num_key_value_heads"])))
    vocabulary = int(str(config["vocab_size"]))
    writer.add_token_list([f"token {i:6}" for i in range(vocabulary)])
    writer.add_token_types([1] * vocabulary)
    writer.add_token_merges([f"to {i:6}" for i in range(2 * vocabulary)])
    kind = gguf.GGMLQuantizationType[type_name]
    n_values, n_bytes = gguf.GGML_QUANT_SIZES[kind]
    total = 0
    for name, shape in model.tensors():
        wide = len(shape) > 1
        stored = (*shape[:-1], shape[-1] // n_values * n_bytes) if wide else shape
        size = prod(stored) if wide else 4 * prod(shape)
        dtype, raw = (np.uint8, kind) if wide else (np.float32, None)
        writer.add_tensor_info(gguf_name(name), stored, np.dtype(dtype), size, raw_dtype=raw)
        total += -(-size // 32) * 32
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    start = -(-path.stat().st_size // 32) * 32
    with path.open("r+b") as file:
        file.truncate(start + total)


class Counting:
    """A source that counts the ranges which a Hub would be asked for."""

    def __init__(self, source: Source) -> None:
        """Wrap a source."""
        self._source = source
        self.pin, self.ledger = source.pin, source.ledger
        self.ranges = 0

    def files(self) -> tuple[FileEntry, ...]:
        """Return the files."""
        return self._source.files()

    def read(self, spans: Sequence[Span], purpose: Purpose) -> list[bytes]:
        """Read, counted as neighbours that share a range."""
        self.ranges += len(plan_runs(spans))
        return self._source.read(spans, purpose)

    def read_document(self, path: str, *, limit: int) -> bytes:
        """Read a document, which is one range."""
        self.ranges += 1
        return self._source.read_document(path, limit=limit)


def opened(folder: Path) -> tuple[Model, Counting]:
    """Return a model of this machine and its counter."""
    access = Access(max_read=1 << 30, token=None, endpoint=None)
    found = open_model(parse_reference(str(folder)), access)
    counting = Counting(found.source)
    return Model(counting, found.files), counting


def cost_of(folder: Path, original: Path) -> Cost:
    """Return what the headers and the first step against the original cost."""
    started = time.perf_counter()
    (base, _), (subject, counting) = opened(original), opened(folder)
    vocabulary = int(str(base.config["vocab_size"]))
    ids = tuple(range(vocabulary))
    tokens = SharedTokens(base_ids=ids, subject_ids=ids)
    reader = subject.reader
    assert subject.anatomy.mapped_share == 1.0
    header_bytes, header_requests = subject.source.ledger.bytes_read, counting.ranges
    comparer = Comparer(
        base.reader, reader, tokens, seed=SEED, prices=NOTHING_PAID, routing_groups=1
    )
    _, wanted = comparer.plan()
    tensors = reader.anatomy.checkpoint.tensors
    spans = [
        span
        for one in wanted
        for block in one.stored_blocks()
        for span in spans_of(tensors[block.tensor], block)
    ]
    runs = plan_runs(spans)
    return Cost(
        file_bytes=subject.weight_bytes,
        header_bytes=header_bytes,
        header_requests=header_requests,
        plan_bytes=reader.size(wanted),
        transferred=sum(run.size for run in runs),
        ranges=len(runs),
        seconds=time.perf_counter() - started,
    )


def main() -> None:
    """Print the table."""
    print("| model | format | GB | headers MB | reads | rows MB | with gaps MB | ranges | s |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary)
        for model in MODELS:
            label = model.label
            original = root / label
            for name in (*SAFETENSORS, *(f"GGUF {kind}" for kind in GGUF)):
                folder = original if not original.exists() else root / f"{label} {name}"
                folder.mkdir(parents=True)
                if name.startswith("GGUF"):
                    write_gguf(folder, model, name.removeprefix("GGUF "))
                else:
                    write_safetensors(folder, model, name)
                cost = cost_of(folder, original)
                print(
                    f"| {label} | {name} | {cost.file_bytes / 1e9:.1f} |"
                    f" {cost.header_bytes / 1e6:.2f} | {cost.header_requests} |"
                    f" {cost.plan_bytes / 1e6:.1f} | {cost.transferred / 1e6:.1f} |"
                    f" {cost.ranges} | {cost.seconds:.1f} |",
                    flush=True,
                )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(f"\npeak memory of this run, GGUF writer included: {peak / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
