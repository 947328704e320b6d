"""The document says the right thing for each verdict, and never more."""

from __future__ import annotations

import re
from typing import Any

import pytest

from hubcheck.card import html, markdown, table
from hubcheck.card.compose import compose
from hubcheck.card.document import Details, raw_text
from hubcheck.card.explain import TEXTS
from hubcheck.report.phrases import because, clauses
from hubcheck.report.schema import BaseModelRef, Finding, Licence, Policy, Report
from hubcheck.report.words import (
    DeclarationVerdict,
    Depth,
    EvidenceKind,
    ReasonCode,
    RelationKind,
    Verdict,
)
from tests.card import reports
from tests.card.reports import cases, matching, report, unrelated, untested

FORBIDDEN = re.compile(r"\b(?:original|clean|certified|stolen|theft|guilty)\w*", re.IGNORECASE)


def first_line(subject: Report) -> str:
    """Return the title as a terminal shows it."""
    return table.summary(subject).splitlines()[0]


def declared(**changes: Any) -> Any:
    """Return a declared match."""
    base = BaseModelRef(ref="acme/base-7b", revision=reports.DECLARED_COMMIT, created="")
    fields: dict[str, Any] = {"declared": True, "base": base, "proposed_by": ("README.md line 4",)}
    return matching(**(fields | changes))


LATER = matching(
    base=BaseModelRef(ref="x/later", revision=reports.OTHER_COMMIT, created="2026-05-01T00:00:00Z"),
    found_by="search",
    proposed_by=("same shapes",),
)


@pytest.mark.parametrize("name", sorted(cases()))
def test_forbidden_words_never_appear(name: str) -> None:
    """No card, page or summary judges people or promises what weights cannot show."""
    document = compose(cases()[name])
    for text in (markdown.render(document), table.summary(cases()[name])):
        assert not FORBIDDEN.search(text)
    assert not FORBIDDEN.search(html.render(document))


def test_forbidden_words_never_explained() -> None:
    """The explanations keep to the same words."""
    assert not any(FORBIDDEN.search(text) for text in TEXTS.values())


@pytest.mark.parametrize("name", sorted(cases()))
def test_every_match_says_what_related_means(name: str) -> None:
    """A card with a match says derivation either way, common ancestor or initialisation."""
    text = markdown.render(compose(cases()[name]))
    assert "a common ancestor or a common initialisation" in text
    assert "does not say who copied whom" in text
    assert "Distillation leaves no trace in weights" in text


@pytest.mark.parametrize(
    ("verdict", "findings", "title"),
    [
        (
            DeclarationVerdict.CONFIRMED,
            (declared(verdict=Verdict.IDENTICAL, units_tested=0, log10_p=0.0),),
            "hubcheck: the weights are identical to the declared base acme/base-7b  (confirmed)",
        ),
        (
            DeclarationVerdict.CONFIRMED,
            (declared(), declared(base=BaseModelRef(ref="b/b", revision="local", created=""))),
            "hubcheck: the weights match every declared base: acme/base-7b, b/b  (confirmed)",
        ),
        (
            DeclarationVerdict.CONTRADICTED,
            (unrelated(),),
            "hubcheck: the card says acme/base-7b, the weights do not match it  (contradicted)",
        ),
        (
            DeclarationVerdict.CONTRADICTED,
            (unrelated(proposed_by=("--base",)), matching()),
            "hubcheck: the card says acme/base-7b, the weights match other/base-7b  (contradicted)",
        ),
        (
            DeclarationVerdict.UNDECLARED,
            (declared(), matching()),
            (
                "hubcheck: the card says acme/base-7b, the weights also match other/base-7b  "
                "(undeclared)"
            ),
        ),
        (
            DeclarationVerdict.UNDECLARED,
            (untested("acme/base-7b", "gated"), matching()),
            (
                "hubcheck: the card says acme/base-7b (not settled), the weights match "
                "other/base-7b  (undeclared)"
            ),
        ),
        (
            DeclarationVerdict.NONE_FOUND,
            (unrelated(declared=False),),
            (
                "hubcheck: the card declares no base, and the weights do not match the one tested, "
                "acme/base-7b  (none-found)"
            ),
        ),
        (
            DeclarationVerdict.INCONCLUSIVE,
            (cases()["parts"].findings[0].model_copy(update={"declared": True}),),
            "hubcheck: parts of the weights match other/base-7b, the body does not  (inconclusive)",
        ),
        (
            DeclarationVerdict.INCONCLUSIVE,
            (LATER,),
            (
                "hubcheck: the weights match x/later, which a search proposed; which came first is "
                "not known  (inconclusive)"
            ),
        ),
        (
            DeclarationVerdict.CONFIRMED,
            (declared(base=BaseModelRef(ref="/data/zoo/base", revision="local", created="")),),
            "hubcheck: the weights match the declared base …/zoo/base  (confirmed)",
        ),
        (
            DeclarationVerdict.INCONCLUSIVE,
            (untested("a/a", "gated"), untested("b/b", "gated")),
            (
                "hubcheck: nothing was compared: the declared bases a/a, b/b could not be tested  "
                "(inconclusive)"
            ),
        ),
    ],
)
def test_title(verdict: DeclarationVerdict, findings: tuple[Any, ...], title: str) -> None:
    """Each way to reach a declaration verdict has its own sentence."""
    assert first_line(report(verdict, *findings)) == title


