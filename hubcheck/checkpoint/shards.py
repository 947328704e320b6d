"""Which files do an index and the numbers of shards name, and do the files bear them out?

An index places tensors in files. Loaders open every file that it names and load all of each, so a
tensor that it names in the wrong place is loaded all the same; a file that it names and that does
not exist ends the loading. An index can be stale: of an earlier split, or of tensors that are gone.
What the files hold decides then, and the disagreement is told.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Final, NoReturn

from hubcheck.checkpoint.disagreement import Disagreement, DisagreementCode
from hubcheck.checkpoint.header import MAX_TENSORS
from hubcheck.checkpoint.strict_json import MAX_JSON_BYTES, load_object, shown
from hubcheck.errors import (
    HostileCheckpointError,
    UnreadableError,
    UnsupportedFormatError,
    printable,
)
from hubcheck.frozen import frozen
from hubcheck.source.interface import Source

INDEX_SUFFIX: Final = ".index.json"
_SHARD: Final = re.compile(
    r"(?P<stem>.+)-(?P<number>[0-9]{1,6})-of-(?P<total>[0-9]{1,6})\.[A-Za-z]+"
)
_REACHES_OUT: Final = re.compile(r"\.\.|[\\:]")
"""What leads out of a folder on some system."""
_MIXED: Final = "shards of two models were mixed, or the files were built to mislead."
_OUTSIDE: Final = "the index was built to lead out of the model."
_AGAIN: Final = "upload or download the model again; if nothing changes, do not load it."
SETS_NAMED: Final = 5
"""Sets that a refusal names."""


@frozen
class FileSet:
    """Files at top level that hold one set of weights: a single file, or numbered shards."""

    stem: str
    """The name without number and ending."""
    paths: tuple[str, ...]
    """Sorted; not empty."""
    total: int = 0
    """Shards that their names speak of; 0 for a single file."""

    @property
    def is_complete(self) -> bool:
        """Whether no shard is missing; some programs count from 0."""
        if not self.total:
            return True
        numbers = sorted(int(m["number"]) for m in map(_SHARD.fullmatch, self.paths) if m)
        return numbers in (list(range(1, self.total + 1)), list(range(self.total)))


@frozen
class Chosen:
    """The files that hold the weights, and what an index says of them."""

    paths: tuple[str, ...]
    """Sorted; all of them exist."""
    index: str = ""
    """The index that was read; ``""`` where none was."""
    weight_map: Mapping[str, str] = field(default_factory=dict)
    """Tensor to file, as the index has it; a file may be missing."""
    stale: bool = False
    """Whether the index names none of ``paths``."""
    other_split: frozenset[str] = frozenset()
    """Files that the index names, that do not exist, and whose numbers are of another split of the
    complete set: the numbers of the set say that nothing is missing."""
    first_read: int = 0
    """Bytes of each file that hold its header, where the size of a long index tells; else 0."""
    disagreements: tuple[Disagreement, ...] = ()


def file_sets(paths: Iterable[str]) -> tuple[FileSet, ...]:
    """Return the sets that files make, sorted by stem; shards of another total are another set.

    Args:
        paths: Files of one format at top level; hostile.
    """
    found: dict[tuple[str, int, str], list[str]] = defaultdict(list)
    for path in sorted(paths):
        match = _SHARD.fullmatch(path)
        total = int(match["total"]) if match else 0
        dot = path.rfind(".")
        stem = match["stem"] if match and total else path[:dot]
        found[stem, total, path[dot:].lower()].append(path)
    return tuple(
        FileSet(stem=key[0], paths=tuple(found[key]), total=key[1]) for key in sorted(found)
    )


def from_index(
    source: Source,
    sizes: Mapping[str, int],
    index: str,
    *,
    suffixes: Collection[str],
    sets: Sequence[FileSet] = (),
) -> Chosen:
    """Return the files that an index names, or the set that stands in their place.

    Where files that it names are missing, the one complete set of its stem is taken if it holds all
    others. Whether that will do is known once headers are read: ``borne_out``. An index that says
    nothing of use is passed over if there is such a set.

    Args:
        source: The model. Charged for the index, as a document.
        sizes: Bytes of every file.
        index: The path of the index.
        suffixes: Endings that a shard may have.
        sets: The sets of files that lie beside it.

    Raises:
        HostileCheckpointError: it reaches out of the model, or it is malformed or none of its files
            is there, and no complete set stands in for them.
    """
    stem = index.removesuffix(INDEX_SUFFIX)
    stem = stem[: stem.rfind(".")]
    whole = [s for s in sets if s.total and s.is_complete and s.stem == stem]
    if sizes[index] > MAX_JSON_BYTES:
        refuse_mixed(f"'{index}' is {sizes[index]} bytes long, over the cap of {MAX_JSON_BYTES}.")
    raw = source.read_document(index, limit=MAX_JSON_BYTES)
    try:
        weight_map = _weight_map(raw, index)
        _require_inside(weight_map, suffixes)
        for path in dict.fromkeys(weight_map.values()):
            require_plain_name(path, "The index names the shard", suffixes)
    except HostileCheckpointError as error:
        if len(whole) != 1 or error.cause == _OUTSIDE:
            raise
        told = Disagreement(
            code=DisagreementCode.INDEX_UNUSABLE, file=index, example=error.what,
            instead=whole[0].paths[0],
        )  # fmt: skip
        return Chosen(paths=whole[0].paths, disagreements=(told,))
    named = set(weight_map.values())
    present = {path for path in named if path in sizes}
    if present == named:
        return Chosen(paths=tuple(sorted(named)), index=index, weight_map=weight_map)
    if len(whole) == 1 and present <= set(whole[0].paths):
        shards = {path: _SHARD.fullmatch(path) for path in named - present}
        return Chosen(
            paths=whole[0].paths, index=index, weight_map=weight_map, stale=not present,
            other_split=frozenset(p for p, m in shards.items() if m and m["stem"] == stem),
        )  # fmt: skip
    if not present:
        refuse_missing(min(named))
    return Chosen(paths=tuple(sorted(present)), index=index, weight_map=weight_map)


def borne_out(chosen: Chosen, held: Mapping[str, str]) -> tuple[Disagreement, ...]:
    """Return in what the index and the files that were read disagree.

    Args:
        chosen: The files.
        held: Tensor to file, as the headers of those files have it.

    Raises:
        HostileCheckpointError: a file that the index names does not exist, and no other holds what
            it should.
    """
    if not chosen.index:
        return chosen.disagreements
    read = frozenset(chosen.paths)
    absent = [n for n, path in chosen.weight_map.items() if n not in held]
    lost = {p for p in chosen.weight_map.values() if p not in read}
    if lost and not chosen.stale:
        needing = lost - chosen.other_split
        needed = next((n for n in absent if chosen.weight_map[n] in needing), None)
        if needed is not None:
            refuse_missing(chosen.weight_map[needed], needed)
    moved = [n for n, path in chosen.weight_map.items() if held.get(n, path) != path]
    rest = sorted(name for name in held if name not in chosen.weight_map)
    kind = DisagreementCode
    others = lost if chosen.stale else lost - chosen.other_split
    told: list[tuple[DisagreementCode, Sequence[str]]] = [
        (kind.INDEX_STALE if chosen.stale else kind.SHARDS_NOT_THERE, sorted(others)),
        (kind.INDEX_OTHER_SPLIT, sorted(lost - others)),
        (kind.TENSORS_NOT_THERE, absent),
        (kind.TENSORS_ELSEWHERE, [] if lost else moved),
        (kind.TENSORS_NOT_LISTED, rest),
    ]
    found = [
        Disagreement(
            code=code, file=chosen.index, count=len(names), example=names[0],
            instead=chosen.paths[0],
        )
        for code, names in told if names
    ]  # fmt: skip
    return (*chosen.disagreements, *found)


def usual_set(sets: Sequence[FileSet], stem: str, usual: str) -> FileSet:
    """Return the one set of several that loaders take, where no index names it.

    Args:
        sets: Not empty.
        stem: Of the usual numbered set.
        usual: Name of the usual single file, for the message.

    Raises:
        UnreadableError: the usual set, or the only one, lacks shards.
        UnsupportedFormatError: several sets are there, and none is the usual one.
    """
    complete = [s for s in sets if s.is_complete]
    named = [s for s in complete if s.stem == stem]
    lacking = next((s for s in sets if not s.is_complete and s.stem == stem and not named), None)
    if lacking is not None or not complete:
        _refuse_incomplete(lacking or sets[0])
    shortest = min(complete, key=lambda s: (len(s.stem), s.stem))
    variants = all(s is shortest or s.stem.startswith(f"{shortest.stem}.") for s in complete)
    if len(named) != 1 and not variants:
        refuse_several(complete, usual)
    return named[0] if len(named) == 1 else shortest


def left_over(sets: Iterable[FileSet], chosen: FileSet) -> tuple[Disagreement, ...]:
    """Return what lies beside the set that was chosen without an index; a variant is no fault."""
    code = DisagreementCode
    return tuple(
        Disagreement(
            code=code.OTHER_SETS if s.is_complete else code.SET_INCOMPLETE,
            file=s.paths[0], count=len(s.paths), instead=chosen.paths[0],
        )
        for s in sets if s is not chosen and not s.stem.startswith(f"{chosen.stem}.")
    )  # fmt: skip


def refuse_missing(path: str, tensor: str = "") -> NoReturn:
    """Refuse a model that lacks a file its loaders need."""
    held = f" for tensor '{printable(tensor)}'" if tensor else ""
    raise HostileCheckpointError(
        f"The index names the shard '{printable(path)}'{held}, which does not exist.",
        cause="the upload is incomplete, or the index belongs to another model.",
        next_step="complete the shards, then check again.",
    )


def refuse_several(sets: Sequence[FileSet], usual: str) -> NoReturn:
    """Refuse a folder of several models, of which none is the one that loaders take."""
    named = ", ".join(f"'{printable(s.stem, limit=40)}'" for s in sets[:SETS_NAMED])
    raise UnsupportedFormatError(
        f"The model holds {len(sets)} sets of weights, and none is called '{usual}':"
        f" {named}{', …' if len(sets) > SETS_NAMED else ''}.",
        cause="several models or variants share one folder.",
        next_step="name the file to check instead of the folder.",
        format_name="several sets of weights side by side",
    )


def _refuse_incomplete(one: FileSet) -> NoReturn:
    raise UnreadableError(
        f"{len(one.paths)} of {one.total} shards are there, such as '{printable(one.paths[0])}',"
        " and they do not make one complete set.",
        cause="the download or upload stopped early, or one shard was named alone.",
        next_step="complete the shards, or name the folder that holds all of them.",
    )


def _weight_map(raw: bytes, index: str) -> dict[str, str]:
    """Return tensor to file as an index has it."""
    weight_map = load_object(raw, f"'{printable(index)}'").get("weight_map")
    if not isinstance(weight_map, dict) or not weight_map:
        refuse_mixed(f"'{printable(index)}' has no weight_map with entries: {shown(weight_map)}.")
    if len(weight_map) > MAX_TENSORS:
        refuse_mixed(f"The index lists {len(weight_map)} tensors, over the cap of {MAX_TENSORS}.")
    for name, path in weight_map.items():
        if not isinstance(path, str):
            refuse_mixed(
                f"The index maps tensor '{printable(name)}' to {shown(path)}, no file name."
            )
    return weight_map


def _require_inside(weight_map: Mapping[str, str], suffixes: Collection[str]) -> None:
    """Refuse an index that names what may lie outside the model; no complete set excuses it."""
    for path in dict.fromkeys(weight_map.values()):
        if not path.isprintable() or path.startswith("/") or _REACHES_OUT.search(path):
            endings = " or ".join(suffixes)
            raise HostileCheckpointError(
                f"The index names the shard '{printable(path)}', no plain {endings} file name.",
                cause=_OUTSIDE,
                next_step=_AGAIN,
            )


def require_plain_name(path: str, whose: str, suffixes: Collection[str]) -> None:
    """Refuse a name that is anything but that of a file of this format at top level."""
    plain = path.isprintable() and not any(c in path for c in '/\\:"<>|?*')
    if not plain or path.startswith(".") or not path.endswith(tuple(suffixes)):
        endings = " or ".join(suffixes)
        refuse_mixed(f"{whose} '{printable(path)}', no plain {endings} file name.")


def refuse_mixed(what: str) -> NoReturn:
    """Raise the refusal of a model whose files contradict each other."""
    raise HostileCheckpointError(what, cause=_MIXED, next_step=_AGAIN)
