"""How does a card show the order of the units, and what people quote instead of it?

The picture of every base whose orders were tested, related or not, and beside it the raw cosine of
the norm weights with the same number once nothing of the order is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import heat_svg, matches, names, numbers, order_picture
from hubcheck.card.document import Details, Figure, Heading, Inner, Paragraph, Role, Trusted

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, NormContext, Report

SUMMARY: Final = "The order of the units, beside chance"
READING: Final = (
    "Each dot is a unit of the base, from left to right, and the unit of the subject nearest to "
    "it, from top to bottom. Where a base's order is in the subject the dots lie on the diagonal; "
    "between models trained apart they lie anywhere, about one in each family in place."
)
NOT_AS_STORED: Final = (
    "The picture shows the orders as they are stored; what matches once a rearrangement is undone "
    "stands in the evidence."
)
NO_ORDER_NEEDED: Final = 0.9
"""A cosine of which so much is left when the order is destroyed does not rest on the order."""


def order_section(report: Report) -> tuple[Details, ...]:
    """Return the folded pictures, or nothing where no order was tested."""
    findings = order_picture.pictured(report)
    blocks: list[Inner] = []
    for finding in findings:
        if len(findings) > 1:
            blocks.append(Heading(content=(names.pinned_base(finding.base),)))
        figure = Figure(
            element=order_picture.element(finding),
            style=heat_svg.STYLE,
            plain=order_picture.plain(finding),
        )
        blocks.append(figure)
        if matches.is_rearranged(finding):
            blocks.append(Paragraph(content=(Trusted(NOT_AS_STORED),), role=Role.NOTE))
        blocks += _norms(report, finding)
    if not blocks:
        return ()
    blocks.append(Paragraph(content=(Trusted(READING),), role=Role.NOTE))
    return (Details(summary=(Trusted(SUMMARY),), blocks=tuple(blocks), unfolded=True),)


def needs_no_order(item: NormContext) -> bool:
    """Return whether a cosine of norms hardly uses which channel is which."""
    return item.cosine > 0 and item.cosine_shuffled >= NO_ORDER_NEEDED * item.cosine


def _norms(report: Report, finding: Finding) -> list[Inner]:
    """Return the number that is often quoted, and what it is worth here."""
    found = next((n for n in report.context.norms if n.base == finding.base.ref), None)
    if found is None:
        return []
    said = (
        f"What is often quoted instead: the raw cosine of the norm weights is "
        f"{numbers.cosine(found.cosine)}; with the channels of one side shuffled, so that nothing "
        f"of the order is left, it is {numbers.cosine(found.cosine_shuffled)}."
    )
    if needs_no_order(found):
        said += " It hardly needs the order, so it says nothing about this pair."
    return [Paragraph(content=(Trusted(said),))]
