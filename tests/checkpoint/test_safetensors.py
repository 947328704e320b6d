"""Does a checkpoint mean the same however its tensors are spread over files?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save
from safetensors.torch import save as save_torch

from hubcheck.checkpoint import safetensors as module
from hubcheck.checkpoint.disagreement import DisagreementCode
from hubcheck.checkpoint.interface import Checkpoint, RowBlock
from hubcheck.checkpoint.other_formats import PEFT_ADAPTER
from hubcheck.checkpoint.rows import read_rows
from hubcheck.checkpoint.safetensors import FIRST_READ_BYTES, open_safetensors
from hubcheck.errors import HostileCheckpointError, UnsupportedFormatError
from hubcheck.source.ledger import Purpose
from tests.checkpoint.malformed import GOOD, entry, index_of, main, malformed, tensor_file
from tests.memory_source import MemorySource

INDEX = "model.safetensors.index.json"
TENSORS = {f"layers.{i}.weight": np.full((3, i + 1), i, dtype=np.float32) for i in range(6)}


def values(checkpoint: Checkpoint) -> dict[str, list[list[float]]]:
    """Return every value of every tensor."""
    tensors = checkpoint.tensors.values()
    blocks = [RowBlock(tensor=t.name, start=0, stop=t.n_rows) for t in tensors]
    arrays = read_rows(checkpoint, blocks)
    return {t.name: a.tolist() for t, a in zip(tensors, arrays, strict=True)}


def sharded(placement: Mapping[str, int], *, with_index: bool) -> dict[str, bytes]:
    """Return the files of ``TENSORS`` spread over shards: tensor name to shard number."""
    numbers = sorted(set(placement.values()))
    names = {
        n: f"model-{i + 1:05d}-of-{len(numbers):05d}.safetensors" for i, n in enumerate(numbers)
    }
    files = {
        names[n]: save({t: TENSORS[t] for t, at in placement.items() if at == n}) for n in numbers
    }
    if with_index:
        files[INDEX] = index_of({t: names[n] for t, n in placement.items()})
    return files


@given(
    numbers=st.lists(st.integers(0, 3), min_size=6, max_size=6),
    order=st.permutations(sorted(TENSORS)),
    with_index=st.booleans(),
)
def test_sharding_and_order_change_nothing(
    numbers: list[int], order: list[str], *, with_index: bool
) -> None:
    """Any placement over shards, with or without an index, gives the single file's tensors."""
    single = open_safetensors(MemorySource({"model.safetensors": save(TENSORS)}))
    placement = dict(zip(order, numbers, strict=True))
    spread = open_safetensors(MemorySource(sharded(placement, with_index=with_index)))
    assert list(spread.tensors) == list(single.tensors) == sorted(TENSORS)
    assert values(spread) == values(single)
    assert (spread.n_bytes, spread.n_parameters) == (single.n_bytes, single.n_parameters)


@given(order=st.permutations(["a", "b", "c"]), bytes_order=st.permutations(["a", "b", "c"]))
def test_the_order_of_header_entries_and_bytes_changes_nothing(
    order: list[str], bytes_order: list[str]
) -> None:
    """Names, not positions, decide which tensor is which."""
    offsets = {name: 8 * i for i, name in enumerate(bytes_order)}
    header = {n: entry("F32", [2], [offsets[n], offsets[n] + 8]) for n in order}
    data = b"".join(np.full(2, ord(n), dtype="<f4").tobytes() for n in bytes_order)
    source = MemorySource({"model.safetensors": tensor_file(header, data)})
    checkpoint = open_safetensors(source)
    assert values(checkpoint) == {n: [[ord(n)] * 2] for n in "abc"}
    assert list(checkpoint.tensors) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "dtype",
    [np.float64, np.float32, np.float16, np.int64, np.int32, np.int16, np.int8, np.uint64,
     np.uint32, np.uint16, np.uint8, np.bool_],
)  # fmt: skip
def test_everything_the_numpy_writer_writes_comes_back(dtype: type[np.generic]) -> None:
    """Names, shapes, metadata and values survive the round trip through the reference library."""
    arrays = {
        "m": np.arange(12).reshape(3, 4).astype(dtype),
        "t": np.arange(8).reshape(2, 2, 2).astype(dtype),
        "v": np.ones(5).astype(dtype),
        "s": np.array(1).astype(dtype),
        "e": np.zeros((0, 3)).astype(dtype),
    }
    content = save(arrays, metadata={"format": "np", "note": "grüß"})
    checkpoint = open_safetensors(MemorySource({"model.safetensors": content}))
    assert checkpoint.metadata == {"format": "np", "note": "grüß"}
    assert {n: t.shape for n, t in checkpoint.tensors.items()} == {
        n: a.shape for n, a in arrays.items()
    }
    found = values(checkpoint)
    for name, array in arrays.items():
        flat = array.astype(np.float32).reshape(len(found[name]), -1) if array.size else array
        assert found[name] == flat.tolist()


