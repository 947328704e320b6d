"""Is a GGUF file read as its own package reads it, and is a hostile one refused?"""

from __future__ import annotations

import contextlib
import struct
import tempfile
from pathlib import Path
from typing import Final

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubcheck.card.wording import words
from hubcheck.checkpoint.gguf import gguf_sets, open_gguf
from hubcheck.checkpoint.gguf_header import MAX_HEADER_BYTES, read_gguf_header
from hubcheck.checkpoint.interface import RowBlock
from hubcheck.checkpoint.rows import read_rows
from hubcheck.errors import (
    HostileCheckpointError,
    HubcheckError,
    UnreadableError,
    UnsupportedFormatError,
)
from tests.material.formats.gguf_file import write_gguf
from tests.memory_source import MemorySource

CONFIG: Final = {
    "num_hidden_layers": 1,
    "hidden_size": 64,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
}
RNG: Final = np.random.default_rng(1)
TENSORS: Final = {
    "model.embed_tokens.weight": RNG.normal(size=(40, 64)).astype(np.float32),
    "model.norm.weight": RNG.normal(size=64).astype(np.float32),
    "model.layers.0.mlp.up_proj.weight": RNG.normal(size=(96, 64)).astype(np.float32),
    "model.layers.0.self_attn.q_proj.weight": RNG.normal(size=(64, 64)).astype(np.float32),
}


