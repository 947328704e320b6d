"""What did a search for bases meet, and which of several folders were read?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording, plural
from hubcheck.report.phrases import PhraseCode as P


def _quantisation(given: Given) -> str:
    said = f"The GGUF files in '{given.text('folder')}' were read"
    sets, refs = given.count("sets"), given.names("refs")
    if sets > 1:
        said += f", the largest of {sets} quantisations"
        either = " or ".join(filter(None, (", ".join(refs[:-1]), *refs[-1:])))
        said += f"; each is a model by itself: {either}" if refs else ""
    return f"{said}."


def _not_closely(given: Given) -> str:
    n = given.count("candidates")
    return f"{n:,} {plural(n, 'candidate')} not looked at closely"


WORDS: Final[Mapping[P, Wording]] = {
    P.FAILED: "{detail}",
    P.SUBJECT_FAILED: "{detail} Likely cause: {cause} Next: {next_step}",
    P.SEARCH_MISSING: "{model} is declared and does not exist",
    P.SEARCH_CUT: "declared ancestors: stopped after {models} models, {steps} steps up",
    P.SEARCH_CUT_BY: "declared ancestors: {detail}",
    P.SEARCH_NO_SIZE: "no search: the subject's parameter count is not known",
    P.SEARCH_NOT_CLOSELY: _not_closely,
    P.CATALOGUE_HEADERS: "the catalogue was not asked: a sketch reads weights, and depth headers "
    "reads none",
    P.CATALOGUE_NO_SKETCH: "the catalogue was not asked: no sketch is made of this architecture",
    P.CATALOGUE_UNREAD: "the catalogue was not asked, no sketch was made: {detail}",
    P.ASIDE_OTHER_SIZES: "other sizes, and nothing names it",
    P.ASIDE_YOUNGER: "first seen after the subject",
    P.ASIDE_GATED: "gated",
    P.ASIDE_MISSING: "not found, or private",
    P.LAYOUT_QUANTISATION: _quantisation,
    P.LAYOUT_CUT: "{left} components beyond the first {taken} were not read.",
    P.LAYOUT_TOWER: "The tower in '{path}' was left out: {detail}",
    P.LAYOUT_REFUSED: "The component '{component}' was not read: {detail}",
}
