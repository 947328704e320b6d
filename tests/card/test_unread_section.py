"""Does a card say which files it speaks of, however many it does not?"""

from __future__ import annotations

import pytest

from hubcheck.card import html, markdown, section, table
from hubcheck.card.compose import compose
from hubcheck.publish.github.body import page
from hubcheck.publish.github.stranger import without_free_text
from hubcheck.report.schema import Report, UnreadWeights
from hubcheck.report.words import DeclarationVerdict
from tests.card import reports


def confirmed(*unread: UnreadWeights) -> Report:
    """Return a confirmed report about a subject with these files beside its weights."""
    found = reports.matching(declared=True)
    subject = reports.with_unread(unread=unread)
    return reports.report(DeclarationVerdict.CONFIRMED, found, subject=subject)


def other(path: str = "pytorch_model.bin", *, size: int = 2_000_000_000, same: str = "") -> (
    UnreadWeights
):  # fmt: skip
    """Return one file that was not read."""
    return UnreadWeights(path=path, size=size, sha256="cd" * 32, why="other-format", same_as=same)


def test_every_surface_names_what_was_read_and_what_was_not() -> None:
    """Comment, card, page, model card and terminal carry the line on their first screen."""
    report = confirmed(other())
    document = compose(report)
    surfaces = (
        markdown.render(document),
        html.render(document),
        page(report),
        section.render(report),
        table.summary(report),
    )
    for text in surfaces:
        first = text.split("<details", 1)[0]
        assert "Speaks of" in first
        assert "model.safetensors" in first
        assert "pytorch_model.bin" in first
        assert "(2.0 GB, another format)" in first


def test_nothing_left_over_says_nothing() -> None:
    """A repository with one set of weights gets no line about others."""
    assert "not read" not in table.summary(confirmed())


def test_where_nothing_was_tested_nothing_is_spoken_of() -> None:
    """Without a tested base there is no verdict whose files could be named."""
    report = reports.report(
        DeclarationVerdict.INCONCLUSIVE,
        reports.untested("acme/base", "gated"),
        subject=reports.with_unread(),
    )
    assert "Speaks of" not in table.summary(report)


def test_a_long_list_is_counted_and_stays_short() -> None:
    """Thousands of files make one line of bounded length and a table of bounded rows."""
    report = confirmed(*(other(f"{'d' * 300}/{n}.bin", size=1_000_000) for n in range(5000)))
    line = next(t for t in table.summary(report).splitlines() if t.startswith("Speaks"))
    assert "and 4,996 more weight files (5.0 GB)" in line
    assert len(line) < 500
    assert len(markdown.render(compose(report)).encode()) < 40_000
    assert "4,960 more are in report.json" in markdown.render(compose(report))


def test_the_same_bytes_need_alarm_nobody() -> None:
    """A second name of a file that was read is named as that."""
    said = table.summary(confirmed(other("copy.safetensors", same="model.safetensors")))
    assert "copy.safetensors (2.0 GB, the same bytes as model.safetensors)" in said


@pytest.mark.parametrize("name", ["a|b`c<script>.bin", "x\n::error::y.bin", "\u202enib.bin"])
def test_names_are_shown_as_text(name: str) -> None:
    """A file name cannot leave its place on any surface."""
    report = confirmed(other(name))
    assert "<script>" not in html.render(compose(report))
    assert "\n::error" not in table.summary(report)
    assert "<script>" not in markdown.render(compose(report))
    for text in (markdown.render(compose(report)), table.summary(report)):
        assert "\u202e" not in text


def test_of_a_strangers_report_the_count_is_shown_and_no_name() -> None:
    """A fork can make the comment say that weights were not read, and how many; not what."""
    shown = table.summary(without_free_text(confirmed(other("vote-for-me.bin"), other())))
    assert "Speaks of the weights that were read; not read: 2 more weight files (4.0 GB)." in shown
    assert "vote" not in shown
