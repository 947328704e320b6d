"""A page in a real browser: pointing, touching and the keyboard show the numbers of a heat map.

Needs Chromium, so it is run by its own name: ``python -m pytest tests/card/in_browser.py``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from hubcheck.card import heat_grid, html
from hubcheck.card.compose import compose
from hubcheck.cli import main
from tests.card.browser import Browser
from tests.card.deep_reports import deep_cases

PICTURES: Final = os.environ.get("HUBCHECK_PICTURES", "")
"""A folder for what was seen, where somebody wants to look."""
VISIBLE: Final = (
    "[...document.querySelectorAll('.told text')]"
    ".filter(t => getComputedStyle(t).visibility === 'visible').map(t => t.textContent)"
)
PLACE: Final = (
    "(() => {{ const e = [...document.querySelectorAll('.layer')][{layer}]"
    ".querySelectorAll('.one')[{row}].firstChild; e.scrollIntoView({{block: 'center'}});"
    "const c = e.getBoundingClientRect();"
    "return [c.x + c.width / 2, c.y + c.height / 2]; }})()"
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return one browser for all tests."""
    with Browser() as one:
        yield one


def opened(browser: Browser, folder: Path, name: str, *, width: int = 1000, **kind: Any) -> None:
    """Show the page of a case."""
    path = folder / "card.html"
    path.write_text(html.render(compose(deep_cases()[name])), encoding="utf-8")
    browser.show(path, width=width, height=1400, **kind)


def seen(browser: Browser, name: str) -> None:
    """Save what is seen where somebody wants to look."""
    if PICTURES:
        browser.picture(Path(PICTURES) / f"{name}.png")


@pytest.mark.parametrize("dark", [False, True])
def test_pointing_at_a_cell_reads_its_numbers(browser: Browser, tmp_path: Path, dark: bool) -> None:
    """The sentence of the cell and the numbers of its layer show; nothing shows before."""
    opened(browser, tmp_path, "fine-tune-full", dark=dark)
    assert browser.value(VISIBLE) == []
    seen(browser, f"page-{dark}")
    ((_, grid),) = heat_grid.mapped(deep_cases()["fine-tune-full"])
    for layer, row in ((7, 2), (0, 0), (3, 3), (31, 8)):
        browser.point(*browser.value(PLACE.format(layer=layer, row=row)))
        cell = grid.rows[row].cells[layer]
        told = heat_grid.told(grid.rows[row].role.name, grid.columns[layer], cell, grid)
        said = {line for line in told if line}
        shown = browser.value(VISIBLE)
        assert said <= set(shown)
        amounts = [heat_grid.amount(c) if c else heat_grid.missing(grid) for c in
                   (r.cells[layer] for r in grid.rows)]  # fmt: skip
        assert [t for t in shown if t not in said] == [f"layer {layer}", *amounts]
        seen(browser, f"hover-{layer}-{row}-{dark}")


def test_the_keyboard_reads_layer_by_layer(browser: Browser, tmp_path: Path) -> None:
    """From the summary of the map on, each tab is a layer, then the parts without one."""
    opened(browser, tmp_path, "fine-tune-full")
    browser.point(2, 2)
    browser.value("document.querySelector('.layer').closest('details').firstElementChild.focus()")
    for layer in range(32):
        browser.press("Tab")
        assert browser.value(VISIBLE)[0] == f"layer {layer}"
    seen(browser, "keyboard")
    browser.press("Tab")
    assert browser.value(VISIBLE)[0].startswith("embedding: moved by 0.07 % of its size")


def test_a_finger_reads_a_cell(browser: Browser, tmp_path: Path) -> None:
    """A tap on a phone shows what the mouse shows."""
    opened(browser, tmp_path, "fine-tune-full", width=420)
    browser.value(
        "document.querySelectorAll('.layer')[7].firstChild.firstChild.scrollIntoView({block: 'center'})"
    )
    browser.touch(*browser.value(PLACE.format(layer=7, row=2)))
    assert any(t.startswith("layer 7, attention q: moved by 0.") for t in browser.value(VISIBLE))
    seen(browser, "phone")


def test_shares_are_read_the_same_way(browser: Browser, tmp_path: Path) -> None:
    """The chart of a merge shows both shares of the layer that is pointed at."""
    opened(browser, tmp_path, "merged")
    place = (
        "(() => { const e = document.querySelectorAll('.layer .hit')[4];"
        "e.scrollIntoView({block: 'center'}); const c = e.getBoundingClientRect();"
    )
    browser.point(*browser.value(place + "return [c.x + c.width / 2, c.y + 20]; })()"))
    (text,) = browser.value(VISIBLE)
    assert text.startswith("layer 4: acme/math-7b 76.3 % (")
    seen(browser, "shares")


def test_an_answer_is_printed(tmp_path: Path) -> None:
    """The page for who is accused becomes a PDF with its text in both languages."""
    report = tmp_path / "report.json"
    report.write_text(deep_cases()["fine-tune-full"].model_dump_json(), encoding="utf-8")
    page, pdf = tmp_path / "answer.html", tmp_path / "answer.pdf"
    assert main(["answer", str(report), "--out", str(page), "--pdf", str(pdf)]) == 0
    data = pdf.read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    assert len(re.findall(rb"/Type\s*/Page\b", data)) >= 1
    if PICTURES:
        (Path(PICTURES) / "answer.pdf").write_bytes(data)


def test_nothing_runs_and_nothing_is_asked_for(browser: Browser, tmp_path: Path) -> None:
    """The page's own policy refuses a script that got in, and the page is not broader than asked."""
    path = tmp_path / "card.html"
    text = html.render(compose(deep_cases()["fine-tune-full"]))
    path.write_text(text.replace("</main>", "<script>window.ran = 1</script></main>"), "utf-8")
    browser.show(path, width=420, height=900)
    assert browser.value("window.ran === undefined")
    assert browser.value("document.documentElement.scrollWidth") <= 420
