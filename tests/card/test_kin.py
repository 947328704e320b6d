"""Does the first screen say what an accusation beyond kinship rests on?"""

from __future__ import annotations

import pytest

from hubcheck.card import kin
from hubcheck.card.document import Identifier, Trusted
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.report.words import DeclarationVerdict
from tests.card.reports import matching, report


def line(note: Phrase | None, explained_by: str | None = None) -> str:
    """Return what is said of a match with this note."""
    match = matching(
        declared=False, notes=() if note is None else (note,), explained_by=explained_by
    )
    said = kin.beyond_kinship(report(DeclarationVerdict.UNDECLARED, match))
    return "".join(s.text for s in said if isinstance(s, Trusted | Identifier))


TABLE = phrase(PhraseCode.HELD_CHANGE, share=1.02, families=204, bound=0.0097)
BITS = phrase(PhraseCode.HELD_BIT_FOR_BIT, equal=12, matrices=21)


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (TABLE, "is calibrated on 204 families of small models (bound 0.0097)"),
        (BITS, "rests on rows that are equal bit for bit"),
        (phrase(PhraseCode.HELD_CHANGE, families="many"), "is calibrated on small models"),
    ],
)
def test_what_it_rests_on_is_said(note: Phrase, said: str) -> None:
    """The match has an exact bound; that it is more than kinship has another."""
    assert f"own change is held {said}" in line(note)


def test_nothing_is_said_of_other_matches() -> None:
    """An explained match, and one without kin, rest on what the card says anyhow."""
    assert line(None) == ""
    assert line(TABLE, "org/declared") == ""
