"""What does a layer map say in words, for one base and for several parents?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log10

from hubcheck.evidence.looks.layer_map.interface import LayerMap, LayerOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerSource:
    """The parent and the layer of it that one subject layer comes from."""

    layer: int
    parent: str
    """Empty where no parent accounts for the layer."""
    base_layer: int
    log10_p: float
    """log10 of the bound, layers and parents tried paid for."""
    kept: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Parents:
    """The maps of several bases put together."""

    sources: tuple[LayerSource, ...]
    words: tuple[str, ...]

    @property
    def several(self) -> bool:
        """Whether layers come from more than one parent."""
        return len({s.parent for s in self.sources if s.parent}) > 1


def words_of_map(found: LayerMap) -> tuple[str, ...]:
    """Return what is worth saying of one map; nothing where layer i comes from layer i."""
    known = [o for o in found.origins if o.base_layer >= 0]
    if not known:
        return ("no layer of this base was found again",)
    words: list[str] = []
    absent = [o.layer for o in found.origins if o.base_layer < 0]
    straight = all(o.base_layer == o.layer for o in known)
    if straight and not absent and len(found.origins) == found.base_layers:
        return _content(known)
    if found.dropped:
        words.append(f"base {_layers(found.dropped)} dropped")
    repeated = _repeated(known)
    if repeated:
        words.append(f"{_layers(repeated)} duplicated: {_runs_in_words(known)}")
    elif not _ascending(known):
        words.append(f"layers reordered: {_runs_in_words(known)}")
    if absent:
        words.append(f"{_layers(absent)} of the subject from no layer of this base")
    words += [
        f"base {_layers(group)} are in one order: duplicated inside the base"
        for group in found.shared
    ]
    return (*words, *_content(known))


def words_of_parents(maps: Mapping[str, LayerMap]) -> Parents:
    """Put the maps of several bases together: which parent each layer comes from.

    A layer goes to the parent with the surest bound, of equally sure ones (relatives) to the one of
    which most is kept. The parents tried are paid for.

    Args:
        maps: By the name of the base; all of one subject.
    """
    n_layers = max((len(m.origins) for m in maps.values()), default=0)
    sources = tuple(_source(j, maps) for j in range(n_layers))
    words = []
    runs = _source_runs(sources)
    if len({parent for _, _, parent in runs if parent}) > 1:
        words.append(
            "layers " + ", ".join(
                f"{_span(first, last)} {f'from {parent}' if parent else 'from none of them'}"
                for first, last, parent in runs
            )
        )  # fmt: skip
    for parent in dict.fromkeys(s.parent for s in sources if s.parent):
        own = [s for s in sources if s.parent == parent]
        places = [s.base_layer for s in own]
        if len(set(places)) < len(places):
            twice = sorted({p for p in places if places.count(p) > 1})
            words.append(f"{_layers(twice)} of {parent} used more than once")
        elif places != sorted(places):
            words.append(f"layers of {parent} reordered")
    return Parents(sources=sources, words=tuple(words))


def _source(layer: int, maps: Mapping[str, LayerMap]) -> LayerSource:
    offered = [
        (name, m.origins[layer])
        for name, m in maps.items()
        if layer < len(m.origins) and m.origins[layer].base_layer >= 0
    ]
    if not offered:
        return LayerSource(layer=layer, parent="", base_layer=-1, log10_p=0.0, kept=0.0)
    # A few hits more or less say nothing among sure ones; what is kept does.
    standing = [pair for pair in offered if pair[1].stands] or offered
    name, origin = max(standing, key=lambda pair: (pair[1].kept, -pair[1].log10_p))
    paid = min(0.0, origin.log10_p + log10(len(maps)))
    return LayerSource(
        layer=layer, parent=name, base_layer=origin.base_layer, log10_p=paid, kept=origin.kept
    )


def _content(known: Sequence[LayerOrigin]) -> tuple[str, ...]:
    """Return a warning where the order agrees and the content is too weak."""
    hollow = [o.layer for o in known if not o.stands]
    if not hollow:
        return ()
    return (f"{_layers(hollow)}: order agrees, content is too weak to tell",)


def _ascending(known: Sequence[LayerOrigin]) -> bool:
    places = [o.base_layer for o in known]
    return places == sorted(places)


def _repeated(known: Sequence[LayerOrigin]) -> tuple[int, ...]:
    """Return the base layers that several subject layers come from."""
    places = [o.base_layer for o in known]
    return tuple(sorted({p for p in places if places.count(p) > 1}))


def _runs_in_words(known: Sequence[LayerOrigin]) -> str:
    """Return 'base layers 0-2, 1-3' : the base layers in the subject's order, as runs."""
    runs: list[list[int]] = []
    for origin in known:
        if runs and runs[-1][1] + 1 == origin.base_layer:
            runs[-1][1] = origin.base_layer
        else:
            runs.append([origin.base_layer, origin.base_layer])
    return "base layers " + ", ".join(_span(first, last) for first, last in runs)


def _source_runs(sources: Sequence[LayerSource]) -> list[tuple[int, int, str]]:
    runs: list[tuple[int, int, str]] = []
    for s in sources:
        if runs and runs[-1][2] == s.parent:
            runs[-1] = (runs[-1][0], s.layer, s.parent)
        else:
            runs.append((s.layer, s.layer, s.parent))
    return runs


def _layers(layers: Iterable[int]) -> str:
    """Return 'layer 3', 'layers 3 and 7', 'layers 8-23'."""
    runs: list[list[int]] = []
    for layer in sorted(layers):
        if runs and runs[-1][1] + 1 == layer:
            runs[-1][1] = layer
        else:
            runs.append([layer, layer])
    spans = [_span(first, last) for first, last in runs]
    single = len(runs) == 1 and runs[0][0] == runs[0][1]
    listed = spans[0] if len(spans) == 1 else ", ".join(spans[:-1]) + " and " + spans[-1]
    return f"layer{'' if single else 's'} {listed}"


def _span(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first}-{last}" if last > first + 1 else f"{first}, {last}"
