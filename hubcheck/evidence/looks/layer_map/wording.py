"""What is worth saying of a layer map?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hubcheck.evidence.looks.layer_map.interface import LayerMap, LayerOrigin
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, phrase


def said_of_map(found: LayerMap) -> Clauses:
    """Return what is worth saying of one map; nothing where layer i comes from layer i."""
    known = [o for o in found.origins if o.base_layer >= 0]
    if not known:
        return (phrase(PhraseCode.NO_LAYER_FOUND),)
    said: list[Phrase] = []
    absent = [o.layer for o in found.origins if o.base_layer < 0]
    straight = all(o.base_layer == o.layer for o in known)
    if straight and not absent and len(found.origins) == found.base_layers:
        return _content(known)
    order = tuple(o.base_layer for o in known)
    if found.dropped:
        said.append(_layers(PhraseCode.LAYERS_DROPPED, found.dropped))
    repeated = tuple(sorted({p for p in order if order.count(p) > 1}))
    if repeated:
        said.append(phrase(PhraseCode.LAYERS_REPEATED, layers=repeated, order=order))
    elif list(order) != sorted(order):
        said.append(phrase(PhraseCode.LAYERS_REORDERED, order=order))
    if absent:
        said.append(_layers(PhraseCode.LAYERS_FOREIGN, absent))
    said += [_layers(PhraseCode.LAYERS_TWICE_IN_BASE, group) for group in found.shared]
    return (*said, *_content(known))


def _content(known: Sequence[LayerOrigin]) -> Clauses:
    """Return a warning where the order agrees and the content is too weak."""
    hollow = [o.layer for o in known if not o.stands]
    return (_layers(PhraseCode.LAYERS_HOLLOW, hollow),) if hollow else ()


def _layers(code: PhraseCode, layers: Iterable[int]) -> Phrase:
    return phrase(code, layers=tuple(sorted(layers)))
