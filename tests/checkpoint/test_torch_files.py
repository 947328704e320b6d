"""Is a PyTorch file read by range as PyTorch reads it, and never run?"""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hubcheck.checkpoint.interface import RowBlock
from hubcheck.checkpoint.rows import read_rows
from hubcheck.checkpoint.torch_files import STRIDED, open_torch
from hubcheck.checkpoint.torch_pickle import read_state
from hubcheck.errors import HostileCheckpointError, HubcheckError, UnsupportedFormatError
from tests.memory_source import MemorySource

torch.manual_seed(0)
STATE: Final[dict[str, torch.Tensor]] = {
    "a.weight": torch.randn(12, 8),
    "b.weight": torch.randn(6, 4).to(torch.bfloat16),
    "c.weight": torch.randn(3, 5, 2).half(),
    "d.bias": torch.randn(7).double(),
    "e.ids": torch.arange(9),
    "scalar": torch.tensor(2.5),
}


def saved(state: object, **options: Any) -> bytes:
    """Return what ``torch.save`` writes."""
    buffer = io.BytesIO()
    torch.save(state, buffer, **options)
    return buffer.getvalue()


FILE: Final = saved(STATE)


def source_of(files: Mapping[str, bytes]) -> MemorySource:
    """Return a model of these files."""
    return MemorySource(files)


def check_equal(files: Mapping[str, bytes], state: Mapping[str, torch.Tensor]) -> None:
    """Assert that every tensor is read as PyTorch holds it."""
    checkpoint = open_torch(source_of(files))
    assert set(checkpoint.tensors) == set(state)
    for name, expected in state.items():
        record = checkpoint.tensors[name]
        assert record.shape == tuple(expected.shape)
        block = RowBlock(tensor=name, start=0, stop=record.n_rows)
        read = read_rows(checkpoint, [block])[0].reshape(record.shape)
        np.testing.assert_array_equal(read, expected.float().numpy())


@pytest.mark.parametrize(
    "state",
    [
        STATE,
        OrderedDict(STATE),
        {"state_dict": STATE, "epoch": 3},
        {"model": OrderedDict(STATE)},
        {"net": STATE, "optimizer": {"state": {0: {"exp_avg": STATE}}}, "epoch": 3},
        {"state": {"weights": STATE}},
        torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.LayerNorm(3)).state_dict(),
        {n: torch.nn.Parameter(t) for n, t in STATE.items() if t.is_floating_point()},
    ],
    ids=[
        "dictionary",
        "ordered",
        "inside a checkpoint",
        "under model",
        "under any key",
        "deeper",
        "module",
        "parameters",
    ],
)
def test_what_torch_saves_is_read(state: Mapping[str, Any]) -> None:
    """Plain dictionaries, state dictionaries, wrappers and parameters give the same values."""
    inner = state.get("state_dict", state.get("model", state.get("net", state)))
    inner = inner.get("state", {}).get("weights", inner) if "state" in inner else inner
    check_equal({"pytorch_model.bin": saved(state)}, {n: t.detach() for n, t in inner.items()})


def test_several_models_in_one_file_are_parts_of_one() -> None:
    """A generator and what judges it keep their keys; what training needs besides is no weight."""
    state = {"generator": STATE, "judge": dict(STATE), "optimizer": {"step": torch.zeros(3)}}
    found = open_torch(source_of({"model.pt": saved(state)})).tensors
    assert set(found) == {f"{part}.{name}" for part in ("generator", "judge") for name in STATE}


def test_dictionaries_that_hold_each_other_end() -> None:
    """A dictionary inside itself, or one at very many places, is looked into once."""
    within: dict[str, Any] = {"epoch": {"x": {"y": {"z": {"w": 1}}}}}
    within["again"] = within
    same = {"lr": {"x": 1}}
    for state in (within, {f"{n}": same for n in range(2000)}):
        with pytest.raises(UnsupportedFormatError, match="holds no tensor"):
            open_torch(source_of({"model.pt": saved(state)}))


def test_shared_storage_and_views_are_read() -> None:
    """Tied tensors and row slices of one storage are read where they lie; other views are named."""
    whole = torch.randn(10, 4)
    state = {"whole": whole, "tied": whole, "rows": whole[3:7], "turned": whole.T}
    checkpoint = open_torch(source_of({"model.pt": saved(state)}))
    rows = read_rows(checkpoint, [RowBlock(tensor="rows", start=1, stop=3)])[0]
    np.testing.assert_array_equal(rows, whole[4:6].numpy())
    assert checkpoint.tensors["tied"].start == checkpoint.tensors["whole"].start
    assert checkpoint.tensors["turned"].dtype == STRIDED


def test_shards_of_an_index_are_read() -> None:
    """The shards of ``pytorch_model.bin.index.json`` make one model, with the index and without."""
    names = sorted(STATE)
    files = {
        f"pytorch_model-0000{i + 1}-of-00002.bin": saved({n: STATE[n] for n in names[i::2]})
        for i in range(2)
    }
    weight_map = {n: f"pytorch_model-0000{i % 2 + 1}-of-00002.bin" for i, n in enumerate(names)}
    index = json.dumps({"weight_map": weight_map}).encode()
    check_equal({**files, "pytorch_model.bin.index.json": index}, STATE)
    check_equal(files, STATE)


