"""Where in a repository do its weights lie: at top level, in a folder, in a folder a component?

What loaders follow, in this order: ``model_index.json`` names the components of a diffusers
pipeline, ``modules.json`` those of a sentence-transformers model; weights at top level; without
either, folders with the names that these two use; GGUF files in folders. File names and these two
lists decide, no weight file is opened. Everything here is hostile: a component has to be a plain
name of a folder that is listed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from enum import StrEnum
from typing import Final

from hubcheck.checkpoint.strict_json import MAX_JSON_VALUES
from hubcheck.checkpoint.variants import variants_in
from hubcheck.errors import UnreadableError, printable
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, PhraseCode, phrase
from hubcheck.source.gguf_tags import GgufSet, gguf_sets_of, shown_names, towers_beside
from hubcheck.source.inside import references
from hubcheck.source.interface import Source
from hubcheck.source.json_size import values_at_most
from hubcheck.source.weight_files import holds_weights, weight_folders

PIPELINE_INDEX: Final = "model_index.json"
MODULES_INDEX: Final = "modules.json"
INDEX_LIMIT: Final = 200_000
"""Bytes; published ones have a few hundred."""
MOST_COMPONENTS: Final = 16
"""The largest published pipelines have nine; more are left unread, with a note."""

_PLAIN: Final = re.compile(r"(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_DEPTH: Final = 3
"""Folders below each other in ``modules.json``."""
_NUMBERED: Final = re.compile(r"[0-9]{1,2}_[A-Za-z][A-Za-z0-9]{0,40}", re.ASCII)
"""How sentence-transformers names the folder of a module: ``0_Transformer``, ``2_Dense``."""
_USUAL: Final = re.compile(
    r"unet|transformer(?:_[23])?|vae|vqvae|text_encoder(?:_[2-4])?|image_encoder|prior|decoder|"
    r"controlnet|safety_checker|movq|connectors|vocoder"
)
"""Folders of a pipeline whose index is missing."""
_FEWEST: Final = 2
"""Usual folders that make a pipeline without an index: one may be anything."""
_TEXT_ENCODER: Final = re.compile(r"text_encoder(?P<number>_[2-4])?")


class LayoutKind(StrEnum):
    """How the weights of a repository are laid out."""

    PLAIN = "plain"
    """At top level, or nowhere that is understood."""
    QUANTISATION = "quantisation"
    """GGUF files in folders, of which one set is read."""
    MODULES = "modules"
    """A model in a folder or at top level, with further modules in folders of their own."""
    PIPELINE = "pipeline"
    """Several models, none of which is the body of the others."""


@frozen
class Component:
    """One component, and its files."""

    name: str
    """As the list names it: ``text_encoder``, ``2_Dense``. Safe to print."""
    shown: Mapping[str, str] = field(repr=False)
    """The files of its folder, variants left out: name in the folder to path."""


@frozen
class Layout:
    """Where the weights are."""

    kind: LayoutKind
    body: Mapping[str, str] | None = field(default=None, repr=False)
    """Files that are the model itself, by the name they are read under; None: all, as they lie."""
    components: tuple[Component, ...] = ()
    """What is read beside the body; a pipeline has no body."""
    title: str = ""
    """The class that a pipeline's index names; hostile text."""
    notes: Clauses = ()
    """What was chosen or left out."""


def layout_of(source: Source) -> Layout:
    """Return where the weights of a repository lie.

    Args:
        source: The repository. Charged for the list of components, as a document.

    Raises:
        HubcheckError: the source failed (network, access, read budget).
    """
    paths = [entry.path for entry in source.files()]
    sizes = {entry.path: entry.size for entry in source.files()}
    folders = {f for f in weight_folders(paths) if f}
    return (
        _pipeline(source, paths, folders)
        or _modules(source, paths, folders)
        or (None if _model_on_top(paths) else _without_index(source, paths, sizes, folders))
        or _plain(paths)
    )


def _pipeline(source: Source, paths: Sequence[str], folders: set[str]) -> Layout | None:
    """Return the components that ``model_index.json`` names and that hold weights."""
    index = _json(source, paths, PIPELINE_INDEX)
    if not isinstance(index, dict):
        return None
    named = [
        key
        for key, value in index.items()
        if _PLAIN.fullmatch(key) and not key.startswith("_") and _is_class(value)
    ]
    there = [name for name in named if name in folders]
    if not there:
        return None
    title = index.get("_class_name")
    return _of_components(
        LayoutKind.PIPELINE, paths, there, title=title if isinstance(title, str) else ""
    )


def _is_class(value: object) -> bool:
    """Return whether an entry names a library and a class; a component that is off has neither."""
    return isinstance(value, list) and len(value) == 2 and isinstance(value[1], str)  # noqa: PLR2004 - library and class


def _modules(source: Source, paths: Sequence[str], folders: set[str]) -> Layout | None:
    """Return the modules that ``modules.json`` names and that hold weights, the body first."""
    index = _json(source, paths, MODULES_INDEX)
    if not isinstance(index, list):
        return None
    named = [m["path"] for m in index if isinstance(m, dict) and isinstance(m.get("path"), str)]
    safe = [p for p in dict.fromkeys(named) if p == "" or _is_folder(p)]
    there = [p for p in safe if p in folders]
    if "" in safe and _model_on_top(paths):
        return _of_modules(paths, None, there) if there else None
    return _of_modules(paths, there[0], there[1:]) if there else None


