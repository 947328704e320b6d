"""What does a repository show of what a licence asks?

What a clause ``says`` is a sentence of ``verdict/licences.toml``: the table's own paraphrase, data
that is added with a licence and without code, and quoted here as it stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording
from hubcheck.report.phrases import PhraseCode as P


def _flag(given: Given) -> str:
    said = f"{given.text('status')}: {given.said('seen')}"
    if not given.has("clause"):
        return said
    clause = f"{given.text('licence')} {given.text('clause')} says: {given.text('says')}"
    return f"{said}; {clause} (rests on {given.text('base')}, {given.said('basis')})"


def _no_phrase(given: Given) -> str:
    shown = " or ".join(f"'{one}'" for one in given.names("wanted"))
    return f"{shown} does not stand on the card; it may be displayed elsewhere"


def _several(given: Given) -> str:
    both = zip(given.names("places"), given.names("titles"), strict=True)
    stated = ", ".join(f"{place}: {title}" for place, title in both)
    return f"the model states more than one licence ({stated})"


WORDS: Final[Mapping[P, Wording]] = {
    P.BASIS_DECLARED: lambda given: (
        "declared, and found in the weights" if given.has("found") else "declared"
    ),
    P.BASIS_FOUND: "found in the weights",
    P.BASIS_ANCESTOR: "an ancestor that {base} leads to",
    P.BASIS_OWN: "its own files",
    P.LICENCE_FLAG: _flag,
    P.LICENCE_NO_PHRASE: _no_phrase,
    P.LICENCE_SEVERAL: _several,
    P.LICENCE_NO_LISTING: "the files were not listed",
    P.LICENCE_FILE_THERE: "a {file} file is there",
    P.LICENCE_FILE_MISSING: "no {file} file is there",
    P.LICENCE_TEXT_IN: "the text of the {title} stands in {path}",
    P.LICENCE_TEXT_ON_CARD: "the text of the {title} stands in the card",
    P.LICENCE_FILE_EMPTY: "the LICENSE file is empty or could not be read",
    P.LICENCE_FILE_STRANGE: "the text of the LICENSE file is not recognised as the {title}",
    P.LICENCE_FILE_OTHER: "the LICENSE file reads as {title}",
    P.LICENCE_NOTICE_UNKNOWN: "whether the original has a NOTICE file is not known",
    P.LICENCE_NO_NOTICE: "the original has no NOTICE file",
    P.LICENCE_BASE_NAMED: "the card names what the model was made from",
    P.LICENCE_BASE_NOT_NAMED: "the card does not name it",
    P.LICENCE_CHANGES_ELSEWHERE: "the card does not name it; a file may still state the changes",
    P.LICENCE_FOLDER: "a folder has no published name",
    P.LICENCE_NAME: "the name is '{name}'",
    P.LICENCE_NAME_WITHOUT: "the name '{name}' does not hold '{word}'",
    P.LICENCE_NAME_BEGINS: "the name '{name}' does not begin with '{word}'",
    P.LICENCE_CARD_UNREAD: "the card was not read",
    P.LICENCE_PHRASE: "the phrase stands on the card",
    P.LICENCE_POLICY_FILE: "a use policy file is there",
    P.LICENCE_POLICY_NAMED: "the card names the policy",
    P.LICENCE_NO_POLICY: "neither a file nor the card names the policy",
    P.LICENCE_BY_USER: "depends on who uses the model",
    P.LICENCE_STATED: "the model states {title}",
    P.LICENCE_STATED_FREER: "the model states {title}, which is not limited to such use",
    P.LICENCE_NONE_STATED: "the model states no licence",
    P.LICENCE_NOT_IN_TABLE: "the model's licence '{stated}' is not in the table: needs review",
    P.LICENCE_MADE_FROM_IT: "the model was made from it and is published",
    P.LICENCE_BASE_STRANGE: "{base}: its licence '{stated}' is not in the table: needs review",
    P.LICENCE_BASE_NONE: "{base}: it states no licence: needs review",
    P.LICENCE_BASE_TWO: "{base}: its tag states {tag}, its LICENSE file reads as {file}",
}