@pytest.mark.parametrize(
    "dtype",
    [torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.float8_e4m3fnuz,
     torch.float8_e5m2fnuz],
)  # fmt: skip
def test_everything_the_torch_writer_adds_comes_back(dtype: torch.dtype) -> None:
    """The float kinds that NumPy lacks survive as well."""
    tensor = torch.linspace(-3, 3, 24).reshape(4, 6).to(dtype)
    content = save_torch({"w": tensor})
    checkpoint = open_safetensors(MemorySource({"model.safetensors": content}))
    assert values(checkpoint)["w"] == tensor.float().tolist()


def test_complex_values_are_located_but_not_decoded() -> None:
    """A complex tensor does not make the model unreadable until it is read."""
    content = save({"c": np.ones((2, 2), dtype=np.complex64)})
    checkpoint = open_safetensors(MemorySource({"model.safetensors": content}))
    assert checkpoint.tensors["c"].dtype == "C64"
    with pytest.raises(UnsupportedFormatError):
        values(checkpoint)


def test_headers_cost_no_weight_bytes_and_one_request_a_file() -> None:
    """With an index, two shards cost the index and two reads in one call, all for headers."""
    placement = {name: i % 2 for i, name in enumerate(sorted(TENSORS))}
    source = MemorySource(sharded(placement, with_index=True))
    open_safetensors(source)
    assert len(source.calls) == 1
    assert len(source.calls[0]) == 2
    booked = source.ledger.by_purpose()
    assert booked[Purpose.WEIGHTS] == 0
    assert 0 < booked[Purpose.HEADER] < 5000


def expert_name(layer: int, expert: int) -> str:
    """Return the name of a tensor in a large mixture of experts."""
    return f"model.layers.{layer}.mlp.experts.{expert}.down_proj.weight"


def large_mixture() -> tuple[dict[str, bytes], dict[str, int]]:
    """Return 46 shards of 384 experts and their index, and the sizes they state."""
    files: dict[str, bytes] = {}
    weight_map = {}
    for layer in range(46):
        path = f"model-{layer + 1:05d}-of-00046.safetensors"
        at = 10**9
        header = {f"filler{layer}": entry("U8", [at], [0, at])}
        for expert in range(384):
            name = expert_name(layer, expert)
            header[name] = entry("BF16", [4096, 1408], [at, at + 11534336])
            at += 11534336
            weight_map[name] = path
        files[path] = tensor_file(header)
        weight_map[f"filler{layer}"] = path
    files[INDEX] = index_of(weight_map)
    sizes = {p: len(c) + 10**9 + 384 * 11534336 for p, c in files.items() if p != INDEX}
    return files, sizes


def test_the_headers_of_a_large_mixture_of_experts_cost_one_round() -> None:
    """The size of a long index tells how long headers are: it is not read, and each shard once."""
    files, sizes = large_mixture()
    source = MemorySource(files, sizes=sizes)
    checkpoint = open_safetensors(source)
    assert len(checkpoint.tensors) == 46 * 385
    assert len(source.calls) == 1
    header_bytes = sum(len(c) for p, c in files.items() if p != INDEX)
    booked = source.ledger.by_purpose()
    assert booked[Purpose.HEADER] < 1.25 * header_bytes
    assert booked[Purpose.DOCUMENT] == 0


@pytest.mark.parametrize("other", ["extra.safetensors", "model-00047-of-00047.safetensors"])
def test_a_long_index_is_read_where_it_decides(other: str) -> None:
    """Where other weights lie beside the shards, only the index says what loaders load."""
    files, sizes = large_mixture()
    source = MemorySource({**files, other: tensor_file({})}, sizes=sizes)
    checkpoint = open_safetensors(source)
    assert len(checkpoint.tensors) == 46 * 385
    assert len(source.calls) == 1
    assert source.ledger.by_purpose()[Purpose.DOCUMENT] == len(files[INDEX])


def test_a_missing_shard_is_named_however_long_the_index_is() -> None:
    """A set that is not complete is judged by its index, which names what does not exist."""
    files, sizes = large_mixture()
    del files["model-00007-of-00046.safetensors"], sizes["model-00007-of-00046.safetensors"]
    with pytest.raises(HostileCheckpointError, match="00007-of-00046"):
        open_safetensors(MemorySource(files, sizes=sizes))


