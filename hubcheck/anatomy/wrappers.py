"""Which pieces of a model's tensor names are wrappers, whatever they are called?

Training tools put modules around a model and parts of it: data parallelism, sharding, compilation,
checkpointed activations, policies with a value head. Each adds a word to the names, a new one with
every tool, so no list of them can be complete. They are known by what they do:

* an *infix* is a module that is everywhere the only child of its parent, stands in several places
  or around everything, and without it a name says where in a model it belongs;
* a *body prefix* stands before the numbered layers of the only stack that has a token embedding
  (``bert.encoder.``, ``policy.model.``), where no stack stands under a prefix that is known.

Two tensors that would get one name keep their own, both of them. Names are hostile: they are cut at
dots and compared, and very long or very many of them are left as they are.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from itertools import combinations
from typing import Final

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.names import (
    LAYER,
    LISTS,
    PREFIX,
    read_template,
    role_outside,
    split_indices,
)
from hubcheck.anatomy.splits import Split
from hubcheck.anatomy.stack_names import T5_PLACE
from hubcheck.anatomy.table import INSIDE, OUTSIDE

MAX_NAME: Final = 300
"""Characters; published names stay below 150."""
MAX_TEMPLATES: Final = 4096
"""Names that differ in more than their indices; published models have a few hundred."""
MAX_NESTED: Final = 4
"""Wrappers around wrappers in one name; sharded, compiled and checkpointed are three."""
STACKS: Final = frozenset(("encoder", "decoder"))
"""These say which stack of a model it is, even where they stand around everything."""
CALLED_HEAD: Final = re.compile(r"(?:\w*_head|head|score|classifier|embed_out)\.")
"""Words that mean a head in whatever module; ``output`` and ``decoder`` mean much else."""
MIN_PLACES: Final = 3
"""Names inside a layer that a stack needs to be one: fewer are a coincidence of words."""


def plain_names(names: Collection[str]) -> dict[str, str]:
    """Return the names without wrappers, by stored name; only of tensors whose name changes.

    Args:
        names: Of every tensor.
    """
    spelled = {name: split_indices(name) for name in names}
    templates = {template for template, _ in spelled.values()}
    if len(templates) > MAX_TEMPLATES or all(map(is_understood, templates)):
        return {}
    short = {n: t for n, (t, _) in spelled.items() if len(n) <= MAX_NAME}
    # Layers are told apart, since a wrapper may stand in some alone; experts are not.
    first = {(spelled[name][0], spelled[name][1][:1]) for name in short}
    places = {t.replace("#", str(i[0]), 1) if i else t for t, i in first}
    shorter = _without_infixes(short, _lone_modules(places))
    shorter = _without_prefix(shorter)
    found: dict[str, str] = {}
    for name, template in shorter.items():
        if template != short[name]:
            found[name] = _numbered(template, spelled[name][1])
    return _unique(found, names)


def _unique(found: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """Return the new names that no other tensor has, had or would get."""
    wanted = Counter(found.get(name, name) for name in names)
    return {n: plain for n, plain in found.items() if wanted[plain] == 1 and plain not in found}


def _numbered(template: str, indices: tuple[int, ...]) -> str:
    """Return a template with its indices put back."""
    parts = template.split("#")
    return "".join(p + str(i) for p, i in zip(parts, indices, strict=False)) + parts[-1]


# -- what a name must say to be understood ---------------------------------------------------------


@lru_cache(maxsize=8192)
def is_understood(template: str) -> bool:
    """Say whether a name says where in a model it belongs, wrappers not looked for."""
    read = read_template(template)
    if read.other is not None:
        return True
    if read.layer_at >= 0:
        return _has_place(read.path, inside=True)
    return _has_place(read.path, inside=False)


@lru_cache(maxsize=8192)
def _has_place(path: str, *, inside: bool) -> bool:
    """Say whether some rule knows a path, inside a layer or outside all layers.

    A rule that lists whatever stands beside a certain tensor knows no name.
    """
    if inside and T5_PLACE.fullmatch(path):  # rules know it under another name
        return True
    return any(
        r.roles
        and not (r.split is Split.LISTED and (r.beside or r.under))
        and r.path.fullmatch(path)
        for r in (INSIDE if inside else OUTSIDE)
    )


def _layered(template: str) -> tuple[str, str] | None:
    """Return what stands before the first list of layers, and the name from there on."""
    parts = template.split(".")
    for at in range(len(parts) - 2):
        if parts[at] in LISTS and parts[at + 1] == "#":
            return "".join(f"{p}." for p in parts[:at]), ".".join(parts[at:])
    return None


def _in_layer(rest: str) -> bool:
    """Say whether a name from its list of layers on is that of a place in a layer."""
    return LAYER.match(rest) is not None and is_understood(rest)


# -- infixes ---------------------------------------------------------------------------------------


def _without_infixes(templates: Mapping[str, str], lone: frozenset[str]) -> dict[str, str]:
    """Return the templates of all names, without infixes.

    Args:
        templates: Template by stored name.
        lone: The modules that may be one.
    """
    every = set(templates.values())
    chosen = {w for t in every if not is_understood(t) for w in _to_remove(t, lone)}
    # A word without which some name is no longer understood is a part of the model.
    chosen -= {
        word
        for t in every
        if _is_place(t)
        for word in chosen.intersection(t.split("."))
        if not _is_place(_removed(t, (word,)))
    }
    if not chosen:
        return dict(templates)
    shorter = {t: _removed(t, chosen) for t in every}
    return {name: shorter[template] for name, template in templates.items()}


def _is_place(template: str) -> bool:
    """Say whether a name is understood, or would be under a prefix that is known."""
    cut = _layered(template)
    return is_understood(template) or (cut is not None and _in_layer(cut[1]))


def _removed(template: str, words: Collection[str]) -> str:
    *modules, last = template.split(".")
    return ".".join([*(m for m in modules if m not in words), last])


def _lone_modules(names: Collection[str]) -> frozenset[str]:
    """Return the modules that are the only child of their parent wherever they occur.

    A module that numbers its children is a list of layers or experts, and no wrapper; one that
    stands in a single place inside a model may well be a part of it (``embeddings.token``).
    """
    children: dict[str, set[str]] = defaultdict(set)
    lists: set[str] = set()
    places: dict[str, set[str]] = defaultdict(set)
    for name in names:
        parts = name.split(".")
        before = ""
        for part, after in zip(parts, (*parts[1:], ""), strict=True):
            children[before].add(part)
            above, before = before, before + part + "."
            if after:
                places[part].add(above)
                if after == "#" or after.isdecimal():
                    lists.add(part)
    crowded = {child for some in children.values() if len(some) > 1 for child in some}
    around = {m for m, where in places.items() if len(where) > 1 or "" in where}
    numbers = {m for m in around if m == "#" or m.isdecimal()}
    return frozenset(around - lists - crowded - STACKS - numbers)


def _to_remove(template: str, lone: frozenset[str]) -> tuple[str, ...]:
    """Return the fewest lone modules without which a name is understood; none if that is no way.

    The words before the layers need not be understood: they may be the body's own prefix.
    """
    words = tuple(dict.fromkeys(m for m in template.split(".")[:-1] if m in lone))[:MAX_NESTED]
    for ways in _subsets(words):
        left = _removed(template, ways)
        if is_understood(left):
            return ways
    cut = _layered(template)
    if cut is None or _in_layer(cut[1]):
        return ()
    inner = cut[1].split(".")
    return next(
        (
            ways
            for ways in _subsets(tuple(w for w in words if w in inner))
            if _in_layer(_removed(cut[1], ways))
        ),
        (),
    )


def _subsets(words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the choices of words, small ones first; the empty one not."""
    for size in range(1, len(words) + 1):
        yield from combinations(words, size)


