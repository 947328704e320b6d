"""Which parts does a card have, in which order?

The first screen says what was found, how sure that is and what to do; everything else is folded
below it, in the order in which a doubting reader asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import first_table, glossary, hub_pages, matches, names, numbers, sentences
from hubcheck.card.behaviour_section import behaviour_section
from hubcheck.card.candidates_section import candidates_section
from hubcheck.card.change_section import change_sections
from hubcheck.card.closing_sections import closing_sections
from hubcheck.card.context_section import architecture_section, context_section
from hubcheck.card.document import (
    Block,
    Document,
    Identifier,
    Line,
    Paragraph,
    Role,
    Table,
    Tone,
    Trusted,
)
from hubcheck.card.evidence_section import BASES_SHOWN, evidence_sections
from hubcheck.card.family_tree import family_section
from hubcheck.card.licence_section import licence_section
from hubcheck.card.linked import Links
from hubcheck.card.next_steps import next_steps
from hubcheck.card.order_section import order_section
from hubcheck.card.share_section import share_section
from hubcheck.card.unread_section import unread_line, unread_section
from hubcheck.report.words import DeclarationVerdict

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

TONES: Final = {
    DeclarationVerdict.CONFIRMED: Tone.GOOD,
    DeclarationVerdict.UNDECLARED: Tone.BAD,
    DeclarationVerdict.CONTRADICTED: Tone.BAD,
    DeclarationVerdict.NONE_FOUND: Tone.PLAIN,
    DeclarationVerdict.INCONCLUSIVE: Tone.MUTED,
}


def compose(report: Report) -> Document:
    """Return the card of a report: the same report always gives the same document."""
    links = Links()
    title = links.line(sentences.title(report))
    first: list[Block] = [Paragraph(content=sentences.lead(report), role=Role.LEAD)]
    if report.findings:
        first.append(bases(report))
    if len(report.findings) > BASES_SHOWN:
        first.append(Paragraph(content=(Trusted(_rest(report)),), role=Role.NOTE))
    first = links.blocks(first)
    beside = glossary.line(report, linked=links.so_far)
    blocks = [*first, *([Paragraph(content=beside, role=Role.NOTE)] if beside else [])]
    blocks += unread_line(report)
    blocks.append(next_steps(report))
    blocks.append(Paragraph(content=_footer(report), role=Role.FOOTER))
    # What it looks like, what it leaves open, how to check it, and only then how it was counted.
    blocks += order_section(report)
    blocks += share_section(report)
    blocks += change_sections(report)
    blocks += unread_section(report)
    blocks += closing_sections(report)
    blocks += evidence_sections(report)
    blocks += architecture_section(report)
    blocks += licence_section(report)
    blocks += family_section(report)
    blocks += candidates_section(report)
    blocks += context_section(report)
    blocks += behaviour_section(report)
    return Document(
        subject=names.pinned(report.subject.ref, report.subject.revision),
        title=title,
        verdict=report.verdict.value,
        tone=TONES[report.verdict],
        blocks=tuple(blocks),
    )


def bases(report: Report) -> Table:
    """Return the first table: one row per base."""
    rows = tuple(
        (
            (first_table.base_page(report, finding.base),),
            first_table.verdict_cell(report, finding),
            first_table.evidence_cell(finding),
            first_table.similarity_cell(finding),
            first_table.why_cell(report, finding),
        )
        for finding in matches.foremost(report, BASES_SHOWN)
    )
    # A phone shows some three columns of a comment: what was found stands in them.
    return Table(head=("base", "verdict", "evidence", "similarity", "why tested"), rows=rows)


def _rest(report: Report) -> str:
    """Return where the bases are that the table leaves out, and which of them are told in brief."""
    more = len(report.findings) - BASES_SHOWN
    brief = sum(not finding.in_full for finding in report.findings)
    said = f"{numbers.count(more)} more bases are in report.json"
    if not brief:
        return f"{said}."
    return f"{said}, {numbers.count(brief)} bases of all with their verdict and numbers alone."


def _footer(report: Report) -> Line:
    coverage = report.coverage
    total = numbers.byte_count(coverage.bytes_total)
    read = f"Read {numbers.byte_count(coverage.bytes_read)} of {total}"
    if coverage.bytes_read > coverage.bytes_total:  # the tests' samples, and then every tensor
        read = f"Read all of {total}, the sampled parts more than once,"
    text = Trusted(f"{read} in {numbers.duration(report.seconds)} - ")
    revision = report.subject.revision
    if names.is_commit(revision):
        commit = Identifier(names.short(revision))
        return (
            text,
            Trusted("commit "),
            hub_pages.model(commit, report, report.subject.ref, revision),
        )
    return (text, names.pinned(report.subject.ref, revision))
