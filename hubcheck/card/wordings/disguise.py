"""What was done to hide a copy?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording
from hubcheck.report.phrases import PhraseCode as P


def _channels(given: Given) -> str:
    flipped = given.figure("flipped")
    with_sign = f", {flipped:.0%} of them with the sign flipped" if flipped else ""
    return f"residual channels relabelled{with_sign}"


def _layers(given: Given) -> str:
    pairs = zip(given.counts("base"), given.counts("subject"), strict=True)
    return "layers moved: " + ", ".join(f"base layer {i} is layer {j}" for i, j in pairs)


WORDS: Final[Mapping[P, Wording]] = {
    P.NEURONS_SPLIT: (
        "neurons split: {twins:,} of {units:,} sampled gate rows stand there more than once"
    ),
    P.NEURONS_MOVED: (
        "MLP neurons relabelled: {stay:,} of {matched:,} matched neurons stand where they stood"
    ),
    P.SIGNS_FLIPPED: "signs of up and down flipped in {flipped:,} of {matched:,} matched neurons",
    P.UP_RESCALED: (
        "up rescaled against down neuron by neuron, by a factor of about {factor:.2f} or 1/it"
    ),
    P.NORMS_FOLDED: "norm gains folded into the weights behind them",
    P.STREAM_RESIZED: "residual stream of {base:,} channels turned into {subject:,}",
    P.STREAM_ROTATED: "residual stream rotated: no channel is recognised in any one channel",
    P.CHANNELS_MOVED: _channels,
    P.LAYERS_SWAPPED: _layers,
    P.STREAM_CHANGED: "residual stream rotated, relabelled or rescaled",
    P.VOCABULARY_REPLACED: "vocabulary replaced",
}
