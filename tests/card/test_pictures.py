"""Tests of what a comment shows beside the card: the graph, the strip of layers, the changes."""

from __future__ import annotations

from hubcheck.card.changes import CHANGES_SHOWN, BaseBefore, changes
from hubcheck.card.document import raw_text
from hubcheck.card.layer_strip import layer_strip
from hubcheck.card.lineage_graph import lineage_graph
from hubcheck.report.schema import BaseModelRef, Subject
from hubcheck.report.words import DeclarationVerdict, Verdict
from tests.card import reports


def test_the_graph_has_no_arrow_heads() -> None:
    """A match does not say who came first: lines only, thick for a declared base that matches."""
    text = lineage_graph(
        reports.report(
            DeclarationVerdict.CONTRADICTED,
            reports.matching(ref="a/declared", declared=True),
            reports.matching(ref="b/found"),
            reports.unrelated(ref="c/other"),
        )
    )
    assert ">" not in text
    assert '  m ===|"declared - related - fine-tune - similarity 0.997"| b0' in text
    assert '  m ---|"related - fine-tune - similarity 0.997"| b1' in text
    assert '  m -.-|"declared - unrelated"| b2' in text


def test_the_graph_is_bounded() -> None:
    """Many bases become one node; without any there is no graph."""
    many = [reports.matching(ref=f"a/base-{i}") for i in range(30)]
    text = lineage_graph(reports.report(DeclarationVerdict.UNDECLARED, *many))
    assert 'more["22 more bases"]' in text
    assert text.count("[") == 1 + 8 + 1
    assert lineage_graph(reports.report(DeclarationVerdict.INCONCLUSIVE)) == ""


def test_a_dot_is_this_repository() -> None:
    """A model at the root of the checkout has no name of its own."""
    subject = Subject(ref=".", revision="local", created="", weights_digest="")
    report = reports.report(DeclarationVerdict.UNDECLARED, reports.matching(), subject=subject)
    assert '  m["this repository"]' in lineage_graph(report)


def test_no_strip_without_a_match() -> None:
    """Unrelated bases have no strip, neither have matches without layers of the body."""
    assert layer_strip(reports.report(DeclarationVerdict.CONTRADICTED, reports.unrelated())) is None
    bare = reports.matching(evidence=(reports.evidence(part="embeddings"),))
    assert layer_strip(reports.report(DeclarationVerdict.UNDECLARED, bare)) is None


def test_the_strip_ignores_layers_that_cannot_be() -> None:
    """A report from elsewhere may name any layer; the line stays a line."""
    far = reports.matching(evidence=(reports.evidence(layers=(-1, 2, 10**9)),))
    strip = layer_strip(reports.report(DeclarationVerdict.UNDECLARED, far))
    assert strip is not None
    assert strip.lines[0][1].text == "\u00b7\u00b7\u2588"


def test_changes_are_bounded() -> None:
    """A hundred new bases are a dozen lines and a number."""
    many = [reports.matching(ref=f"a/base-{i}") for i in range(100)]
    report = reports.report(DeclarationVerdict.UNDECLARED, *many)
    found = changes(report, verdict=DeclarationVerdict.UNDECLARED, bases=())
    assert len(found) == CHANGES_SHOWN + 1
    assert raw_text(found[-1]) == "and 88 more changes"


def test_a_base_that_moved_is_told() -> None:
    """Another commit of the base with the same verdict is a line of its own."""
    finding = reports.matching(base=BaseModelRef(ref="a/b", revision="c" * 40, created=""))
    before = BaseBefore(ref="A/b", revision="d" * 40, verdict=Verdict.RELATED, kept=0.997)
    report = reports.report(DeclarationVerdict.UNDECLARED, finding)
    (line,) = changes(report, verdict=DeclarationVerdict.UNDECLARED, bases=(before,))
    assert raw_text(line) == "a/b moved to another commit, same verdict"
