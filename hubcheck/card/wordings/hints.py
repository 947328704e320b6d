"""Why was a base tested, and where in a model's files is it named?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording, joined
from hubcheck.report.phrases import PhraseCode as P

HEADERS: Final = {"gguf": "GGUF header", "weights": "weights metadata"}
"""Where keys stand that are written into weight files, by format."""
SIGNALS: Final = {
    "declared": "declared",
    "same-weights": "same weight file",
    "leaked": "leaked",
    "same-tokenizer": "same tokenizer file",
    "same-shapes": "same shapes",
    "near-shapes": "near shapes",
    "same-size": "same parameter count",
    "ancestor": "ancestor of a declared base",
    "search": "search",
}
"""Sorts of hints, by the codes of ``candidates.candidate.Signal``; a test holds them to it."""


def _earlier(given: Given) -> str:
    return f"{given.said('where')} of the earlier commit {given.text('commit')[:7]}"


def _search(given: Given) -> str:
    architecture = given.text("architecture") or "any architecture"
    least, most = given.count("least"), given.count("most")
    return f"search: {architecture}, {least:,} to {most:,} parameters"


def _near(given: Given) -> str:
    known = f"near shapes: {given.count('sizes')} sizes in config.json"
    return f"{known}, {joined(given.names('differing'))} differ"


def _ancestor(given: Given) -> str:
    child = given.text("child")
    return "ancestor of a declared base: declared" + (f" by {child}" if child else "")


WORDS: Final[Mapping[P, Wording]] = {
    P.PLACE_FILE: "{path}",
    P.PLACE_LINE: "{path} line {line}",
    P.PLACE_KEY: "{path} {key}",
    P.PLACE_MENTION: "{path} line {line} ({how})",
    P.PLACE_HEADER: lambda given: f"{HEADERS[given.text('format')]} {given.text('key')}",
    P.PLACE_EARLIER: _earlier,
    P.PLACES: lambda given: ", ".join(given.each("where")),
    P.HINT_OPTION: "{option}",
    P.HINT_SAME_WEIGHTS: "same weight file: {path} by digest",
    P.HINT_SAME_TOKENIZER: "same tokenizer file: {path} by digest",
    P.HINT_SAME_SHAPES: "same shapes: {sizes} sizes in config.json",
    P.HINT_NEAR_SHAPES: _near,
    P.HINT_SAME_SIZE: "same parameter count: {parameters:,}",
    P.HINT_ANCESTOR: _ancestor,
    P.HINT_SEARCH: _search,
    P.HINT_CATALOGUE: "catalogue: z {z:.1f} among {models:,} models",
}
