"""A page opens each layer of a heat map to the parts behind it, with the report's own numbers."""

from __future__ import annotations

from hubcheck.card import heat_tensors, html, markdown
from hubcheck.card.compose import compose
from hubcheck.card.document import raw_text
from tests.card import deep_reports, reports
from tests.card.deep_reports import change


def test_every_layer_opens_to_its_parts() -> None:
    """Each change of the report is one row of its layer; what has no layer comes last."""
    finding = deep_reports.fine_tune().findings[0]
    (opened,) = heat_tensors.opened(finding)
    names = [raw_text(one.summary) for one in opened.tables]
    assert names == [*(f"layer {i}" for i in range(32)), "outside the layers"]
    assert sum(len(one.table.rows) for one in opened.tables) == len(finding.changes)
    row = [raw_text(cell) for cell in opened.tables[7].table.rows[2]]
    of = next(c for c in finding.changes if (c.layer, c.role) == (7, "q"))
    assert row == ["attention q", f"{100 * of.relative:.2f} %", "0 %",
                   f"{of.cosine:.5f}", "-", "16,777,216"]  # fmt: skip
    assert [raw_text(cell) for cell in opened.tables[0].table.rows[2]][1:4] == [
        "unchanged", "100 %", "1",
    ]  # fmt: skip


def test_a_moved_layer_names_its_origin_and_a_sample_is_called_one() -> None:
    """A repeated layer says which layer of the base it was held against."""
    (opened,) = heat_tensors.opened(deep_reports.upscaled().findings[0])
    assert raw_text(opened.tables[16].summary) == "layer 16, from base layer 8"
    assert raw_text(opened.tables[16].table.rows[0][-1]) == "262,144, a sample"


def test_it_is_bounded_and_on_pages_alone() -> None:
    """A report from elsewhere may name any number of layers; a comment has room for none."""
    cells = tuple(change("q", i, 0.1) for i in range(400))
    (opened,) = heat_tensors.opened(reports.matching(changes=cells))
    assert len(opened.tables) == heat_tensors.LAYERS_SHOWN
    assert heat_tensors.opened(reports.matching()) == ()
    document = compose(deep_reports.fine_tune())
    assert heat_tensors.SUMMARY in html.render(document)
    assert heat_tensors.SUMMARY not in markdown.render(document)
