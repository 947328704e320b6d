"""Which GGUF files of a repository are of one quantisation, and how is each quantisation named?

By names alone: ``Llama-3-8B-Q4_K_M.gguf``, ``Q8_0/model-Q8_0-00001-of-00003.gguf``. What ends the
name, after the last separator before it, is the tag.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from hubcheck.frozen import frozen

SUFFIX: Final = ".gguf"
MOST: Final = 10_000
"""Names looked at; the largest repositories of quantisations hold some hundred files."""

_SPLIT: Final = re.compile(r"(?P<stem>.+)-[0-9]{5}-of-[0-9]{5}\.gguf", re.IGNORECASE)
_BESIDE: Final = re.compile(r"(?:.*[-_.])?(?:mmproj|imatrix)", re.IGNORECASE)
"""What lies beside a language model: a tower with its projector, an importance matrix."""
_TOWER: Final = re.compile(r"(?:.*[-_.])?mmproj", re.IGNORECASE)
_TAG: Final = re.compile(
    r"(?:(?P<name>.*?)[-_.])?(?P<tag>(?:UD-)?(?:I?Q[1-8](?:_[0-9A-Z]{1,4}){1,3}|TQ[12]_0|MXFP4(?:_MOE)?"
    r"|NVFP4|BF16|F16|F32|FP16|FP32))",
    re.IGNORECASE,
)
"""A quantisation by the names that llama.cpp gives its types."""


@frozen
class GgufSet:
    """The files of one quantisation of one model."""

    folder: str
    """``""`` for the top level."""
    model: str
    """The name before the quantisation, folded; ``""`` where there is none."""
    tag: str
    """The quantisation as the files spell it; ``""`` where their names do not end with one."""
    stem: str
    """The name without number and ending."""
    paths: tuple[str, ...]
    """Sorted."""


def gguf_sets_of(paths: Iterable[str]) -> tuple[GgufSet, ...]:
    """Return the sets of GGUF files in every folder, by folder and name; towers are left out."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in sorted(paths)[:MOST]:
        folder, _, name = path.rpartition("/")
        if not name.lower().endswith(SUFFIX) or _BESIDE.match(name):
            continue
        split = _SPLIT.fullmatch(name)
        found[folder, split["stem"] if split else name[: -len(SUFFIX)]].append(path)
    sets: list[GgufSet] = []
    for (folder, stem), some in found.items():
        tag = _TAG.fullmatch(stem)
        sets.append(
            GgufSet(
                folder=folder,
                model=(tag["name"] or "").casefold() if tag else stem.casefold(),
                tag=tag["tag"] if tag else "",
                stem=stem,
                paths=tuple(some),
            )
        )
    return tuple(sets)


def towers_beside(paths: Iterable[str], folder: str) -> tuple[str, ...]:
    """Return the files of towers that belong to the models of a folder, sorted; often none.

    They lie in the same folder, or at top level, where one serves every quantisation. Several
    differ in precision: which is read is decided where they are opened.
    """
    towers = sorted(
        path
        for path in paths
        if path.lower().endswith(SUFFIX) and _TOWER.match(path.rpartition("/")[2])
    )
    own = tuple(p for p in towers if p.rpartition("/")[0] == folder)
    return own or tuple(p for p in towers if "/" not in p)


def of_quantisation(paths: Iterable[str], tag: str) -> tuple[GgufSet, ...]:
    """Return the sets whose names end with a tag, whatever its capitals; all that do."""
    wanted = tag.casefold()
    return tuple(
        one
        for one in gguf_sets_of(paths)
        if (stem := one.stem.casefold()) == wanted
        or (stem.endswith(wanted) and stem[: -len(wanted)].endswith(("-", "_", ".")))
    )


def shown_names(one: GgufSet, towers: Iterable[str]) -> Mapping[str, str]:
    """Return the files of a set, and its towers', by the name without folder: name to path."""
    return {path.rpartition("/")[2]: path for path in (*towers, *one.paths)}
