"""Tests of what the card says about moved weights, layers, merges and disguises."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from typing import Final

import pytest

from hubcheck.card import badge, html, markdown, section, share_chart, table
from hubcheck.card.compose import compose
from hubcheck.card.document import raw_text
from hubcheck.card.explain import explain
from hubcheck.card.first_table import evidence_cell, verdict_cell
from hubcheck.card.origin_section import RUNS_SHOWN, layer_line
from hubcheck.card.sentences import lead, title
from hubcheck.card.share_chart import Series
from hubcheck.publish.github.body import page as comment
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.report.schema import LayerMatch, MergeShare, Relation, Report
from hubcheck.report.words import DeclarationVerdict, Depth, RelationKind, Verdict
from tests.card import deep_reports, reports
from tests.card.rendered import html_page, markdown_page


def shown(report: Report) -> str:
    """Return the text of the page."""
    return html_page(html.render(compose(report))).text


@pytest.mark.parametrize("kind", RelationKind)
def test_each_relation_has_words(kind: RelationKind) -> None:
    """The first table names every relation, and every word of it is explained."""
    finding = reports.matching(relation=Relation(kind=kind, detail=()))
    report = reports.report(DeclarationVerdict.UNDECLARED, finding)
    said = raw_text(verdict_cell(report, finding))
    plain = {RelationKind.IDENTICAL, RelationKind.UNDETERMINED}
    assert (said == "related") is (kind in plain)
    assert explain(kind.value)


@pytest.mark.parametrize(
    ("kept", "words"), [(0.9, "related: fine-tune"), (0.7, "related: changed throughout")]
)
def test_what_moved_far_is_not_called_a_fine_tune(kept: float, words: str) -> None:
    """An average with a stranger keeps 0.7: the word claims no training, and is explained."""
    finding = reports.matching(kept=kept)
    report = reports.report(DeclarationVerdict.UNDECLARED, finding)
    assert raw_text(verdict_cell(report, finding)) == words


ROWS: Final = phrase(PhraseCode.VOCABULARY_ROWS, base=512, subject=576)
REBUILT: Final = phrase(PhraseCode.EMBEDDINGS_REBUILT)


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ((REBUILT,), "related: embeddings rebuilt"),
        ((ROWS,), "related: vocabulary changed"),
        ((ROWS, REBUILT), "related: vocabulary changed"),
    ],
)
def test_new_embeddings_are_no_new_vocabulary(detail: tuple[Phrase, ...], words: str) -> None:
    """They can be made anew for the same tokens: the first table says no more than was seen."""
    relation = Relation(kind=RelationKind.VOCABULARY_CHANGED, detail=detail)
    finding = reports.matching(relation=relation)
    report = reports.report(DeclarationVerdict.UNDECLARED, finding)
    assert raw_text(verdict_cell(report, finding)) == words


def layers(*base: int, first: int = 0) -> Report:
    """Return a report whose layers come from these layers of the base."""
    found = tuple(
        LayerMatch(layer=first + i, base_layer=b, hits=60, units=64, log10_p=-80, kept=0.9)
        for i, b in enumerate(base)
    )
    return reports.report(
        DeclarationVerdict.UNDECLARED, reports.matching(layer_map=tuple(reversed(found)))
    )


@pytest.mark.parametrize(
    ("base", "words"),
    [
        (range(4), "each comes from the base layer of the same number"),
        ((0, 1, 2, 1, 2), "0-2 from base layers 0-2; 3-4 from 1-2"),
        ((0, 2, 3, -1, -1), "0 from base layer 0; 1-2 from 2-3; 3-4 from no layer of this base"),
        ((-1, -1), "0-1 from no layer of this base"),
        ((5,), "0 from base layer 5"),
    ],
)
def test_layers_are_told_in_stretches(base: tuple[int, ...], words: str) -> None:
    """Neighbours that keep their distance are one stretch."""
    report = layers(*base)
    assert layer_line(report.findings[0]) == words
    assert words in markdown.render(compose(report))


def test_a_shuffled_map_stays_a_line() -> None:
    """Many stretches end in a number; the page has the table."""
    report = layers(*range(100, 0, -2))
    assert layer_line(report.findings[0]).endswith(f"and {50 - RUNS_SHOWN} more stretches")
    assert html_page(html.render(compose(report))).tags.count("tr") > 50


def test_the_page_has_the_layer_table_and_the_comment_has_not() -> None:
    """A table of every layer is folded into the page; markdown keeps the line."""
    report = deep_reports.upscaled()
    assert "Layer by layer" in shown(report)
    assert "63 of 64" in shown(report)
    assert "Layer by layer" not in markdown.render(compose(report))


def test_the_map_stands_before_the_evidence() -> None:
    """What moved is shown open on the page, folded in markdown, the whole model first."""
    report = deep_reports.fine_tune()
    text = html.render(compose(report))
    assert text.index("<details open>") < text.index("How far the weights moved from")
    assert text.index("Over 7.2 B values") < text.index('role="group"') < text.index("Evidence: ")
    source = markdown.render(compose(report))
    assert "<details open>" not in source
    assert "Over 7.2 B values the weights moved by 0.71 %" in source
    assert "q           ==" in source
    assert "<svg" not in source


def test_the_whole_model_is_no_family() -> None:
    """The row about every value stands with the map, not among the families."""
    source = markdown.render(compose(deep_reports.fine_tune()))
    assert "| every value" not in source
    assert source.count("Over 7.2 B values") == 1


def test_the_whole_model_is_told_without_a_map() -> None:
    """A sentence about every value is shown although there is no cell to draw."""
    row = deep_reports.whole_model("every value is equal to the bit")
    finding = reports.matching(evidence=(row,))
    text = shown(reports.report(DeclarationVerdict.UNDECLARED, finding))
    assert "How far the weights moved from" in text
    assert "every value is equal to the bit" in text


def test_a_sample_says_so() -> None:
    """Numbers from a sample are called estimates."""
    assert "estimated from a sample" in markdown.render(compose(deep_reports.upscaled()))
    assert "estimated from a sample" not in markdown.render(compose(deep_reports.fine_tune()))


def test_an_innocent_twin_has_no_map() -> None:
    """Two models trained apart are not compared value by value on the card."""
    text = html.render(compose(deep_reports.twin()))
    assert text.count("Order picture against") == 1
    assert "Heat map" not in text
    assert "How far the weights moved" not in html_page(text).text
    assert "no value of 7.2 B is equal to the bit" in text


@pytest.mark.parametrize("depth", [Depth.SAMPLE, Depth.FULL])
def test_a_disguised_copy_is_calibrated_everywhere(depth: Depth) -> None:
    """Title, lead, table, evidence, next step and terminal say what it is and what it rests on."""
    report = deep_reports.disguised().model_copy(update={"depth": depth})
    assert raw_text(title(report)).endswith(
        "the weights match other/base-7b once a disguise is undone"
    )
    assert "at most 1 in 120 (calibrated on 256 small models)" in raw_text(lead(report))
    finding = report.findings[1]
    assert raw_text(verdict_cell(report, finding)) == "disguised: rearranged"
    assert raw_text(evidence_cell(finding)) == (
        "412 of 480 sampled neurons name one partner in the base by each of their weights, "
        "calibrated on 256 small models"
    )
    text = shown(report)
    assert "calibrated on 256 small models, which is no proof" in text
    assert "the residual stream was turned by a rotation" in text
    assert "What was undone before the weights matched" in text
    assert table.overview_row(report).weights_say == "related to other/base-7b, disguised"
    terminal = table.summary(report)
    assert ("--depth deep" in terminal) is (depth is Depth.SAMPLE)
    assert "who copied whom" in terminal


def test_a_disguise_without_its_row_is_still_called_calibrated() -> None:
    """A report whose note says nothing about the models never reads as exact."""
    bare = reports.matching(verdict=Verdict.DISGUISED, log10_p=-2.1)
    report = reports.report(DeclarationVerdict.UNDECLARED, bare)
    assert "(calibrated on small models)" in raw_text(lead(report))
    assert "exact" not in raw_text(lead(report))


@pytest.mark.parametrize(
    ("verdict", "declared", "words"),
    [
        (DeclarationVerdict.UNDECLARED, False, "disguised base not declared"),
        (
            DeclarationVerdict.CONFIRMED,
            True,
            "matches its card, disguised: other/base-7b - abc1234",
        ),
        (DeclarationVerdict.CONTRADICTED, False, "differs from its card"),
    ],
)
def test_the_badge_names_a_disguise(
    verdict: DeclarationVerdict, declared: bool, words: str
) -> None:
    """The badge says so wherever the match is what it speaks of."""
    report = reports.report(verdict, deep_reports.disguise(declared=declared))
    assert badge.message(report) == words


def test_an_open_disguise_is_not_called_a_match() -> None:
    """Where the table is too small to decide, nothing is said to have matched."""
    finding = deep_reports.disguise(verdict=Verdict.INCONCLUSIVE, declared=True)
    text = markdown.render(compose(reports.report(DeclarationVerdict.INCONCLUSIVE, finding)))
    assert "What seems to have been done, if this is a copy" in text
    assert "before the weights matched" not in text


def test_a_proven_disguise_is_related() -> None:
    """Where exact tests settled it, the bound is exact and the list of what was undone stays."""
    finding = deep_reports.disguise(verdict=Verdict.RELATED, log10_p=-40.0)
    report = reports.report(DeclarationVerdict.UNDECLARED, finding)
    assert "below 1 in 10 billion (exact)" in raw_text(lead(report))
    assert "disguise" not in raw_text(title(report))
    assert "rows of gate and up were rescaled" in markdown.render(compose(report))


def test_a_direction_comes_with_its_reason() -> None:
    """Only where information was lost is a direction said, and then why."""
    text = markdown.render(compose(deep_reports.upscaled()))
    said = "Direction: the subject is the later one, because layers of the base stand in the"
    assert said in text
    assert "Direction: undetermined." in markdown.render(compose(deep_reports.fine_tune()))
    finding = reports.matching(direction="subject-to-base")
    text = markdown.render(compose(reports.report(DeclarationVerdict.UNDECLARED, finding)))
    assert "Direction: the base is the later one. " in text


def test_what_was_left_aside_is_listed() -> None:
    """Notes of a deeper look stand below the evidence; of many, a dozen and a number."""
    text = markdown.render(compose(deep_reports.upscaled()))
    assert "**What was left aside or could not be done**" in text
    assert "- not compared: model.extra.weight (subject): no counterpart in the base" in text
    many = reports.matching(notes=tuple(f"note {i}" for i in range(40)))
    text = markdown.render(compose(reports.report(DeclarationVerdict.UNDECLARED, many)))
    assert "- 28 more are in report.json" in text


def test_a_merge_gives_shares_with_intervals() -> None:
    """The first table has the share, the section the interval, the page every layer."""
    report = deep_reports.merged()
    source = markdown.render(compose(report))
    assert "related: 62.0 % of a merge" in source
    assert "| `acme/math-7b@9f8e7d6` | 62.0 % | 61.2 % to 62.8 % |" in source
    assert re.search("^acme/math-7b   [\u2581-\u2588]{32}$", source, re.MULTILINE)
    text = html.render(compose(report))
    chart = next(s for s in re.findall(r"<svg.*?</svg>", text, re.DOTALL) if "polyline" in s)
    root = ET.fromstring(chart)  # noqa: S314
    assert sum(e.tag == "polyline" for e in root.iter()) == 2
    labels = [e.get("aria-label") or "" for e in root.iter() if e.get("class") == "layer"]
    assert len(labels) == 32
    assert labels[4] == (
        "layer 4: acme/math-7b 76.3 % (73.3 % to 79.3 %), other/code-7b 23.7 % (20.7 % to 26.7 %)"
    )


def test_a_merge_without_layers_has_no_chart() -> None:
    """One share for the whole model is a table; shares that are no numbers are dashes."""
    whole = MergeShare(layer=-1, share=0.5, low=0.4, high=0.6)
    finding = reports.matching(shares=(whole,))
    report = reports.report(DeclarationVerdict.UNDECLARED, finding)
    assert "polyline" not in html.render(compose(report))
    assert "40.0 % to 60.0 %" in markdown.render(compose(report))
    odd = reports.matching(
        shares=tuple(
            MergeShare(layer=i, share=math.nan, low=math.inf, high=1e9) for i in (-1, 0, 1)
        )
    )
    report = reports.report(DeclarationVerdict.UNDECLARED, odd)
    assert not re.search(r"\b(nan|inf)\b", html.render(compose(report)))


def test_many_bases_share_one_chart() -> None:
    """Four lines are told apart; more bases stand in the table."""
    one = (MergeShare(layer=0, share=0.1, low=0.0, high=0.2),)
    text = share_chart.element(tuple(Series(name=f"a/{i}", layers=one) for i in range(9)))
    assert text.count("<polyline") == 4


def test_the_model_card_shows_the_picture() -> None:
    """The section has the heat map as an image with a text for those who cannot see it."""
    page = markdown_page(section.render(deep_reports.fine_tune()))
    images = {value for tag, key, value in page.attributes if (tag, key) == ("img", "src")}
    assert images == {section.BADGE_FILE, section.ORDER_FILE, section.HEAT_MAP_FILE}
    said = [value for tag, key, value in page.attributes if (tag, key) == ("img", "alt")][-1]
    assert said == (
        "Heat map: how far the weights moved from acme/base-7b. "
        "Least: MLP down of layer 0: unchanged. Most: MLP up of layer 31: replaced."
    )


def test_the_comment_has_the_strip() -> None:
    """A comment on a pull request shows the strip, folded, and sheds it before the first screen."""
    report = deep_reports.fine_tune()
    assert "layers      0 to 31" in comment(report)
    short = comment(report, limit=2_300)
    assert "layers      0 to 31" not in short
    assert "heat map" in short
    assert short.startswith("### hubcheck: the weights match")
