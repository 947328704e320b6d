"""Why was a base tested, and where does a file name it? Hints as phrases, older ones too.

Reports up to schema 2.0 hold hints as text. What such a text says is taken for its code where a
check wrote it in one form only; any other text stands as it is (``PhraseCode.TEXT``).
"""

from __future__ import annotations

import re
from typing import Final

from hubcheck.report.phrases import Phrase, PhraseCode, phrase, text

BASE: Final = phrase(PhraseCode.HINT_OPTION, option="--base")
SUSPECT: Final = phrase(PhraseCode.HINT_OPTION, option="--suspect")
BY_THE_USER: Final = frozenset({BASE, SUSPECT})
"""Hints that the subject's files cannot know."""

_OPTIONS: Final = {"--base": BASE, "--suspect": SUSPECT}
_LINE: Final = re.compile(r"(\S{1,200}) line ([0-9]{1,9})(?: \((link|code|text)\))?")
_KEY: Final = re.compile(r"(\S{1,100}\.(?:json|md)) (\S{1,200})")
_FILE: Final = re.compile(r"\S{1,100}\.(?:json|ya?ml)")


def at_file(path: str) -> Phrase:
    """Return the place that a file is."""
    return phrase(PhraseCode.PLACE_FILE, path=path)


def at_line(path: str, line: int) -> Phrase:
    """Return the place that a line of a file is."""
    return phrase(PhraseCode.PLACE_LINE, path=path, line=line)


def at_key(path: str, key: str) -> Phrase:
    """Return the place that a key of a file is."""
    return phrase(PhraseCode.PLACE_KEY, path=path, key=key)


def mentioned(path: str, line: int, how: str) -> Phrase:
    """Return the place at which a text names a model; ``how``: link, code or text."""
    return phrase(PhraseCode.PLACE_MENTION, path=path, line=line, how=how)


def hint_of(said: str) -> Phrase:
    """Return the hint that a text of an older report stands for."""
    if said in _OPTIONS:
        return _OPTIONS[said]
    if line := _LINE.fullmatch(said):
        path, number, how = line[1], int(line[2]), line[3]
        return mentioned(path, number, how) if how else at_line(path, number)
    if key := _KEY.fullmatch(said):
        return at_key(key[1], key[2])
    return at_file(said) if _FILE.fullmatch(said) else text(said)
