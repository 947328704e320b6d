"""What does hubcheck write in pull requests and comments on the Hub?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import badge, heat_grid, markdown, matches, names, sentences
from hubcheck.card.compose import compose
from hubcheck.card.escaping import fence_for, markdown_text, yaml_value
from hubcheck.card.given import from_a_file
from hubcheck.card.names import is_commit, short
from hubcheck.report.standing import is_refuted
from hubcheck.report.words import DeclarationVerdict

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

COMMIT_TITLE: Final = "hubcheck: provenance section, badge and report"
"""A webhook that is called for a commit of this title has nothing to check."""
DISCUSSION_TITLE: Final = "hubcheck: provenance of the weights"
REPLACED: Final = "Replaced by a newer pull request, since this one no longer merges."
DONE: Final = "Closed: the model card already says this."
DOUBLE: Final = "Closed: another run opened a pull request for the same at the same moment."
CLOSINGS: Final = frozenset({REPLACED, DONE, DOUBLE})
"""What hubcheck says when it closes a pull request; any other closing was the owner's answer."""


def marker(repo_id: str) -> str:
    """Return the hidden first line by which an own text is found again."""
    return f"<!-- hubcheck:v1:{repo_id} -->"


def is_marked(text: str, repo_id: str) -> bool:
    """Return whether ``text`` begins with the marker."""
    return text.lstrip().startswith(marker(repo_id))


def comment_text(report: Report, repo_id: str, *, given: bool = False) -> str:
    """Return the whole card as a comment; of a report that was given as a file it says so."""
    document = from_a_file(compose(report)) if given else compose(report)
    return f"{marker(repo_id)}\n{markdown.render(document)}"


def pull_request_text(report: Report, repo_id: str) -> str:
    """Return the description of a pull request: what it changes, what it leaves to the owner."""
    title = markdown.inline(sentences.title(report))
    lead = markdown.inline(sentences.lead(report))
    revision = report.subject.revision
    at = f" at commit `{short(revision)}`" if is_commit(revision) else ""
    picture = ", a picture of what changed in which layer" if heat_grid.mapped(report) else ""
    change = (
        f"This adds a provenance section to the model card{at}, a badge "
        f"({_words(report)}){picture} and the report behind it. Only the text between the two "
        "markers in README.md and the files in `provenance/` change; the markers may be moved. A "
        "later push updates this pull request instead of opening another; closing it ends that."
    )
    said = f"{title} ({report.verdict.value}). {lead}"
    parts = [marker(repo_id), said, change, proposal(report)]
    return "\n\n".join(part for part in parts if part)


def proposal(report: Report) -> str:
    """Return the line of the card that the finding suggests, ``""`` when it suggests none.

    It is only ever proposed: what a card declares is its owner's word.
    """
    if report.verdict not in {DeclarationVerdict.UNDECLARED, DeclarationVerdict.CONTRADICTED}:
        return ""
    begin = "`base_model` is left as it is, for it is the owner's word."
    refuted = [f for f in matches.declared(report) if is_refuted(f)]
    bases = [names.declared_as(f.base) for f in matches.declared(report) if f not in refuted]
    found = matches.main_match(report)
    if found is not None and not found.base.belongs:
        bases.append(names.declared_as(found.base))
    if not bases:
        return f"{begin} If the finding is right, the declared base should be corrected."
    values = [yaml_value(base) for base in bases]
    lines = (
        (f"base_model: {values[0]}",)
        if len(values) == 1
        else ("base_model:", *(f"- {value}" for value in values))
    )
    fence = fence_for(lines)
    block = "\n".join((f"{fence}yaml", *lines, fence))
    return f"{begin} If the finding is right, this is what the card would say:\n\n{block}"


def _words(report: Report) -> str:
    return markdown_text(badge.description(report), limit=badge.DESCRIPTION_LIMIT)
