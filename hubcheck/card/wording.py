"""In which words is a phrase said? The only place where what was found becomes a sentence.

What comes back is raw text: names and errors in it may come from a model repository, and every
renderer escapes the whole (``card.document.Untrusted``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from hubcheck.card.wordings import (
    coverage,
    declaration,
    declared,
    direction,
    disguise,
    evidence,
    files,
    gates,
    hints,
    licences,
    looks,
    maps,
    reasons,
    relation,
    replays,
    searches,
    shapes,
    units,
    warnings,
)
from hubcheck.card.wordings.given import Given, Wording
from hubcheck.report.phrases import Phrase, PhraseCode

if TYPE_CHECKING:
    from hubcheck.report.schema import Power

SHORT: Final = 60
"""Characters up to which a sentence is shown whole in a table's cell."""

WORDS: Final[Mapping[PhraseCode, Wording]] = {
    PhraseCode.TEXT: "{text}",
    PhraseCode.UNKNOWN: lambda given: _as_it_stands("said by a newer version", given.params),
    PhraseCode.ABOUT: lambda given: f"{given.text('name')}: {given.said('what')}",
    **reasons.WORDS,
    **relation.WORDS,
    **maps.WORDS,
    **disguise.WORDS,
    **direction.WORDS,
    **evidence.WORDS,
    **coverage.WORDS,
    **looks.WORDS,
    **warnings.WORDS,
    **declaration.WORDS,
    **declared.WORDS,
    **files.WORDS,
    **shapes.WORDS,
    **units.WORDS,
    **gates.WORDS,
    **hints.WORDS,
    **licences.WORDS,
    **searches.WORDS,
    **replays.WORDS,
}


def words(phrase: Phrase) -> str:
    """Return a phrase in words; raw text.

    A report is a file that anyone can write: where parameters do not fit their code, both are shown
    as they stand.
    """
    wording = WORDS[phrase.code]
    try:
        if isinstance(wording, str):
            return wording.format_map(phrase.params)
        return wording(Given(phrase.params, sentence))
    except (LookupError, ValueError, TypeError, OverflowError, AttributeError):
        return _as_it_stands(phrase.code, phrase.params)


def sentence(said: Iterable[Phrase]) -> str:
    """Return several phrases as one sentence, without a full stop; raw text."""
    return "; ".join(filter(None, map(words, said)))


def brief(said: Iterable[Phrase]) -> str:
    """Return the same for a cell: of a long sentence what stands before its first colon."""
    whole = sentence(said)
    return whole if len(whole) <= SHORT else whole.partition(": ")[0]


def power_words(power: Power | None) -> str:
    """Return what a comparison that saw nothing would have shown of a copy; empty if not known."""
    if power is None or power.would_be_seen <= 0:
        return "" if power is None else sentence(power.stated)
    where = "in any layer" if power.searched else "in these layers"
    if power.other_shape:
        return (
            f"a copy cut to these sizes, its neurons sorted or not, of "
            f"similarity {power.would_be_seen:.2f} or more would have been seen in the layers read"
        )
    said = f"a copy of similarity {power.would_be_seen:.2f} or more {where} would have been seen"
    if power.copied_share > 0:
        said += f", and so would {power.copied_share:.0%} of the body's units copied exactly"
    if power.would_be_related > 0:
        least = f"{power.would_be_related:.2f}"
        said += f"; one of similarity {least} or more would have been called related"
    if power.rearranged > 0:
        return (
            f"{said}; one that was shuffled and rotated would have from {power.rearranged:.2f} on, "
            "had it kept its embeddings"
        )
    return f"{said}, assuming it was not shuffled and rotated"


def _as_it_stands(name: str, params: Mapping[str, object]) -> str:
    shown = ", ".join(f"{key}={value}" for key, value in params.items())
    return f"{name} ({shown})" if shown else name