def test_the_title_names_the_closest_unexplained_body() -> None:
    """The title's match is the closest by kept, a body before a part, never an explained one."""
    parts = cases()["parts"].findings[0].model_copy(update={"kept": 1.0})
    far = matching(
        ref="x/far", base=BaseModelRef(ref="x/far", revision="local", created=""), kept=0.5
    )
    near = matching(
        ref="x/near", base=BaseModelRef(ref="x/near", revision="local", created=""), kept=0.6
    )
    known = matching(explained_by="acme/base-7b", kept=0.999)
    subject = report(DeclarationVerdict.UNDECLARED, parts, far, near, known)
    assert "the weights match x/near" in first_line(subject)


def test_common_initialisation_is_never_accused() -> None:
    """Where only starting values agree, a contradicted card does not name that model."""
    start = cases()["common-initialisation"].findings[0]
    subject = report(DeclarationVerdict.CONTRADICTED, unrelated(), start)
    assert "acme/seed-7b" not in first_line(subject)


def test_prose_stops_at_ten_billion() -> None:
    """However small the bound, the card says below 1 in 10 billion and no smaller number."""
    text = markdown.render(compose(report(DeclarationVerdict.UNDECLARED, matching(log10_p=-4000))))
    assert "4000" not in text
    assert "below 1 in 10 billion, if the stated assumptions hold" in text


def test_a_weaker_bound_is_given_as_it_is() -> None:
    """A bound above the floor is printed with its own odds."""
    weak = matching(verdict=Verdict.DISGUISED, log10_p=-2.1, relation=None)
    text = table.summary(report(DeclarationVerdict.UNDECLARED, weak))
    assert "at most 1 in 120 (calibrated on small models)" in text


def test_what_is_declared_and_no_name_is_not_called_undeclared() -> None:
    """`base_model: ./base` declares something: the title says what is wrong with it."""
    assert "what is declared as the base is the name of no model" in table.summary(
        cases()["no-name-declared"]
    )
    assert "no base is declared" in table.summary(cases()["nothing-declared"])


@pytest.mark.parametrize("ref", ["a;rm -rf", "-rf", "a b", "$(id)", "a`id`", "é/é", ""])
def test_next_step_never_pastes_a_dangerous_name(ref: str) -> None:
    """A subject whose name a shell would interpret is not put into a command line."""
    subject = cases()["nothing-declared"]
    risky = subject.model_copy(update={"subject": subject.subject.model_copy(update={"ref": ref})})
    assert "hubcheck check SUBJECT --base ORG/NAME" in table.summary(risky)


@pytest.mark.parametrize(
    ("depth", "finding", "step"),
    [
        (Depth.HEADERS, untested("a/a", "no weights were read"), "read more: hubcheck check"),
        (Depth.SAMPLE, untested("a/a", because(ReasonCode.BUDGET, detail="x")), "allow more to"),
        (Depth.SAMPLE, untested("a/a", "gated, and no token with access"), "ask the owner"),
        (Depth.SAMPLE, untested("a/a", "no shared order"), "test another base"),
        (Depth.SAMPLE, unrelated(verdict=Verdict.INCONCLUSIVE), "read more: hubcheck check"),
        (Depth.DEEP, unrelated(verdict=Verdict.INCONCLUSIVE), "see the reason"),
        (Depth.SAMPLE, LATER, "yours came first? nothing to do; made from it? declare it"),
        (Depth.SAMPLE, cases()["parts"].findings[0], "say so in the card"),
    ],
)
def test_each_open_end_has_a_way_on(depth: Depth, finding: Finding, step: str) -> None:
    """An inconclusive card names the one thing that could settle it."""
    subject = report(DeclarationVerdict.INCONCLUSIVE, finding, depth=depth)
    line = next(x for x in table.summary(subject).splitlines() if x.startswith("Next: "))
    assert step in line


