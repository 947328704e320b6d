"""Tests of the family tree: lines, Mermaid and SVG of one report."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from hubcheck.card import html, markdown
from hubcheck.card.compose import compose
from hubcheck.card.document import CodeBlock
from hubcheck.card.family_tree import LINES_SHOWN, family_section, figure, mermaid, svg, tree
from hubcheck.report.phrases import PhraseCode, clauses, phrase, text
from hubcheck.report.schema import (
    Descent,
    Licence,
    LicenceCheck,
    Lineage,
    Proposed,
    RelationCheck,
    Relative,
    Report,
    Search,
    StatedLicence,
)
from hubcheck.report.words import DeclarationVerdict, LicenceStatus, Verdict
from tests.card import reports
from tests.card.gallery import CASES
from tests.card.payloads import PAYLOADS


def family(**changes: object) -> Report:
    """Return a report with a declared base, its ancestor, a sibling and a lone suspect."""
    lineage = Lineage(
        models=(
            Relative(ref="acme/tuned", standing="found"),
            Relative(ref="acme/root", standing="gated", licence="llama3.1"),
        ),
        descents=(
            Descent(child="acme/new-7b", parent="acme/tuned", relation="finetune"),
            Descent(child="acme/tuned", parent="acme/root", relation="finetune"),
        ),
    )
    return reports.report(
        DeclarationVerdict.CONFIRMED,
        reports.matching(ref="acme/tuned", declared=True),
        reports.matching(ref="acme/sibling", explained_by="acme/tuned", kept=0.9),
        reports.unrelated(ref="other/lone", declared=False),
        **({"lineage": lineage} | changes),
    )


def lines(report: Report) -> list[str]:
    """Return the figure as text."""
    return [
        "".join(s.shown().ljust(s.width) for s in line).rstrip() for line in figure(report).lines
    ]


def test_the_tree_tells_declared_from_found() -> None:
    """Ancestors hang below the base that declares them; suspects say that nobody declares them."""
    assert lines(family()) == [
        "acme/new-7b",
        "├─ acme/tuned    related: fine-tune, similarity 0.997",
        "│  └─ acme/root  not tested, gated",
        "├─ acme/sibling  related: fine-tune (explained by acme/tuned), similarity 0.90 - not declared",
        "└─ other/lone    unrelated - not declared",
    ]


def test_a_circle_is_drawn_once() -> None:
    """Declarations that run in a circle end where they began, and say so."""
    circle = Lineage(
        descents=(
            Descent(child="acme/new-7b", parent="acme/tuned"),
            Descent(child="acme/tuned", parent="acme/other"),
            Descent(child="acme/other", parent="acme/tuned"),
        ),
        loops=("acme/tuned",),
    )
    drawn = lines(family(lineage=circle))
    assert "see above: the declarations run in a circle" in "\n".join(drawn)
    assert len(drawn) < 8


def test_an_endless_report_is_cut() -> None:
    """Thousands of declarations give a bounded figure that names the report."""
    fan = tuple(Descent(child=f"a/m{i // 3}", parent=f"a/m{i}") for i in range(3000))
    first = (Descent(child="acme/tuned", parent="a/m1"),)
    drawn = list(tree(family(lineage=Lineage(descents=(*first, *fan)))))
    assert len(drawn) == LINES_SHOWN + 1
    assert drawn[-1].name == "more are in report.json"


def test_mermaid_shows_what_explains_what_and_who_declares_whom() -> None:
    """The graph of the findings gains two kinds of dashed arrows and the untested ancestors."""
    text = mermaid(family())
    assert '  b0 -.->|"explains"| b1' in text
    assert '  a3["acme/root"]:::muted' in text
    assert '  b0 -.->|"declares"| a3' in text
    assert text.startswith("```mermaid\nflowchart LR")


def test_a_single_base_needs_no_tree() -> None:
    """One base without ancestors is told by the first table."""
    assert not family_section(reports.report(DeclarationVerdict.CONFIRMED, reports.matching()))


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_hostile_names_stay_text_in_every_medium(payload: str) -> None:
    """Names from repositories are neither syntax of Mermaid, nor markup of SVG, nor a new line."""
    hostile = Lineage(
        models=(Relative(ref=payload, standing=payload, licence=payload),),
        descents=(Descent(child="acme/tuned", parent=payload, relation=payload),),
        loops=(payload,),
    )
    check = LicenceCheck(
        status=LicenceStatus.ATTENTION, rule=payload, licence=payload, licence_title=payload,
        clause=payload, source=payload, says=payload, base=payload, basis=text(payload), detail=(text(payload),),
    )  # fmt: skip
    stated = StatedLicence(ref=payload, tag=payload, name=payload, file=payload,
                           file_sha256=payload, from_tag=payload)  # fmt: skip
    context = reports.context().model_copy(
        update={
            "relations": (
                RelationCheck(base=payload, declared=payload, found=payload, agrees=payload,
                              note=(text(payload),)),
            )
        }
    )  # fmt: skip
    report = family(
        lineage=hostile,
        licence=Licence(status=LicenceStatus.ATTENTION, checks=(check,), stated=(stated,)),
        search=Search(left_aside=(Proposed(ref=payload, why=(text(payload),), note=(text(payload),)),),
                      notes=(text(payload),)),
        context=context,
    )  # fmt: skip
    picture = ET.fromstring(svg(report))  # noqa: S314 - our own output is what is tested
    tags = {element.tag.rpartition("}")[2] for element in picture.iter()}
    assert tags <= {"svg", "title", "rect", "path", "circle", "text", "tspan", "style"}
    for line in mermaid(report).splitlines()[2:-1]:
        assert re.fullmatch(r"  [A-Za-z0-9 .,:;#_|/()\[\]\"<>=%?+-]*", line), line
    for block in family_section(report)[0].blocks:
        if isinstance(block, CodeBlock):
            assert all("\n" not in s.shown() for line in block.lines for s in line)
    assert markdown.render(compose(report))
    assert html.render(compose(report))


def test_the_same_report_gives_the_same_bytes() -> None:
    """Figure and graph depend on the report alone."""
    assert svg(family()) == svg(family())
    assert mermaid(family()) == mermaid(family())


def test_licences_and_candidates_have_their_sections() -> None:
    """Flags stand with clause and base, what was left aside with its reason; no advice is given."""
    check = LicenceCheck(
        status=LicenceStatus.ATTENTION, rule="name-prefix", licence="llama3.1",
        licence_title="Llama 3.1 Community License Agreement", clause="1.b.i", source="https://x",
        says="the name begins with the licensor's word", base="meta/llama", basis=phrase(PhraseCode.BASIS_DECLARED, found=False),
        detail=clauses("the name 'x' does not begin with 'Llama'"),
    )  # fmt: skip
    report = family(
        licence=Licence(
            flags=clauses("attention: x"), status=LicenceStatus.ATTENTION, checks=(check,)
        ),
        search=Search(bases_tried=12, left_aside=(Proposed(ref="far/off", why=clauses("search")),)),
    )
    text = markdown.render(compose(report))
    assert "Licences: 1 attention" in text
    assert "1.b.i" in text
    assert "not legal advice" in text
    assert "1 candidate found and not tested" in text
    assert "far/off" in text
    assert "Models tried: 12;" in text
    assert "licence: attention" not in text, "a flag is told once"


@pytest.mark.parametrize("name", sorted(CASES))
def test_every_label_of_the_graph_is_whole(name: str) -> None:
    """What was found of each base stands there to its last word, with no sign lost."""
    report = CASES[name]
    labels = re.findall(r'\|"([^"]+)"\|', mermaid(report))
    found = [said for said in labels if said not in {"explains", "declares"}]
    assert len(found) == len(report.findings)
    for said, finding in zip(found, report.findings, strict=True):
        assert "?" not in said
        assert "..." not in said
        assert finding.verdict.value in said
        if finding.verdict in {Verdict.RELATED, Verdict.DISGUISED}:
            assert re.search(r" - similarity -?[\d.]+$", said)
