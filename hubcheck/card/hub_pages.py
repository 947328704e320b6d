"""Where on the Hub can a reader see what a report names, at the commit that was read?

A page's address holds nothing but letters that mean themselves there: what is named otherwise, lies
in a folder of this machine, or was read from another Hub than the public one has no link.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubcheck.card.document import Identifier, Line, Trusted, Untrusted
from hubcheck.card.wording import words
from hubcheck.report.phrases import Phrase, PhraseCode

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

HUB: Final = "https://huggingface.co"
_REPOSITORY: Final = re.compile(
    r"([A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(:\S*)?", re.ASCII
)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_PATH: Final = re.compile(r"(?:[A-Za-z0-9_][\w.+-]*/){0,8}[A-Za-z0-9_][\w.+-]*", re.ASCII)
_DOCUMENT: Final = re.compile(r"\S+\.(?:md|json|ya?ml)", re.ASCII)
"""Of the subject; a reason that names a line or a key of one leads to it."""
_IN_DOCUMENT: Final = frozenset(
    {
        PhraseCode.PLACE_FILE,
        PhraseCode.PLACE_LINE,
        PhraseCode.PLACE_KEY,
        PhraseCode.PLACE_MENTION,
    }
)


def model(shown: Identifier, report: Report, ref: str, revision: str) -> Identifier:
    """Return a model's name as a link to its files at the commit that was read."""
    found = _repository(report, ref, revision)
    return replace(shown, address=f"{HUB}/{found[0]}/tree/{revision}") if found else shown


def file(shown: Identifier, report: Report, ref: str, revision: str, path: str) -> Identifier:
    """Return a file's name as a link to its page at the commit that was read."""
    found = _repository(report, ref, revision)
    if found is None or found[1] or not _PATH.fullmatch(path):
        return shown
    return replace(shown, address=f"{HUB}/{found[0]}/blob/{revision}/{path}")


def reason(said: Phrase, report: Report, *, limit: int) -> Line:
    """Return why a base was tested, as a link where that is a document of the subject."""
    text, path = words(said), said.params.get("path")
    whole = (Untrusted(text, limit=limit),)
    if said.code not in _IN_DOCUMENT or not isinstance(path, str) or not text.startswith(path):
        return whole
    subject = report.subject
    shown = Identifier(path, limit=limit)
    linked = file(shown, report, subject.ref, subject.revision, path)
    if not _DOCUMENT.fullmatch(path) or not linked.address:
        return whole
    rest = text.removeprefix(path).strip()
    return (linked, Trusted(" "), Untrusted(rest, limit=limit)) if rest else (linked,)


def _repository(report: Report, ref: str, revision: str) -> tuple[str, bool] | None:
    """Return the name of a repository on the public Hub, and whether a place in it is meant."""
    named = _REPOSITORY.fullmatch(ref)
    if named is None or not report.public_hub or not _COMMIT.fullmatch(revision):
        return None
    return named[1], named[2] is not None
