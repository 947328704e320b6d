"""Where do layers come from, which units were kept, which expert is which?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording, few, joined, layers, plural, spans
from hubcheck.report.phrases import PhraseCode as P

MOST_NAMED: Final = 8
"""Experts named one by one."""
UNITS: Final = {"channels": "residual channels", "neurons": "neurons of an MLP"}


def _order(given: Given) -> str:
    """Return the base layers in the subject's order: 'base layers 0-2, 1-3'."""
    return f"base layers {', '.join(spans(given.counts('order')))}"


def _units(given: Given) -> str:
    base, subject = given.count("base"), given.count("subject")
    what = UNITS.get(given.text("axis"), given.text("axis"))
    order = given.text("order")
    if order == "unknown":
        return f"{subject} {what} instead of {base}; which come from the base could not be shown"
    how = "in their order" if order == "kept" else "sorted or shuffled anew"
    if base > subject:
        return f"{subject} of {base} {what} kept, {how}"
    return f"{subject} {what} where the base has {base}; the base's are among them, {how}"


def _experts(given: Given) -> str:
    n, m, found = given.count("subject"), given.count("base"), given.count("found")
    seen = f"neurons of {found} of {given.count('sampled')} sampled experts found again"
    if given.has("shuffled"):
        seen = "and the neurons inside shuffled; signs agree"
    match given.text("change"):
        case "same-order":
            return f"experts in their places ({seen})"
        case "reordered":
            return f"experts reordered ({seen})"
        case "dropped":
            return f"{n} of {m} experts kept, {_gone(given)} ({seen})"
        case "added":
            return f"{n} experts from {m} ({seen})"
        case "up-cycled":
            return f"{n} experts made from the dense MLP ({seen})"
        case "extracted":
            taken = given.counts("taken")
            named = few(taken, MOST_NAMED)
            return f"the dense MLP is made of {plural(len(taken), 'expert')} {named} ({seen})"
        case _ if found:
            return f"most experts are not this base's ({seen})"
        case _:
            return "no expert of this base was found again"


def _gone(given: Given) -> str:
    """Return 'without 2 and 5', or that it differs from layer to layer."""
    if not given.has("alike"):
        return "other ones in every layer"
    gone = given.counts("gone")
    if len(gone) > MOST_NAMED:
        return f"{len(gone)} dropped"
    return f"without {joined(map(str, gone))}"


WORDS: Final[Mapping[P, Wording]] = {
    P.NO_LAYER_FOUND: "no layer of this base was found again",
    P.LAYERS_DROPPED: lambda given: f"base {layers(given.counts('layers'))} dropped",
    P.LAYERS_REPEATED: lambda given: (
        f"{layers(given.counts('layers'))} duplicated: {_order(given)}"
    ),
    P.LAYERS_REORDERED: lambda given: f"layers reordered: {_order(given)}",
    P.LAYERS_OF_ANOTHER: lambda given: (
        f"of the layers compared {given.count('found')} hold the base's orders, "
        f"{layers(given.counts('layers'))} none of them"
    ),
    P.LAYERS_FOREIGN: lambda given: (
        f"{layers(given.counts('layers'))} of the subject from no layer of this base"
    ),
    P.LAYERS_TWICE_IN_BASE: lambda given: (
        f"base {layers(given.counts('layers'))} are in one order: duplicated inside the base"
    ),
    P.LAYERS_HOLLOW: lambda given: (
        f"{layers(given.counts('layers'))}: order agrees, content is too weak to tell"
    ),
    P.FOUND_BY_MAP: "found by the map of every layer",
    P.UNITS_KEPT: _units,
    P.EXPERTS_CHANGED: _experts,
}
