"""The first screen says no more than what was compared, and names what accuses nobody."""

from __future__ import annotations

from typing import Any

import pytest

from hubcheck.card import badge, html, markdown, table
from hubcheck.card.compose import compose
from hubcheck.report.phrases import text as said
from hubcheck.report.schema import BaseModelRef, Finding, PartVerdict, Relation, Report
from hubcheck.report.words import (
    DeclarationVerdict,
    EvidenceKind,
    Holds,
    ReasonCode,
    RelationKind,
    Verdict,
)
from tests.card.reports import DECLARED_COMMIT, cases, evidence, matching, report, unrelated

INCONCLUSIVE = DeclarationVerdict.INCONCLUSIVE


def declared(**changes: Any) -> Finding:
    """Return a declared base that matches."""
    base = BaseModelRef(ref="acme/base-7b", revision=DECLARED_COMMIT, created="")
    fields: dict[str, Any] = {
        "base": base,
        "declared": True,
        "found_by": "named",
        "proposed_by": ("README.md line 4",),
    }
    return matching(**(fields | changes))


def rest_open(**changes: Any) -> Finding:
    """Return a base of which the embeddings match and no body order could be tested."""
    fields: dict[str, Any] = {
        "verdict": Verdict.INCONCLUSIVE,
        "code": ReasonCode.REST_NOT_COMPARED,
        "reason": "the embeddings match; 67% of the parameters were not compared (MLP)",
        "relation": None,
        "parts": (
            PartVerdict(name="embeddings", verdict=Verdict.RELATED, log10_p=-48.0, kept=0.98),
            PartVerdict(name="body", verdict=Verdict.NOT_TESTED, log10_p=0.0, kept=0.0),
        ),
        "compared": 0.33,
        "held": 0.0,
        "order_tested": 0.0,
        "not_compared": ("MLP 57%",),
    }
    return declared(**(fields | changes))


def screen(subject: Report) -> list[str]:
    """Return the lines that a terminal shows: title, lead, table, next step."""
    return table.summary(subject).splitlines()


def test_a_match_in_part_of_the_parameters_says_in_how_much() -> None:
    """Related, of which 60 % were compared: title and evidence say so, and what was left out."""
    subject = report(INCONCLUSIVE, declared(compared=0.6, not_compared=("experts 38%",)))
    title, lead, *_ = screen(subject)
    assert title == (
        "hubcheck: the weights match acme/base-7b in the 60.0 % of the parameters compared  "
        "(inconclusive)"
    )
    assert lead.startswith("A match like this by chance: below 1 in 10 billion (exact).")
    said = "Values compared in 60.0 % of the parameters (neither compared nor tested: experts 38%);"
    assert said in markdown.render(compose(subject))
    assert "Next: see in the evidence what was not compared" in "\n".join(screen(subject))


def test_the_evidence_of_a_whole_comparison_names_nothing_left_out() -> None:
    """The same finding, wholly compared: no share in the title."""
    title = screen(report(DeclarationVerdict.CONFIRMED, declared()))[0]
    assert title == "hubcheck: the weights match the declared base acme/base-7b  (confirmed)"


def test_names_of_what_was_not_compared_are_text() -> None:
    """A stored report is hostile: what it calls not compared brings no element and no command."""
    finding = declared(compared=0.6, not_compared=("<b>x</b>\x1b[31m", "![a](b)"))
    text = markdown.render(compose(report(INCONCLUSIVE, finding)))
    page = html.render(compose(report(INCONCLUSIVE, finding)))
    assert "<b>x" not in text + page
    assert "\x1b" not in text + page
    assert "![a](b)" not in text


@pytest.mark.parametrize("parts", [True, False])
def test_a_rest_that_was_not_tested_is_never_called_a_mismatch(parts: bool) -> None:
    """Whatever says that parts match: nothing says of an untested body that it does not match."""
    tower = PartVerdict(
        name="vision tower", verdict=Verdict.RELATED, log10_p=-60.0, kept=0.99, tower=True
    )
    relation = Relation(
        kind=RelationKind.PARTS, holds=Holds.PART,
        detail=(said("vision tower: 40% of the parameters were not compared"),),
    )  # fmt: skip
    finding = rest_open() if parts else declared(relation=relation, parts=(tower,), compared=0.6)
    subject = report(INCONCLUSIVE, finding)
    text = markdown.render(compose(subject))
    assert "does not match" not in text
    assert "the body does not" not in text
    assert screen(subject)[0] == (
        "hubcheck: parts of the weights match acme/base-7b, the rest is open  (inconclusive)"
    )


def test_a_rest_that_was_not_compared_says_how_much() -> None:
    """The share stands in the table, and the lead does not deny the part that matches."""
    subject = report(INCONCLUSIVE, rest_open())
    lines = screen(subject)
    assert lines[1] == (
        "The table says what matches; of the rest neither a match nor its absence is shown. "
        "It does not say who copied whom."
    )
    assert "67% of the parameters were not compared" in markdown.render(compose(subject))


