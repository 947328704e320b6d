"""How does a phrase stand in a field of the report?

As an object with its code and parameters. A plain sentence is taken, too, and stands for itself
(``PhraseCode.TEXT``): reports of schema 1 hold such.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

from hubcheck.report.hints import hint_of
from hubcheck.report.phrases import Phrase, clauses, text


def _as_phrase(said: object) -> object:
    return text(said) if isinstance(said, str) else said


def _as_clauses(said: object) -> object:
    if isinstance(said, str | Phrase):
        return clauses(said)
    if isinstance(said, list | tuple):
        return tuple(_as_phrase(one) for one in said)
    return said


def _as_code(said: object) -> object:
    return said.replace(" ", "-") if isinstance(said, str) else said


def _as_hint(said: object) -> object:
    return hint_of(said) if isinstance(said, str) else said


CodeField: TypeAlias = Annotated[str, BeforeValidator(_as_code)]
"""A code that schema 1 writes as words."""
PhraseField: TypeAlias = Annotated[Phrase, BeforeValidator(_as_phrase)]
"""One phrase."""
ClausesField: TypeAlias = Annotated[tuple[Phrase, ...], BeforeValidator(_as_clauses)]
"""Phrases, in the order in which they are read."""
HintField: TypeAlias = Annotated[Phrase, BeforeValidator(_as_hint)]
"""Where something stands, or why a base was proposed; schema 2.0 has a text."""