def test_a_header_longer_than_the_first_read_costs_one_more() -> None:
    """The second read starts where the first stopped: no byte is paid for twice."""
    names = [f"layer.{i}.{'x' * 200}" for i in range(400)]
    content = save({name: np.zeros(2, dtype=np.float32) for name in names})
    source = MemorySource({"model.safetensors": content})
    checkpoint = open_safetensors(source)
    assert list(checkpoint.tensors) == sorted(names)
    stated = 8 + int.from_bytes(content[:8], "little")
    assert [span.stop for call in source.calls for span in call] == [FIRST_READ_BYTES, stated]
    assert source.ledger.by_purpose()[Purpose.HEADER] == stated


def test_a_file_that_is_all_header_costs_one_read() -> None:
    """Nothing is asked for where the first read reached the end of the header."""
    source = MemorySource({"model.safetensors": tensor_file({})})
    assert open_safetensors(source).tensors == {}
    assert [len(call) for call in source.calls] == [1]


def test_a_wrong_guess_is_repaired_for_all_shards_in_one_call() -> None:
    """Long metadata that no index announces costs one more call, not one a shard."""
    files: dict[str, bytes] = {}
    for number in (1, 2):
        arrays = {f"t{number}": np.zeros(2, dtype=np.float32)}
        path = f"model-{number:05d}-of-00002.safetensors"
        files[path] = save(arrays, metadata={"note": "n" * 5000, "shard": str(number)})
    one, two = files
    files[INDEX] = index_of({"t1": one, "t2": two})
    source = MemorySource(files)
    checkpoint = open_safetensors(source)
    assert [len(call) for call in source.calls] == [2, 2]
    assert checkpoint.metadata == {"note": "n" * 5000, "shard": "1"}


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        (["model.safetensors", INDEX, "x.safetensors"], "model.safetensors"),
        (["other.safetensors"], "other.safetensors"),
        (["other.safetensors", "consolidated.safetensors"], "other.safetensors"),
        (["consolidated.safetensors", "tokenizer.model"], "consolidated.safetensors"),
        (["consolidated-00001-of-00001.safetensors"], "consolidated-00001-of-00001.safetensors"),
        (["w.safetensors", "adapter_model.safetensors"], "w.safetensors"),
        (["w.safetensors", "unet/v.safetensors", "m.gguf"], "w.safetensors"),
        (["model.safetensors", "adapter_model.safetensors"], "model.safetensors"),
        (["model-00000-of-00001.safetensors"], "model-00000-of-00001.safetensors"),
    ],
)
def test_the_file_that_loaders_load_is_chosen(files: list[str], chosen: str) -> None:
    """Every other file, the index beside a single file included, is left alone."""
    contents = dict.fromkeys(files, b"not read") | {chosen: GOOD}
    checkpoint = open_safetensors(MemorySource(contents))
    assert {t.path for t in checkpoint.tensors.values()} == {chosen}


def test_an_index_of_another_stem_is_followed() -> None:
    """A consolidated or variant model with its own index is read by that index."""
    one, two = "m.fp16-00001-of-00002.safetensors", "m.fp16-00002-of-00002.safetensors"
    files = {
        one: GOOD,
        two: tensor_file({"b": entry()}, bytes(8)),
        "m.fp16.safetensors.index.json": index_of({"a": one}),
    }
    assert list(open_safetensors(MemorySource(files)).tensors) == ["a"]


def test_the_file_that_config_names_is_read_before_any_other() -> None:
    """A decoy called model.safetensors is not what loaders load when config.json names another."""
    files = {
        "model.safetensors": GOOD,
        "real.safetensors": tensor_file({"real": entry()}, bytes(8)),
        "real.safetensors.index.json": index_of({"a": "model.safetensors"}),
    }
    direct = open_safetensors(MemorySource(files), named="real.safetensors")
    by_index = open_safetensors(MemorySource(files), named="real.safetensors.index.json")
    assert (list(direct.tensors), list(by_index.tensors)) == (["real"], ["a"])


@pytest.mark.parametrize(
    "named", ["../m.safetensors", "m.bin", "m.index.json", "\0", "x.safetensors"]
)
def test_a_file_that_config_names_outside_the_model_is_refused(named: str) -> None:
    """What config.json names is as hostile as an index."""
    files = {"model.safetensors": GOOD, "../m.safetensors": GOOD, "m.bin": GOOD, "\0": GOOD}
    with pytest.raises(HostileCheckpointError, match=r"config\.json names the weights"):
        open_safetensors(MemorySource(files), named=named)


