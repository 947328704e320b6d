"""Is every weight file beside those that were read named, with why it was not read?"""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from hubcheck.checkpoint.opening import loaded_files, open_checkpoint
from hubcheck.checkpoint.unread import Why, unread_files
from hubcheck.errors import UnreadableError
from hubcheck.source.interface import FileEntry
from tests.checkpoint.malformed import index_of
from tests.memory_source import MemorySource

ONE = save({"a.weight": np.ones((2, 3), dtype=np.float32)})
TWO = save({"b.weight": np.ones((2, 3), dtype=np.float32)})
SHARDS = {"model-00001-of-00002.safetensors": ONE, "model-00002-of-00002.safetensors": TWO}
INDEX = {"model.safetensors.index.json": index_of({"a.weight": next(iter(SHARDS))})}


def torch_file() -> bytes:
    """Return a PyTorch file of one tensor."""
    buffer = io.BytesIO()
    torch.save({"a.weight": torch.ones(2, 3)}, buffer)
    return buffer.getvalue()


def unread(files: Mapping[str, bytes], config: Mapping[str, object] | None = None) -> list[str]:
    """Return the names of what is not read of a model, each with why."""
    source = MemorySource(files)
    read = loaded_files(source, config or {})
    return [f"{f.path}: {f.why}" for f in unread_files(source.files(), read)]


@pytest.mark.parametrize(
    ("files", "config"),
    [
        ({"model.safetensors": ONE, **SHARDS, **INDEX}, {}),
        ({**SHARDS}, {}),
        ({**SHARDS, **INDEX}, {}),
        ({"consolidated.safetensors": ONE, **SHARDS}, {}),
        ({"other.safetensors": ONE, "model.safetensors": TWO}, {}),
        ({"a.safetensors": ONE, "b.safetensors": TWO}, {"transformers_weights": "b.safetensors"}),
        ({"pytorch_model.bin": torch_file(), "other.bin": b"x"}, {}),
        ({"model.safetensors": ONE, "pytorch_model.bin": torch_file()}, {}),
    ],
)
def test_what_would_be_opened_is_what_is_opened(
    files: Mapping[str, bytes], config: Mapping[str, object]
) -> None:
    """The files told before a header is read are those whose headers are read."""
    source = MemorySource(files)
    told = loaded_files(source, config)
    assert not any(span.path.endswith(".safetensors") for call in source.calls for span in call)
    assert told == open_checkpoint(source, config).paths


def test_a_shard_that_the_index_leaves_out_is_not_read() -> None:
    """An index names the files that are loaded: another shard beside them is named as unread."""
    assert unread({**SHARDS, **INDEX}) == ["model-00002-of-00002.safetensors: other-set"]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("model-00001-of-00002.safetensors", Why.OTHER_SET),
        ("consolidated.safetensors", Why.OTHER_SET),
        ("model.fp16.safetensors", Why.OTHER_SET),
        ("pytorch_model.bin", Why.OTHER_FORMAT),
        ("model.PT", Why.OTHER_FORMAT),
        ("model-Q4_K_M.gguf", Why.OTHER_FORMAT),
        ("adapter_model.safetensors", Why.ADAPTER),
        ("checkpoint-9/adapter_model.bin", Why.ADAPTER),
        ("pytorch_lora_weights.safetensors", Why.ADAPTER),
        ("original/consolidated.00.pth", Why.OTHER_FOLDER),
        ("onnx/model.onnx", Why.OTHER_FOLDER),
        ("tf_model.h5", Why.UNKNOWN_CONTAINER),
        ("flax_model.msgpack", Why.UNKNOWN_CONTAINER),
        ("model.onnx_data", Why.UNKNOWN_CONTAINER),
        ("rust_model.ot", Why.UNKNOWN_CONTAINER),
        ("model.pkl", Why.UNKNOWN_CONTAINER),
        ("model.nemo", Why.UNKNOWN_CONTAINER),
    ],
)
def test_each_kind_of_other_weights_is_named(path: str, why: Why) -> None:
    """A second set, another format, a folder, an adapter, an unknown container: each by its code."""
    assert unread({"model.safetensors": ONE, path: b"x"}) == [f"{path}: {why}"]


@pytest.mark.parametrize(
    "path",
    [
        "training_args.bin", "optimizer.pt", "checkpoint-5/optimizer.bin", "rng_state_0.pth",
        "scheduler.pt", "random_states_0.pkl", "imatrix.gguf", "tokenizer.json", "README.md",
        "model.safetensors.index.json.bak", "sentencepiece.model",
    ],
)  # fmt: skip
def test_what_is_no_weights_is_not_named(path: str) -> None:
    """What training leaves beside weights would bury what matters."""
    assert unread({"model.safetensors": ONE, path: b"x"}) == []


def test_another_quantisation_is_another_set() -> None:
    """Of several GGUF files the largest is read; the others are named."""
    files = {"m-Q8_0.gguf": b"x" * 9, "m-Q4_0.gguf": b"x" * 5, "mmproj-m.gguf": b"x"}
    assert unread(files) == ["m-Q4_0.gguf: other-set"]


def test_a_copy_under_another_name_says_whose_bytes_it_has() -> None:
    """The same digest as a file that was read is named last and as what it is."""
    files = (
        FileEntry(path="a.safetensors", size=1, sha256="1" * 64),
        FileEntry(path="copy.safetensors", size=1, sha256="1" * 64),
        FileEntry(path="unknown.safetensors", size=1, sha256=""),
        FileEntry(path="x/other.bin", size=1, sha256="2" * 64),
    )
    found = unread_files(files, {"a.safetensors"})
    assert [(f.path, f.same_as) for f in found] == [
        ("unknown.safetensors", ""), ("x/other.bin", ""), ("copy.safetensors", "a.safetensors")
    ]  # fmt: skip


def test_where_nothing_was_chosen_nothing_is_left_over() -> None:
    """Two sets of equal standing are refused by name: neither is said to be the one read."""
    source = MemorySource({"a.safetensors": ONE, "b.safetensors": TWO})
    with pytest.raises(UnreadableError, match="2 sets of weights"):
        loaded_files(source, {})
    assert unread_files(source.files(), ()) == ()
