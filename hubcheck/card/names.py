"""How is a model named?

In a sentence by its name, in a table with its short commit; a folder by the end of its path. A
revision that was asked for is part of the name of a base wherever it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card.document import Identifier, Line, Trusted
from hubcheck.source.weight_files import weight_folders

if TYPE_CHECKING:
    from hubcheck.report.schema import BaseModelRef, Finding, Report

LOCAL: Final = "local"
"""The revision of a folder or file."""

FOLDERS_NAMED: Final = 2
"""Parts of a path in a sentence, as many as a name on the Hub has; the replay has the whole."""

SHORT_COMMIT: Final = 7
NAMES_IN_TITLE: Final = 3


def of_bases(findings: tuple[Finding, ...]) -> Line:
    """Return the bases of findings by their names, as many as a title has room for."""
    return listed(tuple(called(f.base) for f in findings))


def listed(texts: tuple[str, ...]) -> Line:
    """Return names behind each other, and how many more there are."""
    parts: list[Trusted | Identifier] = []
    for text in texts[:NAMES_IN_TITLE]:
        if parts:
            parts.append(Trusted(", "))
        parts.append(Identifier(text))
    more = len(texts) - NAMES_IN_TITLE
    if more > 0:
        parts.append(Trusted(f" and {more} more"))
    return tuple(parts) or (Trusted("none"),)


def pinned(ref: str, revision: str) -> Identifier:
    """Return a model with its short commit; a folder has none."""
    return Identifier(f"{ref}@{short(revision)}" if is_commit(revision) else name(ref, revision))


def pinned_base(base: BaseModelRef) -> Identifier:
    """Return a base with what was asked for and its short commit; a folder has neither."""
    shown = called(base)
    if not is_commit(base.revision):
        return Identifier(shown)
    commit = short(base.revision)
    if "@" not in shown:
        return Identifier(f"{shown}@{commit}")
    return Identifier(shown if shown.endswith(f"@{commit}") else f"{shown} ({commit})")


def called(base: BaseModelRef) -> str:
    """Return how a base is called in a sentence, the revision that was asked for included."""
    if base.revision == LOCAL:
        return name(base.ref, LOCAL)
    ref, at, inside = base.ref.partition("@")  # what is no commit of the repository has it already
    asked = inside if at else base.asked
    return f"{ref}@{short(asked)}" if asked else ref


def tested(report: Report, ref: str) -> str:
    """Return how the base of this name is called, and the name itself where none was tested."""
    found = next((f.base for f in report.findings if f.base.ref == ref), None)
    return ref if found is None else called(found)


def declared_as(base: BaseModelRef) -> str:
    """Return what a card says that names this base, whole."""
    return f"{base.ref}@{base.asked}" if base.asked and "@" not in base.ref else base.ref


def name(ref: str, revision: str) -> str:
    """Return how a model is called in a sentence: a folder by the end of its path."""
    parts = ref.replace("\\", "/").split("/")
    if revision != LOCAL or len(parts) <= FOLDERS_NAMED:
        return ref
    return "/".join(["…", *parts[-FOLDERS_NAMED:]])


def short(revision: str) -> str:
    """Return the short form of a commit; anything else as it is."""
    return revision[:SHORT_COMMIT] if is_commit(revision) else revision


def is_commit(revision: str) -> bool:
    """Return whether ``revision`` is a commit's hex digest."""
    return len(revision) > SHORT_COMMIT and set(revision) <= set("0123456789abcdef")


def folders_with_weights(report: Report) -> tuple[str, ...]:
    """Return the folders below the top level that hold weights, as far as the report names them."""
    return tuple(f for f in weight_folders(f.path for f in report.subject.files) if f)
