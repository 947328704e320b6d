"""Is a container told by its bytes, and is that safe whatever the bytes are?"""

from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.checkpoint.containers import (
    HEAD_BYTES,
    TAIL_BYTES,
    archive_of,
    container_of,
    directory_names,
    from_head,
)
from hubcheck.checkpoint.opening import open_checkpoint
from hubcheck.errors import NetworkFaultError
from hubcheck.source.ledger import Purpose
from tests.checkpoint.layouts import archive, tensors, torch_file
from tests.memory_source import MemorySource


def told(raw: bytes) -> str:
    """Return the container that these bytes show."""
    return container_of(MemorySource({"m.bin": raw}), "m.bin", len(raw))


@given(raw=st.binary(max_size=400))
def test_random_bytes_are_no_fault(raw: bytes) -> None:
    """Anything that is uploaded gives a name or none; nothing is raised."""
    assert isinstance(told(raw), str)
    assert isinstance(told(b"PK\x03\x04" + raw + b"PK\x05\x06" + raw), str)
    assert isinstance(directory_names(raw), tuple)


def test_a_few_bytes_are_read_and_no_more() -> None:
    """A file of gigabytes costs its first bytes, and an archive its directory."""
    for raw, cost in ((b"lmgg", HEAD_BYTES), (b"PK\x03\x04", HEAD_BYTES + TAIL_BYTES)):
        source = MemorySource({"m.bin": raw}, sizes={"m.bin": 5 << 30})
        container_of(source, "m.bin", 5 << 30)
        assert source.ledger.by_purpose()[Purpose.HEADER] <= cost
        assert source.ledger.bytes_read == source.ledger.by_purpose()[Purpose.HEADER]


def test_an_archive_inside_an_archive_does_not_speak_for_it() -> None:
    """Stored members have directories of their own; only the last one counts."""
    outer = archive({"policy.pth": torch_file("a"), "_stable_baselines3_version": b"2"})
    assert told(outer) == "stable-baselines3 archive"
    assert set(directory_names(outer)) == {"policy.pth", "_stable_baselines3_version"}


def test_no_member_hides_a_dictionary_of_tensors() -> None:
    """What torch.load would load is called so, whatever else was put into the archive."""
    buffer = io.BytesIO(torch_file(*tensors("a.weight")))
    with zipfile.ZipFile(buffer, "a") as written:
        for name in ("_stable_baselines3_version", "schema.json", "model.weights.h5"):
            written.writestr(name, b"")
    assert told(buffer.getvalue()) == "PyTorch zip"


def test_a_directory_of_zip64_is_read() -> None:
    """Large archives state their directory in a wider record."""
    entry = b"PK\x01\x02" + bytes(24) + struct.pack("<HHH", 9, 0, 0) + bytes(12) + b"m/data.pk"
    wide = b"PK\x06\x06" + bytes(36) + struct.pack("<QQ", len(entry), 0)
    end = b"PK\x05\x06" + b"\xff" * 16 + bytes(2)
    tail = entry + wide + b"PK\x06\x07" + bytes(16) + end
    assert directory_names(tail) == ("m/data.pk",)


@pytest.mark.parametrize(
    ("members", "name"),
    [
        (("a/data.pkl", "a/data/0"), "PyTorch zip"),
        (("a/data.pkl", "a/constants.pkl", "a/code/x.py"), "TorchScript archive"),
        (("a/b/data.pkl",), "zip archive"),
        (("x.npy", "y.npy"), "NumPy archive"),
        ((), "zip archive"),
    ],
)
def test_members_name_the_archive(members: tuple[str, ...], name: str) -> None:
    """The names alone tell; an archive without a mark is an archive and nothing else."""
    assert archive_of(members) == name


@pytest.mark.parametrize(
    "head",
    [
        struct.pack("<IH", 6, 99) + b"TransformerSpec\0",
        b"\x80\x09}",
        b"GGU",
        b"\xff" * 8 + b'{"',
        b"",
    ],
)
def test_what_only_resembles_a_mark_is_not_named(head: bytes) -> None:
    """A wrong length, protocol, or size is no mark."""
    assert from_head(head) == ""


def test_bytes_that_cannot_be_had_are_named_as_that() -> None:
    """A network that fails or a pointer without content is no unknown container."""

    class Refusing(MemorySource):
        def read(self, spans: object, purpose: object) -> list[bytes]:
            raise NetworkFaultError("it hung up", cause="", next_step="")

    with pytest.raises(NetworkFaultError, match="hung up"):
        open_checkpoint(Refusing({"m.pkl": b"lmgg"}), {})
