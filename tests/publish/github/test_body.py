"""Tests of the comment's text: first screen, changes, pictures, shedding, marker."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.publish.github.body import LIMIT, SHED, Links, comment_body, page
from hubcheck.publish.github.state import (
    State,
    has_marker,
    is_comment_id,
    key_of,
    marker,
    read_state,
    state_of,
)
from hubcheck.report.schema import MergeShare
from hubcheck.report.words import Conclusion, DeclarationVerdict, Verdict
from tests.card import deep_reports, reports

LINKS = Links(server="https://github.com", repository="octo/models", commit="a" * 40, run=3)


def test_the_first_screen_is_the_cards_with_the_last_push() -> None:
    """Title, lead, table, next step and footer; the footer says what the last push had."""
    report = reports.report(
        DeclarationVerdict.CONTRADICTED, reports.unrelated(), reports.matching()
    )
    state = state_of(report, commit="a" * 40, run=3, key="k")
    before = State(verdict=DeclarationVerdict.CONFIRMED, conclusion=Conclusion.PASS)
    body = comment_body(report, comment_id="x", state=state, before=before, links=LINKS)
    assert body.splitlines()[1].endswith("the weights match `other/base-7b`  (contradicted)")
    assert re.search(r"commit \[`abc1234`\]\(\S+\) - last push: confirmed\n", body)
    assert "accepted under allow in .github/hubcheck.yml." in body
    assert body.index("**Next:**") < body.index("**Since the last push:**")
    assert body.index("**Since the last push:**") < body.index("```mermaid")
    assert body.index("```mermaid") < body.index("<details>")
    assert body.rstrip().endswith(
        "[run, with log, card.html and report.json](https://github.com/octo/models/actions/runs/3)"
    )


def test_changes_since_the_last_push() -> None:
    """New, gone, otherwise judged and less kept are told; the draw's own noise is not."""
    before = state_of(
        reports.report(
            DeclarationVerdict.CONFIRMED,
            reports.matching(ref="a/same", declared=True),
            reports.matching(ref="a/less", kept=0.95),
            reports.matching(ref="a/gone"),
            reports.matching(ref="a/turned"),
        ),
        commit="", run=1, key="",
    )  # fmt: skip
    now = reports.report(
        DeclarationVerdict.CONFIRMED,
        reports.matching(ref="a/same", declared=True, kept=0.998),
        reports.matching(ref="a/less", kept=0.5),
        reports.unrelated(ref="a/turned"),
        reports.matching(ref="a/new"),
    )
    body = page(now, before=before)
    section = body.split("**Since the last push:**")[1].split("```")[0]
    assert section.strip().splitlines() == [
        "- `a/less`: similarity 0.95, now 0.50",
        "- `a/turned`: related, now unrelated",
        "- `a/new`: not tested before, now related",
        "- `a/gone`: no longer tested",
    ]
    same = page(now, before=state_of(now, commit="", run=1, key=""))
    assert "**Since the last push:** the same result." in same


def test_the_strip_has_a_cell_for_each_layer() -> None:
    """Read layers show their share, unread ones a dot."""
    body = page(reports.report(DeclarationVerdict.UNDECLARED, reports.matching()))
    cells = "\u00b7" * 7 + "\u2588" + "\u00b7" * 15 + "\u2588"
    assert f"other/base-7b  {cells}\n" in body


def test_a_deep_model_shares_cells() -> None:
    """A thousand layers fit one line."""
    finding = reports.matching(
        evidence=(
            reports.evidence(layers=(0,)),
            reports.evidence(layers=(999,), hits=0, log10_p=0.0),
        )
    )
    body = page(reports.report(DeclarationVerdict.UNDECLARED, finding))
    line = next(text for text in body.splitlines() if text.startswith("other/base-7b  "))
    assert len(line) <= 15 + 96
    assert line.endswith("\u2581")


@pytest.mark.parametrize("limit", [60_000, 12_000, 6_000, 4_000, 3_000])
def test_sections_are_shed_in_a_fixed_order(limit: int) -> None:
    """What goes first is what is needed least; what went is named; the first screen stays."""
    report = reports.report(
        DeclarationVerdict.CONTRADICTED,
        reports.unrelated(),
        reports.matching(
            changes=(deep_reports.change("q", 0, 0.1),),
            shares=(MergeShare(layer=-1, share=0.6, low=0.5, high=0.7),),
        ),
        context=reports.context(),
        subject=reports.with_unread(),
        warnings=("one",),
    )
    before = State(verdict=DeclarationVerdict.CONFIRMED, conclusion=Conclusion.PASS)
    text = page(report, before=before, links=LINKS, limit=limit)
    assert len(text.encode()) <= limit
    assert "**Next:**" in text
    there = {
        "files": "<summary>Weight files that", "context": "Context, no evidential value", "tree": "Family tree",
        "architecture": "<summary>Architecture", "evidence": "<summary>Evidence", "layers": "```text\nother",
        "heat map": "How far the weights moved", "shares": "Shares of the bases",
        "graph": "```mermaid", "replay": "Check it yourself", "warnings": "1 warning",
        "licences": "<summary>Licences",
        "limits": "<summary>Limits", "changes": "Since the last push",
    }  # fmt: skip
    whole = page(report, before=before, links=LINKS)
    kept = [there[name] in text for name in SHED if there[name] in whole]
    assert len(kept) >= 10
    assert kept == sorted(kept)
    assert ("Left out for length" in text) is (not all(kept))


@pytest.mark.parametrize(
    "links",
    [
        Links(server="javascript:alert(1)//", repository="a/b", commit="a" * 40, run=1),
        Links(server="https://github.com", repository="a/b](x)", commit="a" * 40, run=1),
        Links(server="https://github.com", repository="a/b", commit="main", run=0),
    ],
)
def test_links_are_ours_or_none(links: Links) -> None:
    """A value that does not look as it should gives no link."""
    assert links.line() == ""


@given(st.text(max_size=300))
def test_any_first_line_is_a_state_or_none(text: str) -> None:
    """A damaged marker is no state and no error."""
    assert read_state(f"<!-- hubcheck:v1 id=x state={text} -->\nbody") is None
    read_state(text)


def test_a_marker_comes_back() -> None:
    """State goes into the first line and comes out again, twenty long names included."""
    findings = [reports.matching(ref=f"{'o' * 90}/{'n' * 80}-{i}") for i in range(30)]
    report = reports.report(DeclarationVerdict.UNDECLARED, *findings)
    state = state_of(report, commit="a" * 40, run=2**53, key=key_of("a", "b"))
    text = marker("some.id-1", state)
    assert len(text) < LIMIT // 4
    assert has_marker(text, "some.id-1")
    assert not has_marker(text, "some.id")
    assert read_state(text) == state
    assert state.bases[0].verdict is Verdict.RELATED


def test_an_unknown_part_gives_no_key() -> None:
    """Without a digest nothing is ever taken for unchanged."""
    assert key_of("a", "") == ""
    assert key_of("a", "b") != key_of("ab", "")
    assert key_of("a", "b") == key_of("a", "b")


@pytest.mark.parametrize("text", ["", "-x", "a b", "a-->", "x" * 65, "\u00e9"])
def test_comment_ids_are_plain(text: str) -> None:
    """An id stands inside a hidden marker: nothing that could end it."""
    assert not is_comment_id(text)
