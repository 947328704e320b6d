"""Which models does the zoo hold, and where does each come from?

What is found on the disk counts: a model that another command adds to the zoo takes part in the
benchmark without being named here. Its origin is read from the ``training.json`` or
``derived.json`` that the zoo writes beside it; no tool ever sees these two files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.lineage.relations import FOLDER

ORIGIN_FILES: Final = ("derived.json", "training.json")
FOLDERS: Final = ("", "relations", FOLDER)
"""Where models with a known origin lie: the zoo, fine-tunes for merges, what ``make`` adds."""
BORROWERS: Final[Mapping[str, str]] = {
    "framed": "base",
    "wears-norms": "base",
    "wears-embeddings": "base",
}
"""Model and the parent it is no derivative of: it only took something that looks alike."""
UNSHAPED: Final = ("torch_dtype", "dtype", "bos_token_id", "eos_token_id")
"""Entries of config.json that do not say what the model is built like."""
MERGED: Final = re.compile(r"merge|ties|dare|slerp|soup")
"""In the name or relation of a model with several parents: it holds weights of all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One model of the zoo."""

    name: str
    """Its folder, relative to the models."""
    meaning: str
    parents: tuple[str, ...]
    """Models whose weights it holds, the largest share first; none for one trained from scratch."""
    borrowed: tuple[str, ...]
    """Models that it resembles on purpose without holding the body of their weights."""
    initialisation: str
    """Equal for models trained from the same initial weights; empty for derivatives."""
    trained: bool
    """Made by training, not by changing weights directly."""
    kind: str
    """Kind of a judge or calibration model; empty for the others."""
    relation: str
    """What ``derived.json`` itself calls the relation to the first parent, where it does."""
    shares: Mapping[str, float]
    """Of a linear merge, by every model that is named to the tools, decoys included."""
    named: tuple[str, ...]
    """Models named to the tools when they are asked what a merge was made from."""
    material: bool
    """Only there for others to be made from: no pair asks about it."""


def catalogue(models: Path) -> dict[str, Member]:
    """Return the finished models by name; models of no use here, such as the judges, are not in."""
    return {name: one for folder in FOLDERS for name, one in inside(models, folder).items()}


def inside(models: Path, folder: str) -> dict[str, Member]:
    """Return the finished models of one folder of the zoo, by name.

    Args:
        models: The folder of the zoo.
        folder: A folder inside it, or the empty string for itself.
    """
    found = {}
    place = models / folder
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        facts = _origin(path)
        if facts is None or not (path / "config.json").exists():
            continue
        name = f"{folder}/{path.name}" if folder else path.name
        found[name] = _member(name, facts)
    return found


def _origin(path: Path) -> dict[str, Any] | None:
    for file in ORIGIN_FILES:
        if (path / file).is_file():
            facts: dict[str, Any] = json.loads((path / file).read_text(encoding="utf-8"))
            return facts
    return None


def _member(name: str, facts: Mapping[str, Any]) -> Member:
    parents = facts.get("parents")
    if parents is None:
        parents = [facts["start"]] if facts.get("start") else []
    borrowed = [p for p in parents if BORROWERS.get(name) == p]
    scratch = not parents
    shape = json.dumps(facts.get("shape", {}), sort_keys=True)
    return Member(
        name=name,
        meaning=str(facts.get("meaning", "")),
        parents=tuple(p for p in parents if p not in borrowed),
        borrowed=tuple(borrowed),
        initialisation=f"{facts['init_seed']} {shape}" if scratch else "",
        trained="steps" in facts,
        kind=str(facts.get("kind", "")),
        relation=str(facts.get("relation", "")),
        shares=dict(facts.get("shares") or {}),
        named=tuple(facts.get("named") or parents),
        material=bool(facts.get("material", name.startswith("relations/"))),
    )


def roots(name: str, members: Mapping[str, Member]) -> tuple[str, ...]:
    """Return the models trained from scratch that a model descends from, itself if it is one."""
    member = members.get(name)
    if member is None or not member.parents:
        return (name,)
    found = (root for parent in member.parents for root in roots(parent, members))
    return tuple(dict.fromkeys(found))


def is_merge(member: Member) -> bool:
    """Return whether a model mixes the weights of several parents."""
    return len(member.parents) > 1 and bool(MERGED.search(f"{member.name} {member.relation}"))


def same_configuration(*models: Path) -> bool:
    """Return whether models are built alike: equal config.json, storage and special ids aside."""
    built = []
    for model in models:
        said: dict[str, Any] = json.loads((model / "config.json").read_text(encoding="utf-8"))
        built.append({name: value for name, value in said.items() if name not in UNSHAPED})
    return all(one == built[0] for one in built)
