"""Which GGUF file of a model is read, and what does it hold?

A repository often has one file per quantisation: the largest set is taken, since it lost least, and
a note says so. Files split by ``-00001-of-00003`` belong together. A tower with its projector lies
in a file of its own (``mmproj``): it is read beside the language model, or alone where there is
none. Importance matrices are no models.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from hubcheck.checkpoint.disagreement import Disagreement, DisagreementCode
from hubcheck.checkpoint.gguf_header import GgufHeader, read_gguf_header
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.errors import HostileCheckpointError, UnreadableError, printable
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.source.interface import Source, Span
from hubcheck.source.ledger import Purpose

SUFFIX: Final = ".gguf"
FORMAT: Final = "GGUF"
_SPLIT: Final = re.compile(r"(?P<stem>.+)-(?P<number>[0-9]{5})-of-(?P<total>[0-9]{5})\.gguf")
_OTHER: Final = re.compile(r"(?:mmproj|imatrix|.*[-_.](?:mmproj|imatrix))", re.IGNORECASE)
_TOWER: Final = re.compile(r"(?:mmproj|.*[-_.]mmproj)", re.IGNORECASE)


def gguf_sets(sizes: Mapping[str, int]) -> dict[str, list[str]]:
    """Return the sets of GGUF files at top level, by name without number and ending.

    A tower's file counts only where there is nothing else.
    """
    towers = {path[: -len(SUFFIX)]: [path] for path in tower_files(sizes)}
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(sizes):
        if path.lower().endswith(SUFFIX) and "/" not in path and not _OTHER.match(path):
            match = _SPLIT.fullmatch(path)
            found[match["stem"] if match else path[: -len(SUFFIX)]].append(path)
    return dict(found) or towers


def tower_files(sizes: Mapping[str, int]) -> list[str]:
    """Return the files at top level that hold a tower, the largest first."""
    found = [p for p in sizes if p.lower().endswith(SUFFIX) and "/" not in p and _TOWER.match(p)]
    return sorted(found, key=lambda p: (-sizes[p], p))


def open_gguf(source: Source) -> Checkpoint:
    """Locate every tensor of a model published as GGUF.

    Args:
        source: The model, with at least one GGUF file. Charged for headers.

    Returns:
        The checkpoint, tensors by their GGUF names.

    Raises:
        HostileCheckpointError: a header contradicts itself, the file or another split.
        UnreadableError: a split is missing.
        UnsupportedFormatError: a version that is not read.
    """
    sizes = {entry.path: entry.size for entry in source.files()}
    sets = gguf_sets(sizes)
    stem = _largest(sets, sizes)
    paths = sets[stem]
    _require_all_splits(paths)
    headers = [_header(source, path, sizes[path]) for path in paths]
    broken = [paths[0] for paths in sets.values() if not _is_whole(paths)]
    code = DisagreementCode.SET_INCOMPLETE
    notes: list[Phrase] = []
    opened = [*paths]
    metadata: Mapping[str, str] = headers[0].metadata
    for path in [p for p in tower_files(sizes)[:1] if p not in paths]:
        try:
            headers.append(_header(source, path, sizes[path]))
        except (HostileCheckpointError, UnreadableError) as error:
            notes.append(phrase(PhraseCode.LAYOUT_TOWER, path=path, detail=error.what))
            continue
        opened.append(path)
        metadata = {**headers[-1].metadata, **metadata}
    tensors: dict[str, TensorRecord] = {}
    for header in headers:
        for tensor in header.tensors:
            if tensors.setdefault(tensor.name, tensor) is not tensor:
                raise HostileCheckpointError(
                    f"Two files hold tensor '{printable(tensor.name)}'.",
                    cause="splits of two models were mixed.",
                    next_step="download the splits again.",
                )
    return Checkpoint(
        source=source,
        tensors=MappingProxyType(dict(sorted(tensors.items()))),
        metadata=MappingProxyType(metadata),
        format=FORMAT,
        tokens=headers[0].tokens,
        special_tokens=headers[0].special_tokens,
        notes=tuple(notes),
        paths=tuple(sorted(opened)),
        disagreements=tuple(
            Disagreement(code=code, file=first, count=len(sets), instead=paths[0])
            for first in broken
        ),
    )


def gguf_files(sizes: Mapping[str, int]) -> tuple[str, ...]:
    """Return the files that ``open_gguf`` would open, the tower's among them, sorted."""
    sets = gguf_sets(sizes)
    return tuple(sorted({*sets[_largest(sets, sizes)], *tower_files(sizes)[:1]}))


def _largest(sets: Mapping[str, list[str]], sizes: Mapping[str, int]) -> str:
    """Return the name of the set that lost least, of those from which no split is missing."""
    return max(sorted(sets), key=lambda s: (_is_whole(sets[s]), sum(sizes[p] for p in sets[s])))


def _header(source: Source, path: str, size: int) -> GgufHeader:
    def fetch(start: int, stop: int) -> bytes:
        return source.read([Span(path=path, start=start, stop=stop)], Purpose.HEADER)[0]

    return read_gguf_header(fetch, path=path, file_size=size)


def _is_whole(paths: list[str]) -> bool:
    """Say whether no split of a set is missing."""
    matches = [m for m in map(_SPLIT.fullmatch, paths) if m]
    numbers = sorted(int(m["number"]) for m in matches)
    totals = {int(m["total"]) for m in matches}
    one_set = len(totals) == 1 and len(matches) == len(paths)
    return not matches or (one_set and numbers == [*range(1, max(totals) + 1)])


def _require_all_splits(paths: list[str]) -> None:
    """Refuse a set from which splits are missing."""
    if _is_whole(paths):
        return
    totals = {int(m["total"]) for m in map(_SPLIT.fullmatch, paths) if m}
    raise UnreadableError(
        f"{len(paths)} of {max(totals)} splits are there, such as '{printable(paths[0])}'.",
        cause="the download or upload stopped early, or one split was named alone.",
        next_step="complete the splits, or name the folder that holds all of them.",
    )
