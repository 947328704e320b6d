"""Where does each tensor of a PyTorch file (``.bin``, ``.pt``) lie, without loading it?

``torch.save`` writes a zip archive: ``<name>/data.pkl`` describes the tensors,
``<name>/data/<key>`` holds each storage as it lies in memory. The description is walked, never run
(``torch_pickle``); rows are then read by range like those of safetensors. Files from before PyTorch
1.6 are no archives and are not read, and what is no PyTorch file at all is called by its own name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.containers import (
    COMPRESSED_TORCH,
    TORCH_ZIP,
    archive_of,
    container_of,
)
from hubcheck.checkpoint.decode import bits_of, decode
from hubcheck.checkpoint.disagreement import Disagreement, DisagreementCode
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.checkpoint.other_formats import is_adapter_file, unknown_container
from hubcheck.checkpoint.shards import (
    Chosen,
    borne_out,
    file_sets,
    from_index,
    left_over,
    usual_set,
)
from hubcheck.checkpoint.torch_pickle import StorageRef, TensorRef, read_state
from hubcheck.checkpoint.zip_directory import (
    Member,
    data_starts,
    expected_start,
    header_span,
    read_directory,
    start_of,
)
from hubcheck.errors import HostileCheckpointError, UnsupportedFormatError, printable
from hubcheck.frozen import frozen
from hubcheck.source.interface import Source, Span
from hubcheck.source.ledger import Purpose
from hubcheck.source.weight_files import TORCH, TORCH_SUFFIXES, formats_of, is_training_state

FORMAT: Final = TORCH_ZIP
SINGLE: Final = "pytorch_model.bin"
INDEX: Final = "pytorch_model.bin.index.json"
_STEM: Final = "pytorch_model"
_NO_MODELS: Final = ("rng_state", "random_states", "zero_pp_rank", "training_args", "optimizer")
"""Beginnings of the names of what training leaves beside its weights, in any number of pieces."""
_SLICE: Final = re.compile(r"consolidated\.[0-9]{2}\.pth")
"""Meta's files: each holds a slice of every matrix where there are several."""
FLOATS: Final = frozenset({"F64", "F32", "F16", "BF16"})
"""Dtypes that are weights as they stand."""
MAX_PICKLE_BYTES: Final = 64 << 20
"""Longest description that is walked; 140,000 tensors take about 30 MB."""
STRIDED: Final = "strided view"
"""Dtype given to a tensor whose rows do not lie one after the other; it is not read."""


def torch_paths(sizes: Mapping[str, int]) -> list[str]:
    """Return the files at top level that may be PyTorch weights, the usual name first."""
    formats = formats_of(sizes)
    found = [
        path
        for path in sorted(formats)
        if formats[path] == TORCH and "/" not in path and not is_training_state(path)
        and not path.startswith(_NO_MODELS) and not is_adapter_file(path)
    ]  # fmt: skip
    return [SINGLE] if SINGLE in found else found


def has_usual_files(sizes: Mapping[str, int]) -> bool:
    """Return whether there are files under the names that loaders of this format look for."""
    paths = torch_paths(sizes)
    return bool(paths) and (paths == [SINGLE] or INDEX in sizes)


def index_alone(sizes: Mapping[str, int]) -> tuple[Disagreement, ...]:
    """Return what to say of an index whose format has no file at top level."""
    if INDEX not in sizes or torch_paths(sizes):
        return ()
    return (Disagreement(code=DisagreementCode.INDEX_WITHOUT_FILES, file=INDEX),)


def open_torch(source: Source) -> Checkpoint:
    """Locate every tensor of a model published as PyTorch files.

    Args:
        source: The model. Charged for directories and descriptions.

    Raises:
        UnsupportedFormatError: a file is of another kind, from before PyTorch 1.6, or its pickle
            wants to call something; nothing was run.
        HostileCheckpointError: an archive, description or index contradicts itself.
    """
    sizes = {entry.path: entry.size for entry in source.files()}
    chosen = _chosen(source, sizes)
    records: dict[str, TensorRecord] = {}
    for path in chosen.paths:
        for name, record in _file(source, path, sizes[path]).items():
            if records.setdefault(name, record) is not record:
                _refuse(f"Two files hold tensor '{printable(name)}'.")
    disagreements = borne_out(chosen, {name: r.path for name, r in records.items()})
    if not records:
        raise UnsupportedFormatError(
            f"'{printable(chosen.paths[0])}' holds no tensor.",
            cause="it is no model: a data set, settings, a state of training.",
            next_step="name the file that holds the weights.",
            format_name="PyTorch file without tensors",
        )
    return Checkpoint(
        source=source,
        tensors=MappingProxyType(dict(sorted(records.items()))),
        metadata=MappingProxyType({}),
        format=FORMAT,
        paths=chosen.paths,
        disagreements=disagreements,
    )


