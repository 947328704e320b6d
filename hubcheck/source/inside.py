"""How is a model read that is one folder, one file or one quantisation of a repository?

``org/name:unet`` is the folder ``unet`` by itself, ``org/name:x.fp16.safetensors`` that one file
with the card, config and tokenizer beside it, ``org/name:Q4_K_M`` the GGUF files whose names end so
in whatever folder they lie; a folder of that name wins. A folder without a card has that of the
nearest folder above it: the card at top level speaks for every folder.
"""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from hubcheck.errors import MissingModelError, UsageError, printable
from hubcheck.source.folder import BESIDE_A_FILE
from hubcheck.source.gguf_tags import gguf_sets_of, of_quantisation, shown_names, towers_beside
from hubcheck.source.interface import Pin, Source
from hubcheck.source.reference import is_path_inside
from hubcheck.source.selected import SelectedSource
from hubcheck.source.weight_files import weight_folders

NAMED: Final = 4
"""References of one message; a repository may hold a hundred quantisations."""
CARD: Final = "README.md"
_SPEAKS_FOR_ALL: Final = re.compile(
    r"README\.md|(?:LICEN[CS]E|NOTICE)[A-Z0-9._-]{0,40}", re.IGNORECASE
)
"""Files at top level that speak for the folders below: the card, the licence."""


def inside_source(source: Source, inside: str) -> SelectedSource:
    """Return a folder, a file or a quantisation of a repository as a model of its own.

    Args:
        source: The repository.
        inside: Path of the folder or file in it, or a quantisation, without a slash at either end.

    Raises:
        MissingModelError: the repository has nothing there.
        UsageError: several models of the repository have files of that quantisation.
    """
    pin = source.pin
    paths = [entry.path for entry in source.files()]
    shown = _folder(paths, inside) or _file(paths, inside) or _quantisation(pin, paths, inside)
    if not shown:
        raise _nothing_there(pin, paths, inside)
    return SelectedSource(source, shown, ref=f"{pin.ref}:{inside}")


def written(pin: Pin, inside: str) -> str:
    """Return how a user names a folder or file of a model, so that pasting it works.

    Empty where the grammar of references cannot spell it. A folder of this machine is a path.
    """
    if pin.revision == "local":
        return f"{pin.ref.rstrip('/')}/{inside}"
    ref, _, proposed = pin.ref.partition("@")
    repo, _, outer = ref.partition(":")
    path = f"{outer}/{inside}" if outer else inside
    asked = proposed or pin.asked
    return f"{repo}:{path}" + (f"@{asked}" if asked else "") if is_path_inside(path) else ""


def references(pin: Pin, paths: Iterable[str], *, most: int = NAMED) -> tuple[str, ...]:
    """Return references of models below the top level of a repository, at most ``most``.

    One a folder that holds weights; where all of them are GGUF, one a quantisation.
    """
    every = [*paths]
    folders = [f for f in weight_folders(every) if f]
    sets = [one for one in gguf_sets_of(every) if one.folder]
    if sets and {one.folder for one in sets} == set(folders):
        tags = Counter(one.tag.casefold() for one in sets)
        places = [
            one.tag if one.tag and tags[one.tag.casefold()] == 1 and pin.revision != "local"
            else one.folder
            for one in sets
        ]  # fmt: skip
    else:
        places = folders
    return offered(written(pin, place) for place in dict.fromkeys(places))[:most]


def offered(refs: Iterable[str]) -> tuple[str, ...]:
    """Return the references that are safe to paste into a shell; names come from strangers."""
    return tuple(one for one in dict.fromkeys(refs) if one and shlex.quote(one) == one)


def listed(refs: Sequence[str]) -> str:
    """Return references in words: ``a``, ``a or b``, ``a, b or c``."""
    return " or ".join(filter(None, (", ".join(refs[:-1]), *refs[-1:])))


def _folder(paths: Sequence[str], inside: str) -> dict[str, str]:
    """Return the files of a folder, and of those above it what speaks for it."""
    prefix = f"{inside}/"
    shown = {path.removeprefix(prefix): path for path in paths if path.startswith(prefix)}
    if not shown:
        return {}
    speaking = [p for p in paths if _SPEAKS_FOR_ALL.fullmatch(p.rpartition("/")[2])]
    by_folder = sorted(speaking, key=lambda p: -p.count("/"))  # the nearest folder first
    for path in by_folder:
        folder, _, name = path.rpartition("/")
        if not folder or inside.startswith(f"{folder}/"):
            shown.setdefault(name, path)
    return shown


def _file(paths: Sequence[str], inside: str) -> dict[str, str]:
    """Return one file and what lies beside it."""
    if inside not in paths:
        return {}
    folder, slash, name = inside.rpartition("/")
    shown = {n: folder + slash + n for n in (name, *BESIDE_A_FILE)}
    shown = {n: path for n, path in shown.items() if path in paths}
    if CARD not in shown and CARD in paths:
        shown[CARD] = CARD
    return shown


def _quantisation(pin: Pin, paths: Sequence[str], tag: str) -> Mapping[str, str]:
    """Return the GGUF files of one quantisation, with what lies at top level beside them."""
    sets = of_quantisation(paths, tag)
    if len(sets) > 1:
        names = offered(written(pin, one.paths[0]) for one in sets)[:NAMED]
        raise UsageError(
            f"'{printable(tag)}' is the end of {len(sets)} models' names in '{printable(pin)}'.",
            cause="the repository holds several models in that quantisation.",
            next_step=f"name one file: {listed(names)}." if names else "name one file.",
        )
    if not sets:
        return {}
    beside = {n: n for n in BESIDE_A_FILE if n in paths}
    speaking = {p: p for p in paths if _SPEAKS_FOR_ALL.fullmatch(p)}
    return {**beside, **speaking, **shown_names(sets[0], towers_beside(paths, sets[0].folder))}


def _nothing_there(pin: Pin, paths: Sequence[str], inside: str) -> MissingModelError:
    tags = dict.fromkeys(one.tag for one in gguf_sets_of(paths) if one.tag)
    there = offered([*references(pin, paths), *(written(pin, tag) for tag in tags)])[:NAMED]
    return MissingModelError(
        f"'{printable(pin)}' has neither a folder nor a file '{printable(inside)}', nor GGUF files"
        " of that quantisation.",
        cause="the path after the colon is misspelled, or of another revision.",
        next_step=f"name what is there, such as {listed(there)}."
        if there
        else "look at the repository's files; a path is written org/name:folder.",
    )