def test_a_match_in_few_families_says_so() -> None:
    """Where only some families match, the count of families stands beside the count of units."""
    few = matching(units_hit=72, units_tested=1112, families_hit=3, families_tested=10)
    text = table.summary(report(DeclarationVerdict.UNDECLARED, few))
    assert (
        "72 of 1,112 sampled units lie where the base has them (chance: about 10), "
        "in 3 of 10 families"
    ) in text


def test_local_folders_have_no_commit() -> None:
    """A folder is named as it is, without a short commit."""
    subject = cases()["confirmed"]
    local = subject.model_copy(
        update={"subject": subject.subject.model_copy(update={"revision": "local", "ref": "./new"})}
    )
    assert table.summary(local).splitlines()[-1] == "Read 12.4 MB of 15.2 GB in 9 s - ./new"


def test_sections_are_complete_and_in_order() -> None:
    """The folded sections come in one order; context is labelled as no evidence."""
    subject = cases()["contradicted"].model_copy(
        update={"warnings": ("one",), "licence": Licence(flags=clauses("notice missing"))}
    )
    names = [raw_text(b.summary) for b in compose(subject).blocks if isinstance(b, Details)]
    assert [name.split(":")[0] for name in names] == [
        "The order of the units, beside chance",
        "2 warnings",
        "Limits",
        "Check it yourself",
        "Evidence",
        "Evidence",
        "Architecture, side by side",
        "Family tree",
        "Context, no evidential value",
    ]
    text = markdown.render(compose(subject))
    assert "licence: notice missing" in text
    assert "--seed 1234567" in text
    assert reports.SUBJECT_COMMIT in text


@pytest.mark.parametrize("kind", list(RelationKind))
def test_every_relation_has_a_cell(kind: RelationKind) -> None:
    """Each relation renders; only parts and common initialisation say that the body differs."""
    finding = matching(
        relation={"kind": kind, "detail": ""}, parts=cases()["parts"].findings[0].parts
    )
    text = table.summary(report(DeclarationVerdict.UNDECLARED, finding))
    assert ("the body does not match" in text) is (kind is RelationKind.PARTS)


def test_a_limit_is_not_said_twice() -> None:
    """A limit from the report takes the place of the standing sentence about the same thing."""
    text = markdown.render(compose(cases()["confirmed"]))
    assert text.count("Distillation leaves no trace in weights") == 1


def test_odd_but_possible_reports() -> None:
    """Sparse, long or unusual reports still give a whole card."""
    bare = matching(proposed_by=(), parts=(), evidence=(), relation=None, controls=None)
    many = matching(
        proposed_by=("a", "b", "c"),
        relation={"kind": RelationKind.PARTS, "detail": ""},
        parts=(),
        evidence=tuple(reports.evidence(family=f"neurons of layer {i}") for i in range(40)),
    )
    signs = reports.evidence(kind=EvidenceKind.CALIBRATED, log10_p=-2.0, note="a note", frame="")
    aside = reports.evidence(kind=EvidenceKind.CONTEXT, family="spectra", note="alike")
    start = reports.evidence(test="signs", family="signs", hits=60, units=60, log10_p=-18.06)
    odd = matching(evidence=(signs, aside, start))
    subject = report(
        DeclarationVerdict.UNDECLARED,
        *(bare, many, odd),
        *(matching() for _ in range(25)),
        warnings=tuple(f"warning {i}" for i in range(50)),
        policy=Policy(fail_on=()),
        replay="",
        max_read=0,
        limits=(),
    )
    text = markdown.render(compose(subject), limit=10**9)
    for sentence in (
        "8 more bases are in report.json.",
        "16 more families are in report.json.",
        "a, b and 1 more",
        "#parts) |",
        "10 more are in report.json",
        "at most 1 in 100",
        "spectra, alike",
        "fails on nothing",
        "model trained on another's answers",
    ):
        assert sentence in text
    assert html.render(compose(subject)).count("<summary>") == text.count("<summary>")


@pytest.mark.parametrize(
    ("kind", "begin"),
    [
        (RelationKind.COMMON_INITIALISATION, "the weights share their initialisation with the"),
        (RelationKind.PARTS, "parts of the weights match the declared base"),
    ],
)
def test_a_declared_base_found_in_part(kind: RelationKind, begin: str) -> None:
    """Even if a policy counted it as confirmed, the title says what kind of match it is."""
    finding = declared(relation={"kind": kind, "detail": ""})
    assert begin in first_line(report(DeclarationVerdict.CONFIRMED, finding))


def test_a_context_without_differences() -> None:
    """Models of one shape get no asterisk and no legend for it."""
    whole = reports.context()
    line = whole.architecture[0]
    same = whole.model_copy(update={"architecture": (line, line)})
    subject = report(DeclarationVerdict.UNDECLARED, matching(), context=same)
    assert "asterisk" not in markdown.render(compose(subject))
