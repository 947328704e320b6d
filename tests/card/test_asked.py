"""Is the revision that was asked for shown wherever a base is named?"""

from __future__ import annotations

import re

import pytest

from hubcheck.card import badge, family_tree, heat_svg, html, markdown, section
from hubcheck.card.compose import compose
from hubcheck.card.lineage_graph import lineage_graph
from hubcheck.card.table import overview, overview_row, summary
from hubcheck.publish.hub import texts
from hubcheck.report.schema import BaseModelRef, Report
from hubcheck.report.words import DeclarationVerdict
from tests.card import reports

COMMIT = "9f8e7d6" + "c" * 33
OWN = "acme/base-7b"


def surfaces(report: Report) -> dict[str, str]:
    """Return every text in which a base is named."""
    found = {
        "markdown": markdown.render(compose(report)),
        "page": html.render(compose(report)),
        "badge": badge.svg(report),
        "endpoint": badge.endpoint(report),
        "terminal": summary(report),
        "tree": family_tree.svg(report),
        "mermaid": family_tree.mermaid(report),
        "graph": lineage_graph(report),
        "map": heat_svg.svg(report),
        "table": overview((overview_row(report),)),
        "section": section.render(report),
        "proposal": texts.proposal(report),
    }
    return {name: re.sub(r"&#8288;|&#64;|&#x40;", lambda m: "@" if "64" in m[0] or "x40" in m[0]
                         else "", text) for name, text in found.items()}  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "shown"),
    [("v1.0", "v1.0"), (COMMIT, "9f8e7d6"), ("refs/heads/dev", "refs/heads/dev")],
)
@pytest.mark.parametrize("verdict", list(DeclarationVerdict))
def test_every_surface_shows_the_revision(
    verdict: DeclarationVerdict, asked: str, shown: str
) -> None:
    """A base of that name alone is nowhere: it is another state of the repository."""
    base = BaseModelRef(ref=OWN, revision=COMMIT, created="", asked=asked)
    finding = (
        reports.unrelated(base=base)
        if verdict in {DeclarationVerdict.CONTRADICTED, DeclarationVerdict.NONE_FOUND}
        else reports.matching(base=base, declared=verdict is DeclarationVerdict.CONFIRMED)
    )
    report = reports.report(verdict, finding)
    report = report.model_copy(
        update={"context": report.context.model_copy(update={"norms": (), "tokenizer": ()}),
                "declared": report.declared.model_copy(update={"bases": (f"{OWN}@{asked}",)}),
                "replay": ""}
    )  # fmt: skip
    for name, text in surfaces(report).items():
        alone = re.findall(rf"{OWN}(?![\w.-])(?!@| at |/tree/[0-9a-f]{{40}})", text)
        assert not alone, (name, text[max(0, text.index(alone[0]) - 200) :][:400])
        for at in re.findall(rf"{OWN}@([\w./-]+)", text):
            assert at.startswith((shown[:7], COMMIT)), (name, at)
