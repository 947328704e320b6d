"""Which units is a line of evidence about, and what is to be known of it?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.adapters import adapter_named
from hubcheck.card.wordings.given import Given, Wording
from hubcheck.report.phrases import PhraseCode as P

PLACES: Final = {"dense": "MLPs", "expert": "experts", "shared": "shared experts"}
"""Kinds of MLP in the subject, where they are others than the base's."""


def _family(given: Given) -> str:
    label, kind = given.said("label"), given.params.get("place", "")
    if not kind:
        return label
    place = PLACES.get(str(kind), str(kind))
    if not given.has("found"):
        return f"{label} against the subject's {place}"
    member = given.count("member")
    number = f" {member}" if member >= 0 else ""
    return f"{label} in the subject's {place[:-1]}{number}"


def _place(given: Given) -> str:
    verb = "found in" if given.has("found") else "against"
    return f"{verb} the subject's {given.said('place')}"


def _signs(given: Given) -> str:
    what = "after the match was undone" if given.has("undone") else "of matched rows"
    return f"agreeing signs {what}; half by chance"


def _matrices(given: Given) -> str:
    if given.has("plain"):
        return "up and down"
    return "gate and up" if given.has("reading") else "gate, up and down"


def _calibrated(given: Given) -> str:
    score = given.figure("score")
    by = " by gate and up" if given.has("reading") else ""
    return (
        f"calibrated on {given.count('models')} small models; score of the pair{by} {score:.3f}, "
        f"greatest of {given.count('pairs'):,} independent pairs {given.figure('greatest'):.3f}; "
        f"{given.figure('outstanding'):.0%} stand out in one view; "
        f"against layer {given.count('layer')}"
    )


def _identity(given: Given) -> str:
    scope = "every value" if given.has("whole") else "in every range read"
    return (
        f"{scope}; {given.count('proven')} beyond chance, others hold too little to prove "
        "anything; a public part that both took is equal, too"
    )


def _files(given: Given) -> str:
    files = given.count("files")
    return f"{files} weight file{'' if files == 1 else 's'} by sha256"


def percent(part: int, whole: int) -> str:
    """Return a share; neither 0 nor 100 % unless it is exactly that."""
    if part in (0, whole):
        return "100 %" if part else "0 %"
    shown = min(max(100 * part / whole, 1e-4), 99.9999)
    return f"{shown:.4f} %"


def _bits(given: Given) -> str:
    values, equal = given.count("values"), given.count("equal")
    return (
        f"{values:,} values of {given.count('tensors')} tensors compared: "
        f"{percent(equal, values)} have equal bits"
    )


UNTOLD: Final = {
    "vector": "a vector",
    "high": "a high rank",
    "rounding": "within rounding",
    "packed": "the storage is packed",
    "elsewhere": "it changed outside the sample",
}
"""Why a rank is not told, by the codes of ``evidence.looks.whole.rank.Untold``."""


def _ranks(given: Given) -> str:
    found = []
    if given.count("low"):
        found.append(f"{given.count('low')} by rank {given.count('most')} or less")
    if given.count("high"):
        found.append(f"{given.count('high')} by a high rank")
    untold = zip(given.counts("untold"), given.names("why"), strict=True)
    found += [f"{n} by a rank not told ({UNTOLD.get(why, why)})" for n, why in untold]
    said = f"{given.count('moved')} of {given.count('matrices')} matrices changed"
    return said + (": " + ", ".join(found) if found else "")


def _axis(given: Given) -> str:
    said = f"certified axis of {given.text('known')}"
    return f"{said}, free in blocks; bound A(k)/k!" if given.has("blocks") else said


def _by_test(given: Given) -> str:
    layers = ", ".join(map(str, given.counts("layers")))
    return f"{given.text('test')} of layer {layers}" if layers else given.text("test")


WORDS: Final[Mapping[P, Wording]] = {
    P.FAMILY: _family,
    P.FAMILY_VIEW: lambda given: f"{given.said('label')}: {given.text('view')} alone",
    P.FAMILY_SIGNS: lambda given: f"signs of up rows, {given.said('label')}",
    P.FAMILY_MATCHED_SIGNS: "signs of up rows, matched neurons of layer {layer}",
    P.FAMILY_VALUE_SIGNS: "signs of V/O dimensions, matched again in layer {layer}",
    P.FAMILY_IDENTITY: "tensors equal bit for bit",
    P.FAMILY_ADAPTER: lambda given: (
        f"matrices equal to the base's with the update of {adapter_named(given)}"
    ),
    P.FAMILY_FILES: _files,
    P.FAMILY_ALL: "every tensor",
    P.FAMILY_WRITERS: "neurons of layer {layer}, through the writers of layer {frame}",
    P.FAMILY_MAPPED: "neurons of layer {layer} in the order found in layer {by}",
    P.FAMILY_DISGUISE: lambda given: (
        f"neurons of layer {given.count('layer')}, matched by {_matrices(given)} alone"
    ),
    P.FAMILY_LAYERS: "{subject} subject layers against {base} base layers",
    P.FAMILY_CHANNELS_KEPT: "residual channels: {subject} of {base}",
    P.FAMILY_NEURONS_KEPT: lambda given: (
        f"{given.said('label')}: {given.count('few')} of {given.count('many')}"
    ),
    P.FAMILY_UP_BY_GATE: lambda given: f"up rows matched by gate, {given.said('label')}",
    P.FAMILY_IN_EXPERTS: "neurons inside the experts of layer {layer}",
    P.FAMILY_BY_TEST: _by_test,
    P.FAMILY_ROUTER: "router rows of layer {layer}",
    P.NOTE_PLACE: _place,
    P.NOTE_MLPS: "found in {found} of {compared} MLPs compared",
    P.NOTE_SEPARATE: "{hits} hit in every view alone",
    P.NOTE_CEILING: "content does not stand above the relabelling ceiling",
    P.NOTE_AXIS: _axis,
    P.NOTE_FRAME: "{frame} frame would show {detectable:.2f}",
    P.NOTE_SIGNS: _signs,
    P.NOTE_VIEW: "a view of the family above, averaged into it",
    P.NOTE_IDENTITY: _identity,
    P.NOTE_ADAPTER: "some rows of each, up to rounding; matrices too little changed are left aside",
    P.NOTE_DIGESTS: "equal digests: the same bytes",
    P.NOTE_LAYER: "against layer {layer}",
    P.NOTE_SHARED_MAP: "one shuffle for all layers would show here",
    P.NOTE_CALIBRATED: _calibrated,
    P.NOTE_LAYERS_FOUND: "{found} of {layers} layers found; all pairs paid for",
    P.NOTE_INCREASING: "matches that run upwards; bound C(m,k)/k!",
    P.NOTE_COINS: lambda given: (
        "fair coins if unrelated"
        if given.has("ordered")
        else "no order of the neurons is needed; fair coins if unrelated"
    ),
    P.NOTE_CONTENT: "median cosine of matched neurons, and what matching strangers could reach",
    P.NOTE_EXPERTS: "{found} experts found again, {orders} orders of the base looked at",
    P.NOTE_ROUTER: "matched one to one; hits count those that kept their place",
    P.BITS_EQUAL: _bits,
    P.NOTHING_CHANGED: "nothing changed",
    P.CHANGED_BY_ROUNDING: "rounding to another dtype moved them by {relative:.4g} of the base",
    P.CHANGED: "the change is {relative:.4g} of the base, cosine {cosine:.6g}",
    P.RANKS: _ranks,
}