# -- the prefix of the body ------------------------------------------------------------------------


def _without_prefix(templates: Mapping[str, str]) -> dict[str, str]:
    """Return the templates of all names, without what stands before the body and before its head.

    A head may stand beside the module that holds the body, in one of its own (``heads.lm_head``).
    """
    every = set(templates.values())
    stacks = _stacks(every)
    if len(stacks) != 1 or max(stacks.values()) < MIN_PLACES:
        return dict(templates)
    prefix = _body_prefix(every, *stacks)
    shorter = {t: _stripped(t, prefix) if prefix else t for t in every}
    own = {t: _head(t) for t, left in shorter.items() if left == t and _layered(t) is None}
    there = Counter((*shorter.values(), *own.values()))
    shorter |= {t: head for t, head in own.items() if head and there[head] == 1}
    return {name: shorter[template] for name, template in templates.items()}


def _head(template: str) -> str:
    """Return a head's name without the modules around it, empty where it is none or has none."""
    if is_understood(template) or role_outside(template) is not None:
        return ""
    parts = template.split(".")
    for n in range(1, min(MAX_NESTED, len(parts) - 1)):
        rest = ".".join(parts[n:])
        if CALLED_HEAD.match(rest) and (_plays(rest, Role.LM_HEAD) or _plays(rest, Role.HEAD)):
            return rest
    return ""


def _stacks(templates: Collection[str]) -> Counter[str]:
    """Return how many names say their place in a layer, by what stands before the layers."""
    places: Counter[str] = Counter()
    for template in templates:
        cut = _layered(template) if role_outside(template) is None else None
        if cut is not None:  # a list that no rule knows is a stack all the same
            places[cut[0]] += _in_layer(cut[1])
    return places


def _body_prefix(templates: Collection[str], prefix: str) -> str:
    """Return the prefix of the only stack if it is unknown and has a token embedding, or nothing.

    Args:
        templates: Of every name.
        prefix: What stands before the layers.
    """
    if PREFIX.fullmatch(prefix):
        return ""
    shorter = (_stripped(t, prefix) for t in templates if _layered(t) is None)
    return prefix if any(map(_is_embedding, shorter)) else ""


def _is_embedding(template: str) -> bool:
    return _plays(template, Role.EMBED)


@lru_cache(maxsize=4096)
def _plays(template: str, role: Role) -> bool:
    """Say whether a rule gives a name outside all layers this role."""
    path = read_template(template).path
    return any(role in r.roles and r.path.fullmatch(path) for r in OUTSIDE)


def _ancestors(prefix: str) -> Iterator[str]:
    """Yield a prefix and what stands above it, longest first."""
    parts = prefix.split(".")[:-1]
    for n in range(len(parts), 0, -1):
        yield "".join(f"{p}." for p in parts[:n])


def _stripped(template: str, prefix: str) -> str:
    """Return a template without the body's prefix.

    In front of layers as little as possible goes, since a known inner prefix tells families apart;
    elsewhere as much as is needed for a rule to know the rest.
    """
    cut = _layered(template)
    if cut is not None and cut[0] == prefix:
        kept = prefix
        while kept and not PREFIX.fullmatch(kept):
            kept = kept.partition(".")[2]
        return kept + cut[1]
    if cut is not None or is_understood(template):
        return template
    for above in _ancestors(prefix):
        if template.startswith(above) and is_understood(template[len(above) :]):
            return template[len(above) :]
    return template
