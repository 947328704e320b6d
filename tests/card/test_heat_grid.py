"""Tests of the numbers of a heat map: which cell, which colour, which words."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.card import heat_grid, markdown
from hubcheck.card.compose import compose
from hubcheck.card.heat_grid import Cell, Column
from hubcheck.card.heat_roles import LINES, role_name
from hubcheck.report.schema import ArchitectureLine, Change, Context, Relation
from hubcheck.report.words import DeclarationVerdict, RelationKind
from tests.card import deep_reports, reports
from tests.card.deep_reports import change


def grid_of(*changes: Change, widest: int = heat_grid.WIDEST) -> heat_grid.Grid:
    """Return the map of these cells."""
    found = heat_grid.grid(reports.matching(changes=changes), widest=widest)
    assert found is not None
    return found


def cell(relative: float, **changes: object) -> Cell:
    """Return a cell that moved this far."""
    fields = {"base_layer": 0, "equal": 0.0, "cosine": 1.0, "rank": -1, "values": 9, "whole": True}
    return Cell(relative=relative, **(fields | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("relative", "step", "words"),
    [
        (0.0, 0, "under 0.01 %"),
        (0.00009, 0, "under 0.01 %"),
        (0.0001, 1, "0.01 %"),
        (0.001, 4, "0.10 %"),
        (0.00832, 6, "0.83 %"),
        (0.01, 7, "1.0 %"),
        (0.0994, 9, "9.9 %"),
        (0.1, 10, "10 %"),
        (0.999, 12, "100 %"),
        (1.0, 13, "replaced"),
        (1e9, 13, "replaced"),
    ],
)
def test_the_scale_is_logarithmic(relative: float, step: int, words: str) -> None:
    """Three colours for each factor of ten, one below 0.01 %, one from 100 % on."""
    assert cell(relative).step == step
    assert heat_grid.amount(cell(relative)) == words


@given(st.floats(0, 1e300), st.floats(0, 1e300))
def test_more_is_never_paler(a: float, b: float) -> None:
    """The order of the colours is the order of the changes, and stays on the scale."""
    low, high = sorted((a, b))
    assert 0 <= cell(low).step <= cell(high).step < heat_grid.STEPS


def test_only_equal_bits_are_unchanged() -> None:
    """A change that rounds to nothing is not called unchanged."""
    assert heat_grid.amount(cell(0.0, equal=1.0)) == "unchanged"
    assert heat_grid.amount(cell(0.0, equal=0.999999)) == "under 0.01 %"
    joined = grid_of(
        change("expert.up", 0, 0.0, values=2**60),
        change("expert.up", 0, 1e-9, equal=0.0, values=1),
    )
    (only,) = joined.rows[0].cells
    assert only is not None
    assert not only.unchanged


def test_rows_stand_as_data_flows() -> None:
    """Norms, attention, MLP, experts; a bias below its weight; an unknown role last."""
    roles = ("weird", "down", "q.bias", "router", "q", "norm.mlp_in", "expert.up", "norm.attn_in")
    found = grid_of(*(change(role, 0, 0.1) for role in roles))
    assert [row.role.name for row in found.rows] == [
        "norm, attention in", "norm, MLP in", "attention q", "attention q, bias", "MLP down",
        "router", "experts, up", "weird",
    ]  # fmt: skip


def test_what_has_no_layer_stands_apart() -> None:
    """Embedding, final norm and head are no column."""
    found = grid_of(change("lm_head", -1, 0.2), change("embed", -1, 0.1), change("q", 0, 0.3))
    assert [role.name for role, _ in found.apart] == ["embedding", "output head"]
    assert len(found.columns) == 1


def test_what_was_not_compared_is_no_cell() -> None:
    """A part that is missing in one layer, without values or not finite leaves a gap."""
    found = grid_of(
        change("q", 0, 0.1), change("q", 2, 0.1), change("q", 1, 0.1, values=0),
        change("k", 0, math.inf), change("k", 1, 0.1),
    )  # fmt: skip
    by_name = {row.role.name: [c is not None for c in row.cells] for row in found.rows}
    assert by_name == {"attention q": [True, False, True], "attention k": [False, True, False]}


def test_parts_of_a_role_are_weighted_by_their_values() -> None:
    """Experts of one layer become one cell, the large ones counting more."""
    found = grid_of(
        change("expert.up", 0, 0.3, values=1, cosine=0.0, whole=False),
        change("expert.up", 0, 0.1, values=3, cosine=1.0),
    )
    (only,) = found.rows[0].cells
    assert only is not None
    assert only.relative == pytest.approx(math.sqrt((0.09 + 3 * 0.01) / 4))
    assert only.cosine == pytest.approx(0.75)
    assert (only.values, only.whole, found.sampled) == (4, False, True)


@given(st.integers(1, 400), st.integers(1, 96))
def test_deep_models_share_columns(depth: int, widest: int) -> None:
    """Every layer is in exactly one column, in order, and there are not more than fit."""
    found = grid_of(change("q", depth - 1, 0.1), change("q", 0, 0.2), widest=widest)
    layers = [i for c in found.columns for i in range(c.first, c.last + 1)]
    assert layers == list(range(depth))
    assert len(found.columns) <= widest


def test_a_report_from_elsewhere_cannot_break_it() -> None:
    """Absurd layers, sizes and counts neither raise nor grow the map."""
    found = grid_of(
        change("q", 10**9, 0.1),
        change("q", 3, 1e308, values=10**400),
        change("q", 3, 1e308, values=10**400, cosine=math.nan, rank=10**50),
        *(change(f"role {i}", 0, 0.1) for i in range(500)),
        *(change(f"role {i}", -1, 0.1) for i in range(500)),
    )
    assert len(found.columns) == 4
    assert len(found.rows) == heat_grid.ROWS_SHOWN
    assert len(found.apart) == heat_grid.APART_SHOWN


def test_no_map_without_numbers() -> None:
    """Nothing compared, or a base that does not match, has no map."""
    assert heat_grid.grid(reports.matching()) is None
    assert heat_grid.grid(reports.matching(changes=(change("q", 0, 0.1, values=0),))) is None
    assert heat_grid.mapped(deep_reports.twin()) == ()


def test_the_base_of_the_title_comes_first() -> None:
    """Of several maps the one that the title speaks of leads; there are few."""
    many = [reports.matching(ref=f"a/b{i}", changes=(change("q", 0, 0.1),)) for i in range(5)]
    best = reports.matching(ref="z/best", changes=(change("q", 0, 0.1),), kept=0.9999)
    report = reports.report(DeclarationVerdict.UNDECLARED, *many, best)
    shown = [finding.base.ref for finding, _ in heat_grid.mapped(report)]
    assert shown[0] == "z/best"
    assert len(shown) == heat_grid.MAPS_SHOWN


SAMPLED = heat_grid.Grid(columns=(), rows=(), apart=(), sampled=True)


def test_the_axis_ends_at_the_last_layer() -> None:
    """A layer that was not looked at is on the map, as not compared."""
    finding = reports.matching(changes=(change("q", 0, 0.1),))
    lines = (ArchitectureLine(ref="acme/new-7b", blocks=(), layers=5, parameters=1),)
    report = reports.report(
        DeclarationVerdict.UNDECLARED, finding, context=Context(architecture=lines)
    )
    ((_, grid),) = heat_grid.mapped(report)
    assert [column.first for column in grid.columns] == [0, 1, 2, 3, 4]
    assert grid.rows[0].cells[1:] == (None,) * 4


def test_a_map_of_what_was_not_aligned_is_withheld() -> None:
    """Beside a rearranged copy no map says that everything was replaced; the card says why."""
    relation = Relation(kind=RelationKind.REARRANGED)
    finding = reports.matching(changes=(change("q", 0, 1.41),), relation=relation)
    report = reports.report(DeclarationVerdict.UNDECLARED, finding)
    assert heat_grid.withheld(finding)
    assert heat_grid.mapped(report) == ()
    text = markdown.render(compose(report))
    assert "No map is drawn." in text
    assert "replaced  " not in text


def test_a_cell_is_told_in_full() -> None:
    """Where it is, where it comes from, how far it moved, and what that rests on."""
    column = Column(first=24, last=24, base=8)
    moved = cell(0.0083, base_layer=8, rank=16, values=4096, whole=False, equal=0.25, cosine=0.9999)
    assert heat_grid.told("attention q", column, moved, SAMPLED) == (
        "layer 24, attention q (from base layer 8): moved by 0.83 % of its size",
        "cosine 0.99990, rank about 16; 4,096 values, a sample, 25.0 % of them unchanged",
    )
    assert heat_grid.told("k", column, None, SAMPLED) == ("layer 24, k: not compared", "")
    whole = heat_grid.Grid(columns=(), rows=(), apart=(), sampled=False)
    assert heat_grid.told("k", column, None, whole) == ("layer 24, k: no counterpart", "")
    apart = cell(1.4, cosine=math.nan)
    assert heat_grid.told("embedding", None, apart, SAMPLED) == (
        "embedding: replaced (140 % of its size)",
        "cosine -; 9 values",
    )


def test_a_cosine_below_equality_never_prints_as_one() -> None:
    """A change that a cosine hardly shows still shows."""
    _, second = heat_grid.told("q", None, cell(0.0001, cosine=1.0), SAMPLED)
    assert "cosine 0.99999" in second


def test_every_known_role_has_a_line() -> None:
    """Each row of the map is part of a line of the strip."""
    for role in (*deep_reports.DENSE, "router", "expert.up", "mla.kv_a", "anything"):
        assert role_name(role).line in LINES