def torch_files(source: Source) -> tuple[str, ...]:
    """Return the files that ``open_torch`` would open, sorted; none of them is opened.

    Raises:
        UnsupportedFormatError: several lie side by side, and no index names the weights.
        HostileCheckpointError: the index names what is not there.
    """
    return _chosen(source, {entry.path: entry.size for entry in source.files()}).paths


def _chosen(source: Source, sizes: Mapping[str, int]) -> Chosen:
    """Return the files that hold the weights, and what an index says of them."""
    paths = torch_paths(sizes)
    code = DisagreementCode
    if paths == [SINGLE]:
        told = Disagreement(code=code.INDEX_UNUSED, file=INDEX, instead=SINGLE)
        return Chosen(paths=(SINGLE,), disagreements=(told,) if INDEX in sizes else ())
    sets = file_sets(paths)
    if INDEX in sizes:
        return from_index(source, sizes, INDEX, suffixes=TORCH_SUFFIXES, sets=sets)
    if len(paths) > 1 and all(_SLICE.fullmatch(path) for path in paths):
        raise UnsupportedFormatError(
            f"The model is cut into {len(paths)} slices, such as '{printable(paths[0])}'.",
            cause="each file holds a part of every matrix, for as many devices.",
            next_step="convert it to safetensors, or check a revision or model that has them.",
            format_name="tensor-parallel PyTorch files",
        )
    chosen = usual_set(sets, _STEM, SINGLE)
    found = [Disagreement(code=code.INDEX_MISSING, file=INDEX, instead=chosen.paths[0])]
    return Chosen(
        paths=chosen.paths,
        disagreements=(*(found if chosen.total else ()), *left_over(sets, chosen)),
    )


def torch_tensors(source: Source, path: str) -> dict[str, TensorRecord]:
    """Return the tensors of one PyTorch file by name, located and not read.

    Raises:
        UnsupportedFormatError: as ``open_torch``.
        HostileCheckpointError: as ``open_torch``, or the file is not there.
    """
    sizes = {entry.path: entry.size for entry in source.files()}
    if path not in sizes:
        _refuse(f"'{printable(path)}' is not there.")
    return _file(source, path, sizes[path])


def _file(source: Source, path: str, size: int) -> dict[str, TensorRecord]:
    """Return the tensors of one archive."""

    def read(spans: Sequence[Span]) -> list[bytes]:
        return source.read(spans, Purpose.HEADER)

    if size == 0 or read([Span(path=path, start=0, stop=min(4, size))])[0] != b"PK\x03\x04":
        _refuse_other(path, container_of(source, path, size) or unknown_container(path))
    members = read_directory(read, path=path, file_size=size)
    kind = archive_of(members)
    if kind != FORMAT:
        _refuse_other(path, kind)
    pickle = next(m for n, m in members.items() if n.count("/") == 1 and n.endswith("/data.pkl"))
    if not pickle.stored:
        _refuse_other(path, COMPRESSED_TORCH)
    if pickle.size > MAX_PICKLE_BYTES:
        _refuse(f"'{printable(path)}' holds no description of tensors of a usable size.")
    folder = pickle.name.removesuffix("data.pkl")
    order = members.get(f"{folder}byteorder")
    short = order is not None and order.stored and order.size <= len("little")
    wanted = [pickle, order] if order is not None and short else [pickle]
    starts = data_starts(read, wanted, path=path, file_size=size)
    texts = read(
        [Span(path=path, start=s, stop=s + m.size) for s, m in zip(starts, wanted, strict=True)]
    )
    if texts[1:] == [b"big"]:
        raise UnsupportedFormatError(
            f"'{printable(path)}' holds big-endian values.",
            cause="it was saved on such a machine.",
            next_step="convert it to safetensors.",
            format_name="big-endian PyTorch",
        )
    state = read_state(texts[0], path=path)
    used = sorted({t.storage.key for t in state.values()}, key=int)
    stored: list[Member] = []
    for key in used:
        member = members.get(f"{folder}data/{key}")
        if member is None:
            _refuse(f"'{printable(path)}' lacks the storage '{printable(key)}' it describes.")
        if not member.stored:
            _refuse_other(path, COMPRESSED_TORCH)
        stored.append(member)
    # One header tells whether the writer pads as foretold; the others are checked with their rows.
    first = data_starts(read, stored[:1], path=path, file_size=size)
    foretold = [expected_start(member) for member in stored]
    exact = (
        first != foretold[:1]
        or any(start + m.size > size for start, m in zip(foretold, stored, strict=True))
        # Codes are read through the decoders of packed formats, which know of no archive.
        or any(len(t.shape) > 1 and t.storage.dtype not in FLOATS for t in state.values())
    )
    if exact:
        foretold = data_starts(read, stored, path=path, file_size=size)
    places = {
        key: (start, member) for key, start, member in zip(used, foretold, stored, strict=True)
    }
    return {
        name: _record(name, ref, path, *places[ref.storage.key], checked=exact)
        for name, ref in state.items()
    }