def _is_folder(path: str) -> bool:
    parts = path.split("/")
    return len(parts) <= _DEPTH and all(_PLAIN.fullmatch(part) for part in parts)


def _without_index(
    source: Source, paths: Sequence[str], sizes: Mapping[str, int], folders: set[str]
) -> Layout | None:
    """Return what the names of folders alone say, where no model lies at top level."""
    numbered = sorted(
        (f for f in folders if _NUMBERED.fullmatch(f)), key=lambda f: (int(f.partition("_")[0]), f)
    )
    if numbered:
        return _of_modules(paths, numbered[0], numbered[1:])
    usual = sorted(f for f in folders if _USUAL.fullmatch(f))
    if len(usual) >= _FEWEST:
        return _of_components(LayoutKind.PIPELINE, paths, usual)
    return _quantisation(source, paths, sizes, folders)


def _quantisation(
    source: Source, paths: Sequence[str], sizes: Mapping[str, int], folders: set[str]
) -> Layout | None:
    """Return the GGUF set that lost least, where all sets are quantisations of one model."""
    sets = [one for one in gguf_sets_of(paths) if one.folder]
    others = [p for p in paths if holds_weights(p) and "/" in p and not p.lower().endswith(".gguf")]
    alike = len({one.model for one in sets}) == 1 and all(one.tag for one in sets)
    if not sets or others or {one.folder for one in sets} != folders:
        return None
    if len(sets) > 1 and not alike:
        return None

    def size(one: GgufSet) -> int:
        return sum(sizes[path] for path in one.paths)

    largest = max(sets, key=lambda one: (size(one), one.paths))
    body = dict(shown_names(largest, towers_beside(paths, largest.folder)))
    body |= {p: p for p in paths if "/" not in p and not holds_weights(p)}
    note = phrase(
        PhraseCode.LAYOUT_QUANTISATION,
        folder=printable(largest.folder, limit=60),
        sets=len(sets),
        refs=tuple(references(source.pin, paths)),
    )
    return Layout(kind=LayoutKind.QUANTISATION, body=body, notes=(note,))


def _plain(paths: Sequence[str]) -> Layout:
    """Return a model at top level, without the variants that loaders pass over."""
    hidden = variants_in(p for p in paths if "/" not in p)
    if not hidden:
        return Layout(kind=LayoutKind.PLAIN)
    return Layout(kind=LayoutKind.PLAIN, body={p: p for p in paths if p not in hidden})


def _of_modules(paths: Sequence[str], body: str | None, others: Sequence[str]) -> Layout:
    """Return a model of modules.

    Args:
        paths: Every file.
        body: Folder of the module that is the model; None: it lies at top level.
        others: Folders of the others.
    """
    made = _of_components(LayoutKind.MODULES, paths, others)
    shown = _plain(paths).body if body is None else _files_of(paths, body)
    return Layout(kind=made.kind, body=shown, components=made.components, notes=made.notes)


def _of_components(
    kind: LayoutKind, paths: Sequence[str], folders: Sequence[str], *, title: str = ""
) -> Layout:
    taken = folders[:MOST_COMPONENTS]
    left = len(folders) - len(taken)
    note = phrase(PhraseCode.LAYOUT_CUT, left=left, taken=MOST_COMPONENTS)
    components = []
    for folder in taken:
        shown = _files_of(paths, folder)
        encoder = _TEXT_ENCODER.fullmatch(folder)
        if encoder is not None:  # its vocabulary lies in a folder of its own
            tokenizer = _files_of(paths, f"tokenizer{encoder['number'] or ''}")
            shown = {**{n: p for n, p in tokenizer.items() if not holds_weights(p)}, **shown}
        components.append(Component(name=folder, shown=shown))
    return Layout(kind=kind, components=tuple(components), title=title, notes=(note,) * (left > 0))


def _files_of(paths: Iterable[str], folder: str) -> dict[str, str]:
    """Return the files of one folder by name, without those of folders below and variants."""
    prefix = f"{folder}/"
    names = (p.removeprefix(prefix) for p in paths if p.startswith(prefix))
    direct = [name for name in names if "/" not in name]
    hidden = variants_in(direct)
    return {name: prefix + name for name in direct if name not in hidden}


def _model_on_top(paths: Iterable[str]) -> bool:
    """Return whether a model lies at top level; a tower alone belongs to one in a folder."""
    top = [p for p in paths if "/" not in p and holds_weights(p)]
    gguf = [p for p in top if p.lower().endswith(".gguf")]
    return len(top) > len(gguf) or any(not one.folder for one in gguf_sets_of(gguf))


def _json(source: Source, paths: Sequence[str], name: str) -> object:
    """Return a small JSON file, None where there is none that can be used."""
    if name not in paths:
        return None
    try:
        text = source.read_document(name, limit=INDEX_LIMIT)
        if values_at_most(text) > MAX_JSON_VALUES:
            return None
        value: object = json.loads(text)
    except (ValueError, RecursionError, UnreadableError):
        return None
    return value
