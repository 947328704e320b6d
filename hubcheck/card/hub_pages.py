"""Where on the Hub can a reader see what a report names, at the commit that was read?

A page's address holds nothing but letters that mean themselves there: what is named otherwise, lies
in a folder of this machine, or was read from another Hub than the public one has no link.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hubcheck.card.document import Identifier, Line, Trusted, Untrusted

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

HUB: Final = "https://huggingface.co"
_REPOSITORY: Final = re.compile(
    r"([A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(:\S*)?", re.ASCII
)
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_PATH: Final = re.compile(r"(?:[A-Za-z0-9_][\w.+-]*/){0,8}[A-Za-z0-9_][\w.+-]*", re.ASCII)
_PLACE: Final = re.compile(r"(\S+\.(?:md|json|ya?ml))(?: (\S.{0,40}))?", re.ASCII)
"""How a reason begins that names a document of the subject: 'README.md line 4'."""


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


def reason(text: str, report: Report, *, limit: int) -> Line:
    """Return why a base was tested, as a link where that is a document of the subject."""
    named = _PLACE.fullmatch(text)
    if named is None:
        return (Untrusted(text, limit=limit),)
    subject = report.subject
    shown = Identifier(named[1], limit=limit)
    linked = file(shown, report, subject.ref, subject.revision, named[1])
    if not linked.address:
        return (Untrusted(text, limit=limit),)
    return (linked, Trusted(" "), Untrusted(named[2], limit=limit)) if named[2] else (linked,)


def _repository(report: Report, ref: str, revision: str) -> tuple[str, bool] | None:
    """Return the name of a repository on the public Hub, and whether a place in it is meant."""
    named = _REPOSITORY.fullmatch(ref)
    if named is None or not report.public_hub or not _COMMIT.fullmatch(revision):
        return None
    return named[1], named[2] is not None
