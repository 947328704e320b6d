"""Which files hold the weights of a model, and where does each tensor lie in them?

Follows what loaders do: ``model.safetensors``, else the shards of ``model.safetensors.index.json``,
else one unambiguous set of safetensors files at top level. Every tensor of the chosen files counts,
listed in the index or not, because loaders load it. Nothing but headers and the index is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from hubcheck.checkpoint.disagreement import Disagreement, DisagreementCode
from hubcheck.checkpoint.header import (
    LENGTH_BYTES,
    MAX_TENSORS,
    header_length,
    parse_header,
)
from hubcheck.checkpoint.header_limits import MAX_NAME_LENGTH
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.checkpoint.other_formats import is_adapter_file, refuse_other_formats
from hubcheck.checkpoint.shards import (
    INDEX_SUFFIX,
    Chosen,
    borne_out,
    file_sets,
    from_index,
    left_over,
    refuse_mixed,
    require_plain_name,
    usual_set,
)
from hubcheck.checkpoint.strict_json import MAX_JSON_BYTES
from hubcheck.errors import printable
from hubcheck.source.interface import Source, Span
from hubcheck.source.ledger import Purpose
from hubcheck.source.weight_files import SAFETENSORS

FIRST_READ_BYTES: Final = 64 * 1024
"""First read of a file whose tensors are not known yet: the header of a dense model of 32 layers
(290 tensors of 125 bytes) takes half of it."""

ENTRY_BYTES: Final = 100
"""Header bytes of one tensor beside its name: quotes, dtype, shape and offsets take 70 to 90."""

HEADER_SLACK_BYTES: Final = 512
"""Header bytes beside the tensors: the length, ``__metadata__`` and padding."""

SHORT_INDEX_BYTES: Final = 1_000_000
"""An index up to this size is always read, so that a contradiction between it and the headers is
found; 10,000 tensors take about 1 MB."""

HEADER_PER_INDEX: Final = 1.6
"""Header bytes per byte of index. A tensor's entry takes its name and 75 to 90 bytes in a header,
and its name and 40 in an index: 1.45 where names have 50 characters, and shards differ."""

MAX_TOTAL_HEADER_BYTES: Final = 256 * 1024 * 1024
"""Most bytes of all headers of one model, because they are held in memory together."""

_SINGLE: Final = "model.safetensors"
_SUFFIX: Final = ".safetensors"
_SHARD_STEM: Final = "model"
_CONSOLIDATED: Final = "consolidated"
"""The second copy of the weights that some publishers ship for their own loader."""


def open_safetensors(source: Source, *, named: str = "") -> Checkpoint:
    """Locate every tensor of a model.

    Args:
        source: The model. Charged for headers, and for the index as a document.
        named: The file that holds the weights, where config.json names one under
            ``transformers_weights``: loaders then read it and not ``model.safetensors``. Hostile.

    Returns:
        The checkpoint, its tensors sorted by name.

    Raises:
        HostileCheckpointError: a header or the index contradicts itself, the other or the files.
        UnsupportedFormatError: the model holds weights in another format only.
        UnreadableError: there are no weights, or no single set of files that holds them.
    """
    sizes = {entry.path: entry.size for entry in source.files()}
    chosen = _chosen(source, sizes, named)
    records, metadata = _read_headers(source, sizes, chosen)
    return Checkpoint(
        source=source,
        tensors=MappingProxyType(dict(sorted(records.items()))),
        metadata=MappingProxyType(metadata),
        format=SAFETENSORS,
        paths=chosen.paths,
        disagreements=borne_out(chosen, {name: r.path for name, r in records.items()}),
    )


def safetensors_files(source: Source, *, named: str = "") -> tuple[str, ...]:
    """Return the files that ``open_safetensors`` would open, sorted; no header is read.

    Raises:
        UnreadableError: as ``open_safetensors``, as far as names and the index decide it.
    """
    sizes = {entry.path: entry.size for entry in source.files()}
    return _chosen(source, sizes, named).paths


def has_usual_files(sizes: Mapping[str, int]) -> bool:
    """Return whether there are files that loaders take before those of any other format."""
    if _SINGLE in sizes:
        return True
    sets = file_sets(_plain(sizes))
    if _SINGLE + INDEX_SUFFIX in sizes:
        return bool(sets)
    return any(s.stem == _SHARD_STEM and s.is_complete for s in sets)


def has_files(sizes: Mapping[str, int]) -> bool:
    """Return whether there are files of this format at top level, adapters aside."""
    return bool(_plain(sizes))


def index_alone(sizes: Mapping[str, int]) -> tuple[Disagreement, ...]:
    """Return what to say of an index whose format has no file at top level."""
    index = _SINGLE + INDEX_SUFFIX
    if index not in sizes or _plain(sizes):
        return ()
    return (Disagreement(code=DisagreementCode.INDEX_WITHOUT_FILES, file=index),)


def _plain(sizes: Mapping[str, int]) -> list[str]:
    return [
        path
        for path in sizes
        if path.endswith(_SUFFIX) and "/" not in path and not is_adapter_file(path)
    ]


def _chosen(source: Source, sizes: Mapping[str, int], named: str) -> Chosen:
    """Return the files that hold the weights."""
    return _named(source, sizes, named) if named else _choose(source, sizes)


def _named(source: Source, sizes: Mapping[str, int], named: str) -> Chosen:
    """Return the one file that config.json names, or the shards of the index that it names."""
    index = named.endswith(_SUFFIX + INDEX_SUFFIX)
    require_plain_name(
        named.removesuffix(INDEX_SUFFIX), "config.json names the weights", (_SUFFIX,)
    )
    if named not in sizes:
        refuse_mixed(f"config.json names the weights '{printable(named)}', which do not exist.")
    return _indexed(source, sizes, named) if index else Chosen(paths=(named,))


def _choose(source: Source, sizes: Mapping[str, int]) -> Chosen:
    """Return the files that loaders would read."""
    index = _SINGLE + INDEX_SUFFIX
    code = DisagreementCode
    if _SINGLE in sizes:
        told = Disagreement(code=code.INDEX_UNUSED, file=index, instead=_SINGLE)
        return Chosen(paths=(_SINGLE,), disagreements=(told,) if index in sizes else ())
    if index in sizes:
        return _without_index(sizes) or _indexed(source, sizes, index)
    every = file_sets(_plain(sizes))
    sets = [s for s in every if not s.stem.startswith(_CONSOLIDATED)] or [*every]
    if not sets:
        refuse_other_formats(source)
    indexed = [s for s in sets if f"{s.stem}{_SUFFIX}{INDEX_SUFFIX}" in sizes]
    if len({s.stem for s in indexed}) == 1:
        return _indexed(source, sizes, f"{indexed[0].stem}{_SUFFIX}{INDEX_SUFFIX}")
    chosen = usual_set(sets, _SHARD_STEM, _SINGLE)
    index = f"{chosen.stem}{_SUFFIX}{INDEX_SUFFIX}"
    found = [Disagreement(code=code.INDEX_MISSING, file=index, instead=chosen.paths[0])]
    wanted = chosen.total and not chosen.stem.startswith(_CONSOLIDATED)
    return Chosen(
        paths=chosen.paths,
        disagreements=(*(found if wanted else ()), *left_over(sets, chosen)),
    )


def _indexed(source: Source, sizes: Mapping[str, int], index: str) -> Chosen:
    return from_index(source, sizes, index, suffixes=(_SUFFIX,), sets=file_sets(_plain(sizes)))


def _without_index(sizes: Mapping[str, int]) -> Chosen | None:
    """Return the shards by their names alone, where a long index could say nothing else.

    The index of a mixture of 90,000 tensors is as long as all headers together. It says which file
    holds which tensor, and the headers say that too. What only the index says is which files are
    loaded at all; where the weights of the folder are one complete set of shards, it can leave
    some out, and no more: every tensor that is loaded is among those that are read here.
    """
    index = sizes[_SINGLE + INDEX_SUFFIX]
    sets = file_sets(path for path in sizes if path.endswith(_SUFFIX) and "/" not in path)
    if not SHORT_INDEX_BYTES < index <= MAX_JSON_BYTES or len(sets) != 1:
        return None
    if sets[0].stem != _SHARD_STEM or not sets[0].total or not sets[0].is_complete:
        return None
    paths = sets[0].paths
    guess = LENGTH_BYTES + HEADER_SLACK_BYTES + int(HEADER_PER_INDEX * index / len(paths))
    return Chosen(paths=paths, first_read=min(guess, MAX_JSON_BYTES))


def _read_headers(
    source: Source, sizes: Mapping[str, int], chosen: Chosen
) -> tuple[dict[str, TensorRecord], dict[str, str]]:
    """Return the records of all files, and their metadata with the first file's words first.

    Two calls of the source at most, whatever the number of files: one for the beginnings, one for
    what they leave out.
    """
    paths = chosen.paths
    for path in paths:
        if sizes[path] < LENGTH_BYTES:
            header_length(b"", path=path, file_size=sizes[path])
    guesses = _guesses(sizes, chosen)
    first = [Span(path=path, start=0, stop=guesses[path]) for path in paths]
    beginnings = dict(zip(paths, source.read(first, Purpose.HEADER), strict=True))
    stops = {
        path: LENGTH_BYTES + header_length(beginnings[path], path=path, file_size=sizes[path])
        for path in paths
    }
    if sum(stops.values()) > MAX_TOTAL_HEADER_BYTES:
        refuse_mixed(
            f"All headers together take {sum(stops.values())} bytes, over the cap of"
            f" {MAX_TOTAL_HEADER_BYTES}."
        )
    rest = [
        Span(path=path, start=guesses[path], stop=stops[path])
        for path in paths
        if stops[path] > guesses[path]
    ]
    tails = source.read(rest, Purpose.HEADER) if rest else []
    ends = {span.path: tail for span, tail in zip(rest, tails, strict=True)}
    records: dict[str, TensorRecord] = {}
    metadata: dict[str, str] = {}
    for path in paths:
        raw = (beginnings.pop(path) + ends.pop(path, b""))[LENGTH_BYTES : stops[path]]
        header = parse_header(raw, path=path, file_size=sizes[path])
        _add(records, header.tensors)
        for key, value in header.metadata.items():
            metadata.setdefault(key, value)
    return records, metadata


def _guesses(sizes: Mapping[str, int], chosen: Chosen) -> dict[str, int]:
    """Return how many bytes of each file to read first: enough, where an index lists its tensors.

    A model of many shards would otherwise cost megabytes of guesses or a second round of requests.
    """
    if not chosen.weight_map or chosen.stale:
        first = chosen.first_read or FIRST_READ_BYTES
        return {path: min(first, sizes[path]) for path in chosen.paths}
    guesses = dict.fromkeys(chosen.paths, LENGTH_BYTES + HEADER_SLACK_BYTES)
    for name, path in chosen.weight_map.items():
        if path in guesses:
            guesses[path] += min(len(name), MAX_NAME_LENGTH) + ENTRY_BYTES
    return {path: min(guess, MAX_JSON_BYTES, sizes[path]) for path, guess in guesses.items()}


def _add(records: dict[str, TensorRecord], tensors: Iterable[TensorRecord]) -> None:
    """Add the tensors of one file; a name that two files hold is refused."""
    for tensor in tensors:
        other = records.setdefault(tensor.name, tensor)
        if other is not tensor:
            refuse_mixed(
                f"Both '{printable(other.path)}' and '{printable(tensor.path)}' hold tensor"
                f" '{printable(tensor.name)}'."
            )
    if len(records) > MAX_TENSORS:
        refuse_mixed(f"The model lists {len(records)} tensors, over the cap of {MAX_TENSORS}.")
