"""Which files hold the weights of a model, and where does each tensor lie in them?

Follows what loaders do: ``model.safetensors``, else the shards of ``model.safetensors.index.json``,
else one unambiguous set of safetensors files at top level. Every tensor of the chosen files counts,
listed in the index or not, because loaders load it. Nothing but headers and the index is read.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NoReturn

from hubcheck.checkpoint.header import (
    LENGTH_BYTES,
    MAX_NAME_LENGTH,
    MAX_TENSORS,
    header_length,
    parse_header,
)
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.checkpoint.other_formats import refuse_other_formats
from hubcheck.checkpoint.strict_json import MAX_JSON_BYTES, load_object, shown
from hubcheck.errors import HostileCheckpointError, UnreadableError, printable
from hubcheck.source.interface import Source, Span
from hubcheck.source.ledger import Purpose

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
_INDEX_SUFFIX: Final = ".index.json"
_SUFFIX: Final = ".safetensors"
_SHARD_STEM: Final = "model"
_ADAPTER: Final = "adapter_model"
_CONSOLIDATED: Final = "consolidated"
"""The second copy of the weights that some publishers ship for their own loader."""
_SHARD: Final = re.compile(
    r"(?P<stem>.+)-(?P<number>[0-9]{1,6})-of-(?P<total>[0-9]{1,6})\.safetensors"
)


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
    for name, path in chosen.weight_map.items():
        if name not in records or records[name].path != path:
            _hostile(
                f"The index places tensor '{printable(name)}' in '{printable(path)}', which does"
                " not hold it."
            )
    return Checkpoint(
        source=source,
        tensors=MappingProxyType(dict(sorted(records.items()))),
        metadata=MappingProxyType(metadata),
        format="safetensors",
        notes=chosen.notes,
        paths=tuple(chosen.paths),
    )


def safetensors_files(source: Source, *, named: str = "") -> tuple[str, ...]:
    """Return the files that ``open_safetensors`` would open, sorted; no header is read.

    Raises:
        UnreadableError: as ``open_safetensors``, as far as names and the index decide it.
    """
    sizes = {entry.path: entry.size for entry in source.files()}
    return tuple(_chosen(source, sizes, named).paths)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """The files that hold the weights."""

    paths: Sequence[str]
    """Sorted."""
    weight_map: Mapping[str, str] = field(default_factory=dict)
    """Tensor to file, as the index has it; empty where no index was read."""
    first_read: int = FIRST_READ_BYTES
    """Bytes of each file to read first, where no index lists its tensors."""
    notes: tuple[str, ...] = ()


def _chosen(source: Source, sizes: Mapping[str, int], named: str) -> _Chosen:
    """Return the files that hold the weights."""
    return _named(source, sizes, named) if named else _choose(source, sizes)


def _named(source: Source, sizes: Mapping[str, int], named: str) -> _Chosen:
    """Return the one file that config.json names, or the shards of the index that it names."""
    index = named.endswith(_SUFFIX + _INDEX_SUFFIX)
    _require_plain_name(named.removesuffix(_INDEX_SUFFIX), "config.json names the weights")
    if named not in sizes:
        _hostile(f"config.json names the weights '{printable(named)}', which do not exist.")
    return _from_index(source, sizes, named) if index else _Chosen(paths=[named])


def _choose(source: Source, sizes: Mapping[str, int]) -> _Chosen:
    """Return the files that loaders would read."""
    if _SINGLE in sizes:
        return _Chosen(paths=[_SINGLE])
    if _SINGLE + _INDEX_SUFFIX in sizes:
        return _without_index(sizes) or _from_index(source, sizes, _SINGLE + _INDEX_SUFFIX)
    stems: dict[str, list[str]] = defaultdict(list)
    for path in sizes:
        if path.endswith(_SUFFIX) and "/" not in path:
            match = _SHARD.fullmatch(path)
            stems[match["stem"] if match else path.removesuffix(_SUFFIX)].append(path)
    stems.pop(_ADAPTER, None)
    main = {stem: paths for stem, paths in stems.items() if not stem.startswith(_CONSOLIDATED)}
    stems = main or stems
    if not stems:
        refuse_other_formats(sizes)
    if len(stems) > 1:
        named = ", ".join(f"'{printable(stem, limit=40)}'" for stem in sorted(stems)[:5])
        raise UnreadableError(
            f"The model holds {len(stems)} sets of weights, and none is called '{_SINGLE}':"
            f" {named}{', …' if len(stems) > 5 else ''}.",  # noqa: PLR2004 - as many as shown
            cause="several models or variants share one folder.",
            next_step="name the file to check instead of the folder.",
        )
    stem, paths = next(iter(stems.items()))
    index = f"{stem}{_SUFFIX}{_INDEX_SUFFIX}"
    if index in sizes:
        return _from_index(source, sizes, index)
    _require_all_shards(paths)
    return _Chosen(paths=sorted(paths))


def _without_index(sizes: Mapping[str, int]) -> _Chosen | None:
    """Return the shards by their names alone, where a long index could say nothing else.

    The index of a mixture of 90,000 tensors is as long as all headers together. It says which file
    holds which tensor, and the headers say that too. What only the index says is which files are
    loaded at all; where the weights of the folder are one complete set of shards, it can leave
    some out, and no more: every tensor that is loaded is among those that are read here.
    """
    index = sizes[_SINGLE + _INDEX_SUFFIX]
    paths = sorted(path for path in sizes if path.endswith(_SUFFIX) and "/" not in path)
    matches = [match for match in map(_SHARD.fullmatch, paths) if match]
    totals = {int(match["total"]) for match in matches}
    numbers = sorted(int(match["number"]) for match in matches)
    alone = len(matches) == len(paths) and {m["stem"] for m in matches} == {_SHARD_STEM}
    if not SHORT_INDEX_BYTES < index <= MAX_JSON_BYTES or not alone or len(totals) != 1:
        return None
    if numbers != list(range(1, totals.pop() + 1)):
        return None
    note = (
        f"the index ({index / 1e6:.1f} MB) was not read: the names of the {len(paths)} shards make"
        " one complete set, and all their headers were read"
    )
    guess = LENGTH_BYTES + HEADER_SLACK_BYTES + int(HEADER_PER_INDEX * index / len(paths))
    return _Chosen(paths=paths, first_read=min(guess, MAX_JSON_BYTES), notes=(note,))


def _require_all_shards(paths: Sequence[str]) -> None:
    """Refuse a set of shards, known by their names alone, from which some are missing."""
    matches = [match for match in map(_SHARD.fullmatch, paths) if match]
    if not matches:
        return
    totals = {int(match["total"]) for match in matches}
    numbers = sorted(int(match["number"]) for match in matches)
    if len(totals) > 1 or len(matches) < len(paths):
        _hostile(f"Shards of different sets share one name, such as '{printable(paths[0])}'.")
    total = totals.pop()
    if numbers not in (list(range(1, total + 1)), list(range(total))):
        raise UnreadableError(
            f"{len(paths)} of {total} shards are there, such as '{printable(paths[0])}', and they"
            " do not make one complete set.",
            cause="the download or upload stopped early, or one shard was named alone.",
            next_step="complete the shards, or name the folder that holds all of them.",
        )


def _from_index(source: Source, sizes: Mapping[str, int], index: str) -> _Chosen:
    """Return the shards that an index names, and its weight map."""
    if sizes[index] > MAX_JSON_BYTES:
        _hostile(f"'{index}' is {sizes[index]} bytes long, over the cap of {MAX_JSON_BYTES}.")
    raw = source.read_document(index, limit=MAX_JSON_BYTES)
    weight_map = load_object(raw, f"'{printable(index)}'").get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        _hostile(f"'{printable(index)}' has no weight_map with entries: {shown(weight_map)}.")
    if len(weight_map) > MAX_TENSORS:
        _hostile(f"The index lists {len(weight_map)} tensors, over the cap of {MAX_TENSORS}.")
    checked: dict[str, str] = {}
    shards: set[str] = set()
    for name, path in weight_map.items():
        if not isinstance(path, str):
            _hostile(f"The index maps tensor '{printable(name)}' to {shown(path)}, no file name.")
        if path not in shards:
            _require_plain_name(path, "The index names the shard")
            if path not in sizes:
                raise HostileCheckpointError(
                    f"The index names the shard '{printable(path)}', which does not exist.",
                    cause="the upload is incomplete, or the index belongs to another model.",
                    next_step="complete the shards, then check again.",
                )
            shards.add(path)
        checked[name] = path
    return _Chosen(paths=sorted(shards), weight_map=checked)


def _require_plain_name(path: str, whose: str) -> None:
    """Refuse a name that is anything but that of a safetensors file at top level."""
    plain = path.isprintable() and not any(c in path for c in '/\\:"<>|?*')
    if not plain or path.startswith(".") or not path.endswith(_SUFFIX):
        _hostile(f"{whose} '{printable(path)}', no plain {_SUFFIX} file name.")


def _read_headers(
    source: Source, sizes: Mapping[str, int], chosen: _Chosen
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
        _hostile(
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


def _guesses(sizes: Mapping[str, int], chosen: _Chosen) -> dict[str, int]:
    """Return how many bytes of each file to read first: enough, where an index lists its tensors.

    A model of many shards would otherwise cost megabytes of guesses or a second round of requests.
    """
    if not chosen.weight_map:
        return {path: min(chosen.first_read, sizes[path]) for path in chosen.paths}
    guesses = dict.fromkeys(chosen.paths, LENGTH_BYTES + HEADER_SLACK_BYTES)
    for name, path in chosen.weight_map.items():
        guesses[path] += min(len(name), MAX_NAME_LENGTH) + ENTRY_BYTES
    return {path: min(guess, MAX_JSON_BYTES, sizes[path]) for path, guess in guesses.items()}


def _add(records: dict[str, TensorRecord], tensors: Iterable[TensorRecord]) -> None:
    """Add the tensors of one file; a name that two files hold is refused."""
    for tensor in tensors:
        other = records.setdefault(tensor.name, tensor)
        if other is not tensor:
            _hostile(
                f"Both '{printable(other.path)}' and '{printable(tensor.path)}' hold tensor"
                f" '{printable(tensor.name)}'."
            )
    if len(records) > MAX_TENSORS:
        _hostile(f"The model lists {len(records)} tensors, over the cap of {MAX_TENSORS}.")


def _hostile(what: str) -> NoReturn:
    """Raise the refusal of a model whose files contradict each other."""
    raise HostileCheckpointError(
        what,
        cause="shards of two models were mixed, or the files were built to mislead.",
        next_step="upload or download the model again; if nothing changes, do not load it.",
    )