def written(type_name: str) -> bytes:
    """Return a GGUF file, as the package writes it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.gguf"
        tokens = [f"t{i}" for i in range(40)]
        write_gguf(path, TENSORS, CONFIG, type_name, tokens, special={0, 39})
        return path.read_bytes()


FILE: Final = written("Q8_0")


def test_a_file_of_the_package_is_read() -> None:
    """Names, shapes, values, metadata, tokens and the declared base come out as they went in."""
    checkpoint = open_gguf(MemorySource({"m.gguf": FILE}))
    assert checkpoint.format == "GGUF"
    assert checkpoint.metadata["general.architecture"] == "llama"
    assert checkpoint.metadata["general.base_model.0.repo_url"] == "https://huggingface.co/org/base"
    assert checkpoint.metadata["llama.attention.head_count_kv"] == "2"
    assert checkpoint.tokens == tuple(f"t{i}" for i in range(40))
    assert checkpoint.special_tokens == {0, 39}
    assert checkpoint.tensors["blk.0.ffn_up.weight"].shape == (96, 64)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.gguf"
        path.write_bytes(FILE)
        theirs = {t.name: t for t in gguf.GGUFReader(path).tensors}
        for name, record in checkpoint.tensors.items():
            block = RowBlock(tensor=name, start=0, stop=record.n_rows)
            ours = read_rows(checkpoint, [block])[0].reshape(record.shape)
            expected = gguf.quants.dequantize(theirs[name].data, theirs[name].tensor_type)
            np.testing.assert_array_equal(ours, expected)


def test_rows_cost_their_blocks_only() -> None:
    """Four rows of a Q8_0 matrix of 64 columns cost four times 68 bytes."""
    source = MemorySource({"m.gguf": FILE})
    checkpoint = open_gguf(source)
    before = source.ledger.bytes_read
    read_rows(checkpoint, [RowBlock(tensor="blk.0.ffn_up.weight", start=7, stop=11)])
    assert source.ledger.bytes_read - before == 4 * 68


def test_the_largest_of_several_files_is_read() -> None:
    """A repository of quantisations is read at its best; a damaged tower is left out, noted."""
    files = {"m-Q8_0.gguf": FILE, "m-F32.gguf": written("F32"), "mmproj-F32.gguf": bytes(10**6)}
    checkpoint = open_gguf(MemorySource(files))
    assert {t.path for t in checkpoint.tensors.values()} == {"m-F32.gguf"}
    (tower,) = map(words, checkpoint.notes)
    assert tower.startswith("The tower in 'mmproj-F32.gguf' was left out: ")
    split = {f"m-{i:05}-of-00003.gguf": 9 for i in (1, 2, 3)}
    assert gguf_sets({**split, "sub/x.gguf": 1}) == {"m": sorted(split)}


def test_a_missing_split_is_an_error() -> None:
    """A set of splits with a hole is not read as if it were whole."""
    files = {"m-00001-of-00002.gguf": FILE}
    with pytest.raises(UnreadableError, match="1 of 2 splits"):
        open_gguf(MemorySource(files))


def text(value: str) -> bytes:
    """Return a GGUF string."""
    return struct.pack("<Q", len(value)) + value.encode()


def header(
    *, tensors: list[bytes] | None = None, pairs: list[bytes] | None = None, data: int = 256
) -> bytes:
    """Return a file of these tensor entries and pairs."""
    entries, values = tensors or [], pairs or []
    raw = b"GGUF" + struct.pack("<IQQ", 3, len(entries), len(values))
    raw += b"".join(values) + b"".join(entries)
    return raw + bytes(-len(raw) % 32 + data)


def tensor(name: str = "a", shape: tuple[int, ...] = (8,), kind: int = 0, offset: int = 0) -> bytes:
    """Return one tensor entry."""
    axes = struct.pack(f"<{len(shape)}Q", *shape)
    return text(name) + struct.pack("<I", len(shape)) + axes + struct.pack("<IQ", kind, offset)


HOSTILE: Final = {
    "another magic": (b"GGML" + FILE[4:], "does not begin"),
    "no tensor count": (FILE[:12], "passes byte"),
    "cut header": (FILE[:200], "passes byte"),
    "cut data": (FILE[:-64], "reach past"),
    "a billion tensors": (b"GGUF" + struct.pack("<IQQ", 3, 10**9, 0), "tensor count"),
    "a billion pairs": (b"GGUF" + struct.pack("<IQQ", 3, 0, 10**9), "metadata count"),
    "long key": (header(pairs=[struct.pack("<Q", 1 << 40)]), "key length"),
    "long text": (header(pairs=[text("k") + struct.pack("<IQ", 8, 1 << 50)]), "a text"),
    "long array": (header(pairs=[text("k") + struct.pack("<IIQ", 9, 4, 1 << 40)]), "array length"),
    "array of arrays": (header(pairs=[text("k") + struct.pack("<IIQ", 9, 9, 1)]), "array of type"),
    "unknown value": (header(pairs=[text("k") + struct.pack("<I", 77)]), "unknown type 77"),
    "the same key twice": (header(pairs=2 * [text("k") + struct.pack("<II", 4, 1)]), "twice"),
    "odd alignment": (
        header(pairs=[text("general.alignment") + struct.pack("<II", 4, 24)]),
        "alignment",
    ),
    "many axes": (header(tensors=[tensor(shape=(2,) * 9)]), "9 axes"),
    "impossible shape": (header(tensors=[tensor(shape=(1 << 60,))]), "impossible shape"),
    "odd offset": (header(tensors=[tensor(offset=4)]), "impossible offset"),
    "past the end": (header(tensors=[tensor(shape=(1024,))]), "reach past"),
    "far offset": (header(tensors=[tensor(offset=1 << 40)]), "impossible offset"),
    "overlap": (
        header(tensors=[tensor("a", (16,)), tensor("b", (8,), offset=32)]),
        "reach past the next",
    ),
    "the same name twice": (
        header(tensors=[tensor(), tensor(offset=32)]),
        "twice",
    ),
    "split blocks": (header(tensors=[tensor(shape=(33, 2), kind=8)]), "do not fill its rows"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused(case: str) -> None:
    """The refusal names what is wrong; nothing is allocated for a stated size."""
    raw, word = HOSTILE[case]
    with pytest.raises(HostileCheckpointError, match=word):
        open_gguf(MemorySource({"m.gguf": raw}))


@pytest.mark.parametrize("version", [1, 4, 0x03000000])
def test_another_version_is_not_tested(version: int) -> None:
    """Old, new and big-endian files are named, not guessed at."""
    raw = b"GGUF" + struct.pack("<I", version) + FILE[8:]
    with pytest.raises(UnsupportedFormatError) as caught:
        open_gguf(MemorySource({"m.gguf": raw}))
    assert caught.value.format_name == f"GGUF version {version}"


def test_a_type_that_is_not_read_is_named() -> None:
    """A tensor of an unread block type keeps its type as dtype and its room as bytes."""
    entries = [tensor("a", (256, 2), kind=15), tensor("b", (8,), offset=160)]
    checkpoint = open_gguf(MemorySource({"m.gguf": header(tensors=entries)}))
    assert checkpoint.tensors["a"].dtype == "Q8_K"
    assert checkpoint.tensors["a"].stop - checkpoint.tensors["a"].start == 160


def test_a_long_header_is_fetched_in_growing_pieces() -> None:
    """A header of megabytes costs a handful of requests, and no more than four times its bytes."""
    tokens = b"".join(text(f"token {i}") for i in range(100_000))
    pair = text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, 100_000) + tokens
    raw = header(pairs=[pair], tensors=[tensor()], data=40 << 20)
    source = MemorySource({"m.gguf": raw})
    assert len(open_gguf(source).tokens) == 100_000
    assert len(source.calls) <= 5
    assert source.ledger.bytes_read <= 4 * len(pair)


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_no_mutation_escapes(data: st.DataObject) -> None:
    """Whatever bytes are changed, the reader ends with a checkpoint inside the file or refuses."""
    limit = len(FILE) - 1
    raw = bytearray(
        FILE[: data.draw(st.integers(0, len(FILE)))] if data.draw(st.booleans()) else FILE
    )
    near = st.integers(0, min(limit, 2600))
    for at in data.draw(st.lists(near, min_size=1, max_size=6)):
        if at < len(raw):
            raw[at] = data.draw(st.integers(0, 255))
    try:
        checkpoint = open_gguf(MemorySource({"m.gguf": bytes(raw)}))
    except HubcheckError:
        return
    for record in checkpoint.tensors.values():
        assert 0 <= record.start <= record.stop <= len(raw)


@given(raw=st.binary(max_size=300))
def test_no_bytes_escape(raw: bytes) -> None:
    """Random bytes behind the magic are refused or read, never anything else."""
    body = b"GGUF" + struct.pack("<I", 3) + raw
    asked: list[int] = []

    def fetch(start: int, stop: int) -> bytes:
        asked.append(stop - start)
        return body[start:stop]

    with contextlib.suppress(HubcheckError):
        read_gguf_header(fetch, path="m", file_size=len(body))
    assert sum(asked) <= min(len(body), MAX_HEADER_BYTES)
