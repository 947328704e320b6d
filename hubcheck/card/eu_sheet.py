"""Which facts of a report go into the EU's forms for general-purpose AI models? Never advice.

The Model Documentation Form of the Code of Practice and the template for the summary of training
content ask which models a model was made from. The Commission's guidelines of 18 July 2025 ask a
modifier for training compute: one third of the original's. Weights do not show compute; what they
show of the change stands beside the field that its maker fills in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import first_table, names, numbers
from hubcheck.card.document import (
    Block,
    Document,
    Heading,
    Identifier,
    Line,
    Paragraph,
    Role,
    Table,
    Tone,
    Trusted,
    Untrusted,
)
from hubcheck.report import standing

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, Report

LONG: Final = 200
OPEN: Final = "(yours to state; weights do not show it)"
UNKNOWN: Final = "unknown"
FILES_SHOWN: Final = 40
HEAD: Final = ("field", "what the report holds")
NOT_ADVICE: Final = (
    "Facts to copy, as far as they were tested; no legal advice, and no statement that a duty "
    "exists or does not."
)
THRESHOLD: Final = (
    "The guidelines' one third is of training compute: that of the modification against that of "
    "the original model. The share of values that differ is another quantity: a long training can "
    "leave it small and a short one can change every value. It does not show on which side of one "
    "third a modification lies."
)


def compose(report: Report, report_sha256: str) -> Document:
    """Return the sheet as a document."""
    related = [f for f in report.findings if _is_origin(f)]
    blocks: list[Block] = [
        Paragraph(content=(Trusted(NOT_ADVICE),), role=Role.LEAD),
        Heading(content=(Trusted("The model"),)),
        Table(head=HEAD, rows=_model(report, report_sha256)),
        Heading(content=(Trusted("What it was made from, as declared and as tested"),)),
        Table(head=HEAD, rows=_dependencies(report, related)),
    ]
    for finding in related:
        blocks += [
            Heading(
                content=(
                    Trusted("The modification of "),
                    Identifier(names.called(finding.base)),
                )
            ),
            Table(head=HEAD, rows=_modification(finding)),
        ]
    blocks.append(Paragraph(content=(Trusted(THRESHOLD),), role=Role.NOTE))
    return Document(
        subject=names.pinned(report.subject.ref, report.subject.revision),
        title=(Trusted("facts for the EU's forms for general-purpose AI models"),),
        verdict=report.verdict.value,
        tone=Tone.PLAIN,
        blocks=tuple(blocks),
    )


def _is_origin(finding: Finding) -> bool:
    """Return whether the weights bear out a declared base, or tell that a base came first."""
    found = finding.status == "tested" and standing.is_proof(finding)
    first = finding.direction == "base-to-subject"
    return found and (first or (finding.declared and finding.direction != "subject-to-base"))


def _row(field: str, *content: object) -> tuple[Line, Line]:
    parts = tuple(Untrusted(c, limit=LONG) if isinstance(c, str) else c for c in content)
    return ((Trusted(field),), parts)  # type: ignore[return-value]


def _model(report: Report, report_sha256: str) -> tuple[tuple[Line, Line], ...]:
    subject = report.subject
    lines = report.context.architecture
    parameters = f"{lines[0].parameters:,} ({lines[0].parameters:.1e})" if lines else UNKNOWN
    rows = [
        _row("model name", Identifier(subject.ref)),
        _row("version (commit)", Identifier(subject.revision)),
        _row("total number of parameters", parameters),
        _row("licence as its card states it", Untrusted(report.declared.licence or UNKNOWN)),
        _row(
            "sha256 over names and digests of all weight files", subject.weights_digest or UNKNOWN
        ),
    ]
    rows += [
        _row(
            "sha256 of a weight file",
            Identifier(file.path),
            Trusted(": "),
            Untrusted(file.sha256 or UNKNOWN),
        )
        for file in subject.files[:FILES_SHOWN]
    ]
    rows += [
        _row("date of release, date of placement on the Union market", OPEN),
        _row("evidence: report.json, by its sha256", report_sha256),
        _row("evidence: made by", Untrusted(f"hubcheck {report.tool.version}, {report.finished}")),
        _row("evidence: the command that repeats it", Identifier(report.replay, limit=600)),
    ]
    return tuple(rows)


def _dependencies(report: Report, related: list[Finding]) -> tuple[tuple[Line, Line], ...]:
    declared = report.declared.bases
    rows = [_row("the card names", Identifier(ref)) for ref in declared]
    if not declared:
        rows.append(_row("the card names", "no model"))
    rows.append(
        _row("relation that the card states", Untrusted(report.declared.relation or UNKNOWN))
    )
    for finding in report.findings:
        said = first_table.verdict_cell(report, finding)
        rows.append(_row("tested", Identifier(names.called(finding.base)), ": ", *said))
    if not report.findings:
        rows.append(_row("tested", "no model"))
    if not related:
        rows.append(
            _row(
                "declared bases that the weights bear out",
                "none among those that were tested; no other model was looked at",
            )
        )
    return tuple(rows)


def _modification(finding: Finding) -> tuple[tuple[Line, Line], ...]:
    relation = finding.relation.kind.value if finding.relation is not None else UNKNOWN
    changes = finding.changes
    values = sum(c.values for c in changes)
    differing = sum(c.values * (1 - c.equal) for c in changes) / values if values else None
    whole = bool(changes) and all(c.whole for c in changes)
    how = "of every value" if whole else f"of {numbers.count(values)} values that were sampled"
    return (
        _row("relation found", relation),
        _row("direction", Trusted(DIRECTIONS.get(finding.direction, UNKNOWN))),
        _row("share of the parameters that was compared", numbers.percent(finding.compared)),
        _row(
            "share of values that differ from the original's",
            UNKNOWN if differing is None else f"{100 * differing:.1f} % {how}",
        ),
        _row("training compute of the modification (FLOP)", OPEN),
        _row("training compute of the original model (FLOP)", OPEN),
        _row("the first over the second, against one third", OPEN),
    )


DIRECTIONS: Final = {
    "base-to-subject": "the weights show that the base came first",
    "subject-to-base": "the weights show that this model came first",
}
