"""What is wrong with what a model's documents declare?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording
from hubcheck.report.phrases import PhraseCode as P


def _unusable(given: Given) -> str:
    key = f"{given.text('key')} " if given.text("key") else ""
    return f"{given.text('where')}: {key}{given.text('why')}"


def _no_name(given: Given) -> str:
    value = f" {given.text('value')}" if given.text("value") else ""
    said = f"{given.text('where')}: {given.text('key')}{value} is {given.text('kind')}"
    return f"{said}, not a repository name"


WORDS: Final[Mapping[P, Wording]] = {
    P.DECLARES_ITSELF: "{where}: names the model itself",
    P.DECLARES_REVISIONS: "{where}: names revision {revision} of {base}, {there} names {other}",
    P.DECLARES_MANY: "{more} more bases are declared than the {taken} taken",
    P.DOCUMENT_UNUSABLE: "{why}",
    P.KEY_TWICE: "{where}: {key} is written twice, the last one is used",
    P.KEY_CUT: "{where}: only the first {taken} values of {key} are read",
    P.KEY_UNUSABLE: _unusable,
    P.KEY_LOCAL: "{where}: {key} '{value}' looks like a local folder, which is not followed",
    P.KEY_NO_TEXT: "{where}: {key} is not a text",
    P.NO_NAME: _no_name,
    P.RELATION_WORD: lambda given: (
        f"{given.text('where')}: base_model_relation is {given.text('value')}, none of "
        f"{', '.join(given.names('known'))}"
    ),
}