def test_a_body_that_was_tested_and_differs_says_so() -> None:
    """The other way round: where the body was tested, the title says that it does not match."""
    title = screen(report(INCONCLUSIVE, cases()["parts"].findings[0]))[0]
    assert "parts of the weights match other/base-7b, the body does not" in title


@pytest.mark.parametrize("verdict", [DeclarationVerdict.CONFIRMED, INCONCLUSIVE])
def test_one_tower_is_not_called_a_part_of_the_other(verdict: DeclarationVerdict) -> None:
    """Base or subject is a tower and nothing else: which of the two is not claimed."""
    relation = Relation(
        kind=RelationKind.PARTS, holds=Holds.WHOLE,
        detail=(said("vision tower: all that the base holds"),),
    )  # fmt: skip
    title = screen(report(verdict, declared(relation=relation, parts=())))[0]
    assert "a tower matches" in title
    assert "acme/base-7b; one of the two models holds nothing else but heads" in title


def test_a_tower_that_differs_is_named() -> None:
    """A body that matches beside a large tower that does not: the title says which."""
    tower = PartVerdict(
        name="vision tower", verdict=Verdict.UNRELATED, log10_p=0.0, kept=0.0, tower=True,
        share=0.3, base_share=0.3,
    )  # fmt: skip
    subject = report(INCONCLUSIVE, declared(parts=(*matching().parts, tower)))
    assert screen(subject)[0] == (
        "hubcheck: the body matches acme/base-7b, not the vision tower  (inconclusive)"
    )


@pytest.mark.parametrize("verdict", [DeclarationVerdict.CONFIRMED, INCONCLUSIVE])
def test_an_upstream_match_is_on_the_first_screen_and_the_badge(
    verdict: DeclarationVerdict,
) -> None:
    """An explanation by weights alone launders nothing, whoever owns the base."""
    upstream = matching(ref="other/base-7b", explained_by="acme/base-7b", upstream=True)
    subject = report(verdict, declared(), upstream)
    lead = screen(subject)[1]
    assert "The declared base acme/base-7b itself matches other/base-7b, and" in lead
    assert "neither names the other: undeclared-upstream" in lead
    assert "undeclared-upstream" in badge.message(subject)
    known = report(verdict, declared(), upstream.model_copy(update={"upstream": False}))
    assert "undeclared-upstream" not in table.summary(known) + badge.message(known)


def test_a_match_that_a_search_proposed_is_not_dated() -> None:
    """Alone, the title says that which came first is not known."""
    found = matching(found_by="search", proposed_by=("same shapes",))
    title = screen(report(INCONCLUSIVE, found))[0]
    assert "which a search proposed; which came first is not known" in title


def test_a_match_that_a_search_proposed_beside_a_declared_one() -> None:
    """Beside a declared base, matched or not, the lead says it."""
    found = matching(found_by="search", proposed_by=("same shapes",))
    said = "which a search proposed; which came first is not known: match-undated."
    for first in (declared(), unrelated(verdict=Verdict.INCONCLUSIVE)):
        assert said in screen(report(INCONCLUSIVE, first, found))[1]
    explained = found.model_copy(update={"explained_by": "acme/base-7b"})
    assert said not in table.summary(report(DeclarationVerdict.CONFIRMED, declared(), explained))


def test_equal_tensors_are_counted() -> None:
    """A match that rests on equal tensors says how many of them are, and gives no bound."""
    row = evidence(
        test="identity", family="tensors equal bit for bit", kind=EvidenceKind.IDENTITY,
        part="model", frame="", layers=(), units=104, hits=103, log10_p=-900.0, kept=0.0,
        ceiling=0.0, log10_e=0.0, control_hits=-1, detectable_kept=0.0,
    )  # fmt: skip
    found = declared(
        evidence=(row,), log10_p=0.0, log10_p_without_strongest=0.0, families_hit=0,
        families_tested=0, units_hit=0, units_tested=0, parts=(),
        relation=Relation(
            kind=RelationKind.UNDETERMINED, detail=(said("103 of 104 tensors are equal"),)
        ),
    )  # fmt: skip
    subject = report(DeclarationVerdict.CONFIRMED, found)
    text = table.summary(subject)
    assert "103 of 104 tensors compared are equal, bit for bit." in text
    assert "103 of 104 tensors equal bit for bit" in text
    assert "by chance" not in text


@pytest.mark.parametrize("other", [declared(), rest_open(), declared(verdict=Verdict.INCONCLUSIVE)])
def test_a_teacher_speaks_for_no_other_base(other: Finding) -> None:
    """Beside a base whose weights are claimed nothing says that none are, whatever came of it."""
    base = BaseModelRef(ref="acme/teacher", revision=DECLARED_COMMIT, created="")
    teacher = unrelated(base=base, declared=True, taught=True)
    alone, beside = (
        screen(report(INCONCLUSIVE, *bases))[1] for bases in ((teacher,), (teacher, other))
    )
    assert alone.startswith("No weights inherited, none claimed: the card says that this model was")
    assert "none claimed" not in beside
    assert "inherited" not in beside
