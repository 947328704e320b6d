"""Do the decoders agree with the libraries that write each format?

``golden/written_by_libraries.safetensors`` holds one small matrix [32, 64] in each format, packed by
AutoGPTQ 0.7.1, AutoAWQ 0.2.9, bitsandbytes 0.50.2, compressed-tensors 0.20.0 and MLX 0.32.4 on a
CPU, beside what the same library makes of it again (``<format>/expected``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

from hubcheck.checkpoint.interface import Checkpoint, RowBlock
from hubcheck.checkpoint.packed import packed_storage
from hubcheck.checkpoint.rows import read_rows
from hubcheck.checkpoint.safetensors import open_safetensors
from hubcheck.checkpoint.unpacking import unpacked
from tests.material.formats.encode import Stored, mxfp4_experts
from tests.material.formats.folder import safetensors_file
from tests.memory_source import MemorySource

GOLDEN: Final = load_file(Path(__file__).parent / "golden" / "written_by_libraries.safetensors")
KINDS: Final = sorted({name.split("/")[0] for name in GOLDEN})
DTYPES: Final = {
    "torch.float32": "F32",
    "torch.float16": "F16",
    "torch.bfloat16": "BF16",
    "torch.int32": "I32",
    "torch.int64": "I64",
    "torch.int8": "I8",
    "torch.uint8": "U8",
    "torch.uint32": "U32",
    "torch.float8_e4m3fn": "F8_E4M3",
}


def parts_of(kind: str) -> dict[str, Stored]:
    """Return the stored tensors of one format."""
    return {
        f"q_proj.{name.split('/')[1]}": Stored(
            DTYPES[str(value.dtype)],
            tuple(value.shape),
            value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes(),
        )
        for name, value in GOLDEN.items()
        if name.split("/")[0] == kind and not name.endswith("expected")
    }


def opened(tensors: dict[str, Stored], config: dict[str, object]) -> Checkpoint:
    """Return a checkpoint with its packed tensors recognised."""
    source = MemorySource({"model.safetensors": safetensors_file(tensors)})
    return unpacked(open_safetensors(source), {"quantization_config": config})


def rows(checkpoint: Checkpoint, name: str, start: int, stop: int) -> NDArray[np.float32]:
    """Return rows of one tensor."""
    return read_rows(checkpoint, [RowBlock(tensor=name, start=start, stop=stop)])[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_decoder_agrees_with_the_library(kind: str) -> None:
    """Every row and every run of rows has the values that the library itself restores."""
    config: dict[str, object] = {}
    if "GPTQ" in kind:
        config = {"bits": int(kind.split()[1]), "desc_act": "act order" in kind}
    if kind.endswith("bit"):  # MLX
        bits = int(kind.split()[1])
        config = {"bits": bits, "group_size": 32 + 32 * (bits % 2)}
    checkpoint = opened(parts_of(kind), config)
    assert list(checkpoint.tensors) == ["q_proj.weight"]
    assert packed_storage(checkpoint) == ""
    record = checkpoint.tensors["q_proj.weight"]
    assert record.storage is not None
    expected = GOLDEN[f"{kind}/expected"].numpy()
    expected = expected.T if record.storage.by_input else expected
    assert record.shape == expected.shape
    everything = rows(checkpoint, "q_proj.weight", 0, len(expected))
    atol = 1e-4 if kind.startswith("MLX") else 2e-5  # MLX restores in half precision
    np.testing.assert_allclose(everything, expected, rtol=2e-3, atol=atol)
    for start, stop in ((0, 1), (3, 17), (11, 12), (len(expected) - 1, len(expected)), (5, 5)):
        part = rows(checkpoint, "q_proj.weight", start, stop)
        np.testing.assert_array_equal(part, everything[start:stop])


def test_stacked_mxfp4_experts_agree_with_transformers() -> None:
    """gpt-oss's experts hold the values that transformers restores, one matrix [out, in] each."""
    weights = np.random.default_rng(0).normal(size=(3, 10, 64)).astype(np.float32)
    stored = {f"mlp.experts.down_proj{k}": v for k, v in mxfp4_experts(weights).items()}
    checkpoint = opened(stored, {})
    assert checkpoint.tensors["mlp.experts.down_proj"].shape == (3, 10, 64)
    given = {
        name[-6:]: torch.frombuffer(bytearray(s.raw), dtype=torch.uint8).reshape(s.shape)
        for name, s in stored.items()
    }
    restored = convert_moe_packed_tensors(given["blocks"], given["scales"], dtype=torch.float32)
    expected = restored.transpose(1, 2).reshape(30, 64).numpy()  # transformers keeps [in, out]
    np.testing.assert_array_equal(rows(checkpoint, "mlp.experts.down_proj", 0, 30), expected)
