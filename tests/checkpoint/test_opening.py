"""Which of several formats in one repository is read?"""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from hubcheck.checkpoint.opening import open_checkpoint
from hubcheck.checkpoint.rounding import main_storage, rounding_of
from hubcheck.errors import UnsupportedFormatError
from tests.material.formats.gguf_file import gguf_seed
from tests.memory_source import MemorySource

PLAIN = save({"a.weight": np.ones((2, 3), dtype=np.float32)})
BUFFER = io.BytesIO()
torch.save({"a.weight": torch.ones(2, 3)}, BUFFER)
FILES = {
    "model.safetensors": PLAIN,
    "model.gguf": gguf_seed(),
    "pytorch_model.bin": BUFFER.getvalue(),
    "training_args.bin": b"nothing to see",
    "README.md": b"# card",
}


@pytest.mark.parametrize(
    ("without", "expected"),
    [
        ((), "safetensors"),
        (("model.safetensors",), "GGUF"),
        (("model.safetensors", "model.gguf"), "PyTorch zip"),
    ],
)
def test_the_format_that_loaders_prefer_is_read(without: tuple[str, ...], expected: str) -> None:
    """Safetensors before GGUF before PyTorch files, whatever lies beside them."""
    files = {path: raw for path, raw in FILES.items() if path not in without}
    assert open_checkpoint(MemorySource(files), {}).format == expected


def test_a_named_file_is_read_whatever_lies_beside_it() -> None:
    """A file that config.json names is the one loaders take."""
    files = {**FILES, "other.safetensors": PLAIN}
    checkpoint = open_checkpoint(MemorySource(files), {"transformers_weights": "other.safetensors"})
    assert checkpoint.tensors["a.weight"].path == "other.safetensors"


@pytest.mark.parametrize(
    ("path", "name"),
    [("model.onnx", "ONNX"), ("tf_model.h5", "Keras HDF5"), ("model.nemo", "NeMo archive")],
)
def test_any_other_format_is_named(path: str, name: str) -> None:
    """What is not read is refused by its name, for the not-tested finding."""
    with pytest.raises(UnsupportedFormatError) as caught:
        open_checkpoint(MemorySource({path: b"x", "training_args.bin": b"x"}), {})
    assert caught.value.format_name == name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GPTQ 4 bit", 0.16),
        ("GPTQ 8 bit", 0.02),
        ("compressed-tensors 3 bit", 0.32),
        ("GGUF Q6_K", 0.05),
        ("GGUF IQ4_XS", 0.16),
        ("MXFP4", 0.16),
        ("NVFP4", 0.16),
        ("fp8 with scales", 0.04),
        ("int8 with scales", 0.02),
        ("F32", 0.0),
        ("", 0.0),
    ],
)
def test_rounding_follows_the_bits(name: str, expected: float) -> None:
    """Every storage that is read has a bound on what it rounds away; a plain one has none."""
    assert rounding_of(name) == expected


def test_plain_models_have_no_packed_storage() -> None:
    """Rows of a PyTorch archive are plain values, not a packed format."""
    assert main_storage(open_checkpoint(MemorySource({"m.bin": BUFFER.getvalue()}), {})) == ""
    assert main_storage(open_checkpoint(MemorySource({"m.gguf": gguf_seed()}), {})) == "GGUF Q8_0"
