"""What is wrong with what a model's documents declare?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording
from hubcheck.report.phrases import PhraseCode as P

KINDS: Final = {
    "null": "null",
    "truth-value": "a truth value",
    "number": "a number",
    "text": "a text",
    "list": "a list",
    "mapping": "a mapping",
}
"""Sorts of JSON and YAML values."""
DOCUMENTS: Final = {
    "too-large": "{path} has {size} bytes, more than the {limit} that are read",
    "unreadable": "{path} cannot be read: {detail}",
    "many-values": "{path} holds about {size} values, more than the {limit} that are read",
    "not-json": "{path} is not JSON: {detail}",
    "nested": "{path} is nested too deeply",
    "not-utf-8": "{path} is not UTF-8 (byte {at})",
    "not-closed": "{path} line {line}: the front matter has no closing ---",
    "no-vocabulary": "{path} has no {key}",
    "not-tokens": "{path} is not an object from token to id",
    "not-tiktoken": "{path} line {line} is not a base64 token and its rank",
    "no-size": "{path} states no usable vocabulary size",
    "no-bytes": "{path} entry {at} has no token_bytes",
    "not-sentencepiece": "{path} is not a sentencepiece model (piece {at})",
    "many-tokens": "{path} holds more than the {limit} tokens that are read",
    "no-tokens": "{path} holds no tokens",
    "token-type": "{path} holds a token that is not a string",
    "id-type": "{path} holds an id that is not an integer",
    "id-range": "{path} holds an id outside 0 to {limit}",
}
"""By the codes of ``candidates.documents.Problem``, which a test holds these words to."""
NAMES: Final = {
    "too-long": "'{text}' is too long for a repository name",
    "path": "'{text}' is a path, which is not followed from a repository",
    "address": "'{text}' is not an address of a model on the Hub",
    "name": "'{text}' is not a repository name",
    "inside": "'{text}' names no path in a repository",
    "revision": "'{text}' names no usable revision",
}
"""What of a text is no repository's name."""


def _document(given: Given) -> str:
    path, problem = given.text("path"), given.text("problem")
    if problem == "not-object":
        return f"{path} holds {KINDS[given.text('kind')]}, not an object"
    if problem == "not-yaml":
        line = f"line {given.count('line')}: " if given.has("line") else ""
        detail = given.text("detail")
        return f"{path}: {line}the front matter is not YAML that is read here ({detail})"
    return DOCUMENTS[problem].format_map(given.params)


def _relation_word(given: Given) -> str:
    kind = given.text("kind")
    value = f"'{given.text('value')}'" if kind == "text" else KINDS[kind]
    known = ", ".join(given.names("known"))
    return f"{given.where('where')}: base_model_relation is {value}, none of {known}"


def _unusable(given: Given) -> str:
    key = f"{given.text('key')} " if given.text("key") else ""
    return f"{given.where('where')}: {key}{given.said('why')}"


def _no_name(given: Given) -> str:
    value = f" {given.text('value')}" if given.text("value") else ""
    said = f"{given.where('where')}: {given.text('key')}{value} is {KINDS[given.text('kind')]}"
    return f"{said}, not a repository name"


def _at(template: str) -> Callable[[Given], str]:
    """Return a wording in whose template the places stand as words."""

    def made(given: Given) -> str:
        places = {name: given.where(name) for name in ("where", "there") if given.has(name)}
        return template.format_map({**given.params, **places})

    return made


WORDS: Final[Mapping[P, Wording]] = {
    P.DECLARES_ITSELF: _at("{where}: names the model itself"),
    P.DECLARES_REVISIONS: _at(
        "{where}: names revision {revision} of {base}, {there} names {other}"
    ),
    P.DECLARES_MANY: "{more} more bases are declared than the {taken} taken",
    P.DOCUMENT: _document,
    P.NO_REPOSITORY: lambda given: NAMES[given.text("problem")].format_map(given.params),
    P.DOCUMENT_UNUSABLE: lambda given: given.said("why"),
    P.KEY_TWICE: _at("{where}: {key} is written twice, the last one is used"),
    P.KEY_CUT: _at("{where}: only the first {taken} values of {key} are read"),
    P.KEY_UNUSABLE: _unusable,
    P.KEY_LOCAL: _at("{where}: {key} '{value}' looks like a local folder, which is not followed"),
    P.KEY_NO_TEXT: _at("{where}: {key} is not a text"),
    P.NO_NAME: _no_name,
    P.RELATION_WORD: _relation_word,
}
