"""Does any file make a reader do more than refuse?

Mutates sound files of each format at random for some seconds and counts how they end. A reader may
return a checkpoint whose tensors lie inside the file, or raise a ``HubcheckError``; everything else
is printed and ends the run with status 1. Run: ``python -m benchmarks.formats.fuzz [seconds]``.
"""

from __future__ import annotations

import io
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import gguf
import numpy as np
import torch

from hubcheck.anatomy.read import anatomy_of
from hubcheck.anatomy.side_parts import side_parts_of
from hubcheck.anatomy.towers import towers_of
from hubcheck.checkpoint.gguf_code_books import SIZES
from hubcheck.checkpoint.interface import RowBlock
from hubcheck.checkpoint.opening import open_checkpoint
from hubcheck.checkpoint.rows import read_rows
from hubcheck.errors import HubcheckError, MissingModelError
from hubcheck.source.interface import FileEntry, Pin, Span
from hubcheck.source.ledger import Ledger, Purpose
from tests.material.formats.encode import ENCODERS, Stored
from tests.material.formats.folder import safetensors_file
from tests.material.formats.gguf_file import WEIGHT, gguf_seed

MAX_FLIPS: Final = 8
HEADER_BIAS: Final = 0.7
"""Share of mutations near the ends of the file, where headers and directories lie."""
LARGE: Final = 256 << 20
"""Bytes by which the process may grow over a whole run."""


class OneFile:
    """A model of one file in memory that refuses reads outside it."""

    def __init__(self, path: str, content: bytes) -> None:
        self.pin = Pin(ref="fuzz", revision="0" * 40, created="")
        self.ledger = Ledger(1 << 40)
        self._path, self._content = path, content

    def files(self) -> tuple[FileEntry, ...]:
        """Return the file."""
        return (FileEntry(path=self._path, size=len(self._content), sha256=""),)

    def read(self, spans: Sequence[Span], purpose: Purpose) -> list[bytes]:
        """Return spans; one outside the file is the reader's error."""
        for span in spans:
            assert span.path == self._path
            assert 0 <= span.start <= span.stop <= len(self._content), "read outside the file"
        self.ledger.charge(sum(s.size for s in spans), purpose, requests=len(spans))
        return [self._content[s.start : s.stop] for s in spans]

    def read_document(self, path: str, *, limit: int) -> bytes:
        """Refuse: there are no documents."""
        raise MissingModelError(f"'{path}' {limit}", cause="it is a fuzz run.", next_step="none.")


def code_book_seed() -> bytes:
    """Return a GGUF file with a tensor of every type that looks its values up, and ternary ones."""
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.gguf"
        writer = gguf.GGUFWriter(path, "llama")
        writer.add_block_count(1)
        for i, name in enumerate((*SIZES, "TQ1_0", "TQ2_0")):
            kind = gguf.GGMLQuantizationType[name]
            n_values, n_bytes = gguf.GGML_QUANT_SIZES[kind]
            raw = rng.integers(0, 256, (4, 256 // n_values * n_bytes), dtype=np.uint8)
            raw[:, ::2] &= 0x3F  # scales are half floats: keep most of them finite
            raw[:, 1::2] &= 0x3F
            writer.add_tensor(f"blk.{i}.ffn_up.weight", raw, raw_dtype=kind)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path.read_bytes()


def torch_seed() -> bytes:
    """Return a small PyTorch file."""
    buffer = io.BytesIO()
    torch.save({f"layers.{i}.weight": torch.from_numpy(WEIGHT) * i for i in range(4)}, buffer)
    return buffer.getvalue()


def packed_seed() -> bytes:
    """Return a safetensors file with one weight in every packed format."""
    tensors: dict[str, Stored] = {}
    for i, (encode, _) in enumerate(ENCODERS.values()):
        tensors |= {f"layers.{i}.q_proj.{part}": s for part, s in encode(WEIGHT).items()}
    return safetensors_file(tensors)


SEEDS: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "safetensors, all packed formats": ("model.safetensors", packed_seed),
    "GGUF": ("model.gguf", gguf_seed),
    "GGUF, code books and ternary": ("model.gguf", code_book_seed),
    "PyTorch zip": ("pytorch_model.bin", torch_seed),
}


def mutated(seed: bytes, rng: np.random.Generator) -> bytes:
    """Return the seed with some bytes changed, moved or cut off."""
    raw = bytearray(seed)
    for _ in range(int(rng.integers(1, MAX_FLIPS))):
        near = rng.random() < HEADER_BIAS
        edge = min(len(raw), 6000)
        at = int(rng.integers(edge)) if near else int(rng.integers(len(raw)))
        if near and rng.random() < 0.5:
            at = len(raw) - 1 - at
        kind = rng.integers(4)
        if kind == 0:
            raw[at] = int(rng.integers(256))
        elif kind == 1:
            raw[at] ^= 1 << int(rng.integers(8))
        elif kind == 2:
            raw[at : at + 8] = int(rng.integers(0, 1 << 62)).to_bytes(8, "little")
        else:
            other = int(rng.integers(len(raw)))
            raw[at : at + 4] = raw[other : other + 4]
        if not raw:
            return bytes(raw)
    if rng.random() < 0.1:
        del raw[int(rng.integers(len(raw))) :]
    return bytes(raw)


def ends(path: str, raw: bytes) -> str:
    """Return how one file ends: read, or the error it is refused with."""
    try:
        checkpoint = open_checkpoint(OneFile(path, raw), {})
        blocks = [
            RowBlock(tensor=n, start=0, stop=min(4, r.n_rows))
            for n, r in checkpoint.tensors.items()
            if r.n_cols <= 1 << 20
        ]
        anatomy = anatomy_of(checkpoint, {})
        towers_of(anatomy, {})
        side_parts_of(anatomy, {})
        read_rows(checkpoint, blocks)
    except HubcheckError as error:
        return type(error).__name__
    return "read"


def main() -> None:
    """Fuzz every reader and print the counts."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    failed = False
    print("| reader | files tried | read | refused | anything else | memory grown |")
    print("|---|---|---|---|---|---|")
    for name, (path, make) in SEEDS.items():
        seed, rng = make(), np.random.default_rng(11)
        assert ends(path, seed) == "read", name
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        counts: Counter[str] = Counter()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            raw = mutated(seed, rng)
            try:
                counts[ends(path, raw)] += 1
            except Exception:  # noqa: BLE001 - exactly what is looked for
                traceback.print_exc()
                counts["other"] += 1
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
        refused = counts.total() - counts["read"] - counts["other"]
        print(
            f"| {name} | {counts.total():,} | {counts['read']:,} | {refused:,} |"
            f" {counts['other']} | {grown / 1e6:.0f} MB |",
            flush=True,
        )
        failed |= counts["other"] > 0 or grown > LARGE
    sys.exit(failed)


if __name__ == "__main__":
    main()