def test_a_tensor_that_the_index_leaves_out_counts() -> None:
    """Loaders load all of a shard, so a tensor cannot hide by being left out of the index."""
    content = save({"a": np.ones((1, 2), dtype=np.float32), "b": np.ones((1, 2), dtype=np.float32)})
    files = {"s.safetensors": content, INDEX: index_of({"a": "s.safetensors"})}
    assert list(open_safetensors(MemorySource(files)).tensors) == ["a", "b"]


def test_a_shard_that_the_index_leaves_out_does_not_count() -> None:
    """Loaders follow the index, so a stray shard is not part of the model."""
    files = {
        "s.safetensors": GOOD,
        "stray.safetensors": b"",
        INDEX: index_of({"a": "s.safetensors"}),
    }
    assert list(open_safetensors(MemorySource(files)).tensors) == ["a"]


def test_all_headers_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many shards with long headers are refused before the rest of them is read."""
    monkeypatch.setattr(module, "MAX_TOTAL_HEADER_BYTES", 100)
    placement = {name: i % 2 for i, name in enumerate(sorted(TENSORS))}
    with pytest.raises(HostileCheckpointError, match="over the cap of 100"):
        open_safetensors(MemorySource(sharded(placement, with_index=True)))


def test_all_tensors_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cap on tensors holds for the model, not for each shard."""
    monkeypatch.setattr(module, "MAX_TENSORS", 5)
    placement = {name: i % 2 for i, name in enumerate(sorted(TENSORS))}
    for with_index in (True, False):
        files = sharded(placement, with_index=with_index)
        with pytest.raises(HostileCheckpointError, match="over the cap of 5"):
            open_safetensors(MemorySource(files))


@given(
    weight_map=st.dictionaries(
        st.sampled_from(["a", "b", "c"]) | st.text(max_size=5),
        st.sampled_from(["x.safetensors", "y.safetensors", "z.safetensors"])
        | st.text(max_size=12)
        | st.none()
        | st.integers()
        | st.lists(st.text(max_size=3), max_size=2),
    )
)
def test_no_index_escapes_the_model_or_the_error(weight_map: dict[str, object]) -> None:
    """Any weight map gives exactly the tensors of the shards it names, or a refusal."""
    files = {"x.safetensors": GOOD, "y.safetensors": tensor_file({"b": entry()}, bytes(8))}
    source = MemorySource({**files, INDEX: json.dumps({"weight_map": weight_map}).encode()})
    try:
        checkpoint = open_safetensors(source)
    except HostileCheckpointError:
        return
    held = {"x.safetensors": "a", "y.safetensors": "b"}
    read = {path for path in weight_map.values() if path in held}
    assert set(checkpoint.tensors) == {held[path] for path in read if isinstance(path, str)}
    lost = {name for name, path in weight_map.items() if path not in held}
    assert lost <= set(checkpoint.tensors)
    absent = sorted(set(weight_map) - set(checkpoint.tensors))
    told = {d.code: d.count for d in checkpoint.disagreements}
    assert told.get(DisagreementCode.TENSORS_NOT_THERE, 0) == len(absent)


def test_the_tensors_cannot_be_changed() -> None:
    """A checkpoint is a value: nobody can add a tensor to it."""
    checkpoint = open_safetensors(MemorySource({"model.safetensors": GOOD}))
    with pytest.raises(TypeError):
        checkpoint.tensors["x"] = checkpoint.tensors["a"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("m.gguf", "GGUF"),
        ("pytorch_model-00001-of-00002.bin", "safetensors under another name"),
        ("model.PT", "safetensors under another name"),
        ("tf_model.h5", "Keras HDF5"),
        ("flax_model.msgpack", "Flax msgpack"),
        ("model.onnx", "ONNX"),
        ("adapter_model.safetensors", PEFT_ADAPTER),
        ("adapter_model.bin", PEFT_ADAPTER),
    ],
)
def test_another_format_is_named(path: str, name: str) -> None:
    """The error carries the name of the format, for the report and the next step."""
    with pytest.raises(UnsupportedFormatError) as caught:
        open_safetensors(MemorySource({path: GOOD, "training_args.bin": b"", "README.md": b""}))
    assert caught.value.format_name == name


def test_the_generator_writes_its_cases_to_a_folder(tmp_path: Path) -> None:
    """Every case with files that a file system can hold gets a folder of its own."""
    main(str(tmp_path))
    written = [p for p in tmp_path.iterdir() if any(p.iterdir())]
    assert len(written) > 0.9 * sum(1 for case in malformed() if case.files)
