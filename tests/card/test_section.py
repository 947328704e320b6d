"""The section of a model card says what was found, when, about which commits, and how to repeat."""

from __future__ import annotations

import pytest

from hubcheck.card import section
from hubcheck.publish.model_card import current_section, with_section
from hubcheck.report.words import DeclarationVerdict
from tests.card.deep_reports import merged, upscaled
from tests.card.payloads import PAYLOADS
from tests.card.rendered import LATE_FILTERS, markdown_page, seen
from tests.card.reports import DECLARED_COMMIT, OTHER_COMMIT, SUBJECT_COMMIT, cases
from tests.card.test_hostile_report import GLOSSARY_LINKS, poisoned

TAGS = frozenset(
    {"h2", "p", "strong", "code", "img", "a", "table", "thead", "tbody", "tr", "th", "td"}
)


@pytest.mark.parametrize("name", cases())
def test_the_sentence_the_commits_and_the_way_back(name: str) -> None:
    """Every report gives a verdict sentence, the date, the commits, a command and a link."""
    report = cases()[name]
    text = section.render(report)
    page = markdown_page(text)
    assert f"({report.verdict.value})" in page.text
    assert report.finished[:10] in page.text
    assert report.subject.revision in page.text
    for finding in report.findings[: section.COMMITS_NAMED]:
        assert (finding.base.revision in page.text) is (finding.status == "tested")
    assert "hubcheck replay provenance/hubcheck.json" in page.text
    assert ("a", "href", section.REPORT_FILE) in page.attributes
    assert ("img", "src", section.BADGE_FILE) in page.attributes
    assert page.tags.count("table") == bool(report.findings)
    assert set(page.tags) <= TAGS
    assert text == section.render(report)


def test_both_commits_of_a_contradiction() -> None:
    """The subject's commit and those of all tested bases stand there in full."""
    text = section.render(cases()["contradicted"])
    for commit in (SUBJECT_COMMIT, DECLARED_COMMIT, OTHER_COMMIT):
        assert commit in text
    assert (
        "**The card says `acme/base-7b`, the weights match `other/base-7b`** (contradicted)."
        in text
    )


@pytest.mark.parametrize("name", cases())
def test_out_of_date_is_said_first(name: str) -> None:
    """A section about weights that are gone begins by saying so, and so does its badge."""
    text = section.render(cases()[name], newer="f" * 40)
    page = markdown_page(text)
    assert seen(page.text).startswith("Provenance Out of date: the weights at fffffff are not")
    alternative = next(v for tag, key, v in page.attributes if (tag, key) == ("img", "alt"))
    assert alternative.startswith("lineage: out of date: weights changed since abc1234")


def test_a_folder_is_named_by_its_digest() -> None:
    """A model without a commit is identified by what its weights hash to."""
    report = cases()["confirmed"]
    subject = report.subject.model_copy(update={"ref": "./models/x", "revision": "local"})
    text = section.render(report.model_copy(update={"subject": subject}))
    assert f"from a folder, weights digest `{report.subject.weights_digest}`" in text


def test_many_bases_do_not_fill_the_card() -> None:
    """Full commits are written for the first few; the report has them all."""
    report = cases()["none-found"]
    many = report.model_copy(update={"findings": report.findings * 9})
    assert ", and 22 more in the report." in section.render(many)


@pytest.mark.parametrize("verdict", DeclarationVerdict)
def test_no_word_is_said_that_must_not_be(verdict: DeclarationVerdict) -> None:
    """No verdict praises or accuses."""
    for report in cases().values():
        text = section.render(report.model_copy(update={"verdict": verdict})).lower()
        assert not any(word in text for word in ("original", "clean", "certified", "stolen"))


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_text_stays_text(payload: str) -> None:
    """Names from a repository bring no element, link or mention, and never end the section."""
    for report in (*cases().values(), upscaled(), merged()):
        text = section.render(poisoned(report, payload), newer=payload)
        page = markdown_page(text)
        assert set(page.tags) <= TAGS
        links = {value for tag, key, value in page.attributes if key in {"href", "src"}}
        heat = {section.HEAT_MAP_FILE} if any(f.changes for f in report.findings) else set()
        ours = {section.REPORT_FILE, section.BADGE_FILE, section.CARD_FILE}
        assert links - GLOSSARY_LINKS - {section.ORDER_FILE} == ours | heat
        assert {key for _, key, _ in page.attributes} <= {"href", "src", "alt", "height", "width"}
        assert not LATE_FILTERS.search(page.prose.replace("provenance/hubcheck.json", ""))
        readme = with_section(b"# Model\n", text)
        assert current_section(readme) == text.strip("\n")
        assert with_section(readme, text) == readme