@frozen
class Foretold:
    """Plain rows whose place was foretold; the header in front of them is read with them."""

    name: str
    """The dtype of the values."""
    member: Member
    path: str
    data: int
    """Where the data of the archived file was foretold to begin."""
    start: int
    """First byte of the tensor."""
    n_cols: int
    by_input: bool = False

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the header of the archived file and the rows."""
        row = self.n_cols * bits_of(self.name) // 8
        rows = Span(path=self.path, start=self.start + start * row, stop=self.start + stop * row)
        return header_span(self.member, self.path), rows

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the rows, if the header is where and what it was foretold to be.

        Raises:
            HostileCheckpointError: it is not; the values read would belong to something else.
        """
        if start_of(raws[0], self.member, self.path) != self.data:
            _refuse(
                f"'{printable(self.path)}' begins '{printable(self.member.name)}' elsewhere"
                " than its other files do."
            )
        return decode(raws[1], self.name).reshape(stop - start, self.n_cols)


def _record(
    name: str, ref: TensorRef, path: str, start: int, member: Member, *, checked: bool
) -> TensorRecord:
    """Return where a described tensor lies inside its storage."""
    n_bytes = member.size
    storage: StorageRef = ref.storage
    width = bits_of(storage.dtype) // 8
    n_values = 1
    for size in ref.shape:
        n_values *= size
    reach = ref.offset + (
        sum((n - 1) * s for n, s in zip(ref.shape, ref.strides, strict=True)) + 1 if n_values else 0
    )
    if reach * width > n_bytes:
        _refuse(f"'{printable(path)}' lets tensor '{printable(name)}' pass the end of its storage.")
    first = start + ref.offset * width
    dtype = storage.dtype if ref.contiguous or not n_values else STRIDED
    later = Foretold(
        name=dtype,
        member=member,
        path=path,
        data=start,
        start=first,
        n_cols=ref.shape[-1] if ref.shape else 1,
    )
    return TensorRecord(
        name=name,
        dtype=dtype,
        storage=None if checked or dtype == STRIDED or not n_values else later,
        shape=ref.shape,
        path=path,
        start=first,
        stop=first + (n_values if ref.contiguous else reach - ref.offset) * width,
    )


def _refuse_other(path: str, name: str) -> NoReturn:
    """Refuse a file under the ending of PyTorch's that is something else, or a kind not read."""
    raise UnsupportedFormatError(
        f"'{printable(path)}' is no zip archive of tensors as torch.save writes it: {name}.",
        cause="it was saved by another program, or before PyTorch 1.6.",
        next_step="convert it to safetensors, or check a revision or model that has them.",
        format_name=name,
    )


def _refuse(what: str) -> NoReturn:
    raise HostileCheckpointError(
        what,
        cause="files of two models were mixed, or built to mislead.",
        next_step="upload or download the model again; if nothing changes, do not load it.",
    )