def test_rows_cost_their_bytes_only() -> None:
    """Two rows of eight floats cost 64 bytes and the header in front of their storage."""
    source = source_of({"pytorch_model.bin": FILE})
    checkpoint = open_torch(source)
    before = source.ledger.bytes_read
    read_rows(checkpoint, [RowBlock(tensor="a.weight", start=3, stop=5)])
    name = "archive/data/0"
    assert source.ledger.bytes_read - before == 64 + 30 + len(name)


def test_many_tensors_cost_few_requests() -> None:
    """Two hundred storages, far apart in a large model, are located without a request each."""
    source = source_of({"m.bin": saved({f"t{i}": torch.randn(3, 2) for i in range(200)})})
    assert len(open_torch(source).tensors) == 200
    assert sum(map(len, source.calls)) <= 8


def test_a_shifted_storage_is_refused_when_read() -> None:
    """A header that moves one storage's data is seen before a value of it is used."""
    at = FILE.index(b"archive/data/1") - 30
    raw = bytearray(FILE)
    raw[at + 28] = (raw[at + 28] + 1) % 256  # the length of the extra field
    checkpoint = open_torch(source_of({"pytorch_model.bin": bytes(raw)}))
    read_rows(checkpoint, [RowBlock(tensor="a.weight", start=0, stop=1)])
    with pytest.raises(HostileCheckpointError, match="elsewhere"):
        read_rows(checkpoint, [RowBlock(tensor="b.weight", start=0, stop=1)])


def test_another_padding_is_read_exactly() -> None:
    """An archive that another program wrote, without padding, is read by its headers."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(FILE)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    check_equal({"pytorch_model.bin": buffer.getvalue()}, STATE)


class Bomb:
    """Writes a file if it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (self.path, "w")


def test_a_pickle_is_never_run(tmp_path: Any) -> None:
    """A file that would run code where it is loaded is named and leaves nothing behind."""
    trap = tmp_path / "sprung"
    raw = saved({"a": torch.zeros(2), "b": Bomb(str(trap))})
    with pytest.raises(UnsupportedFormatError, match=r"wants to call 'io\.open'"):
        open_torch(source_of({"pytorch_model.bin": raw}))
    assert not trap.exists()


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (pickle.dumps({"a": 1}), "no zip archive"),
        (saved(STATE, _use_new_zipfile_serialization=False), "no zip archive"),
        (FILE[:-30], "no zip directory"),
        (FILE[:100], "no zip directory"),
        (saved([torch.zeros(2)]), "no dictionary"),
    ],
    ids=["pickle", "before 1.6", "cut", "cut short", "a list"],
)
def test_another_file_is_refused(raw: bytes, word: str) -> None:
    """Legacy files, truncated archives and archives without a dictionary are refused in words."""
    with pytest.raises(HubcheckError, match=word):
        open_torch(source_of({"pytorch_model.bin": raw}))


def test_a_compressed_archive_is_refused() -> None:
    """Entries must be stored: a deflated one could claim any size."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("m/data.pkl", bytes(1000))
    with pytest.raises(UnsupportedFormatError, match="compressed"):
        open_torch(source_of({"pytorch_model.bin": buffer.getvalue()}))


@pytest.mark.parametrize(
    ("program", "word"),
    [
        (b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00ls\x85R.", "os.system"),
        (b"\x80\x04\x8c\x05posix\x8c\x06system\x93.", "posix.system"),
        (b"\x80\x02}q\x00(X\x01\x00\x00\x00aK\x01u.", ""),
        (b"\x80\x02(.", "malformed|dictionary"),
        (b"\x80\x02i__builtin__\neval\n.", "instruction"),
        (b"\x80\x02K\x01K\x02R.", "unnamed"),
        (b"\x80\x02h\x07.", "malformed"),
        (b"\x80\x02\x8a\xff" + b"\1" * 255 + b".", "255 bytes"),
        (b"\x80\x02" + b"}" * 100_001 + b".", "without end"),
        pytest.param(
            b"\x80\x02]" + b"}a" * 3_000_001 + b".", "instructions", marks=pytest.mark.slow
        ),
        (b"", "ends too early"),
    ],
)
def test_a_hostile_program_ends_the_reading(program: bytes, word: str) -> None:
    """Calls are named, nonsense is malformed, growth is capped; nothing is executed."""
    if not word:
        assert read_state(program, path="m") == {}
        return
    with pytest.raises(HubcheckError, match=word):
        read_state(program, path="m")


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_no_mutation_escapes(data: st.DataObject) -> None:
    """Whatever bytes are changed, the reader ends with tensors inside the file or refuses."""
    raw = bytearray(FILE)
    for at in data.draw(st.lists(st.integers(0, len(FILE) - 1), min_size=1, max_size=6)):
        raw[at] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(raw)), st.integers(0, len(raw))))
    try:
        checkpoint = open_torch(source_of({"pytorch_model.bin": bytes(raw[:cut])}))
    except HubcheckError:
        return
    for record in checkpoint.tensors.values():
        assert 0 <= record.start <= record.stop <= cut


@given(raw=st.binary(max_size=200))
def test_no_program_escapes(raw: bytes) -> None:
    """Random instructions are refused or give a dictionary."""
    try:
        state = read_state(b"\x80\x02" + raw, path="m")
    except HubcheckError:
        return
    assert isinstance(state, dict)
