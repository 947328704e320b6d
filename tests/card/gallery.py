"""Writes the gallery as pages, and as pictures where Chromium is there.

``python -m tests.card.gallery DIR [--pictures]``
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from hubcheck.card import html
from hubcheck.card.compose import compose
from hubcheck.card.index import IndexEntry, index_html
from hubcheck.card.table import overview_row
from tests.card.browser import Browser
from tests.card.deep_reports import deep_cases
from tests.card.open_reports import open_cases
from tests.card.reports import cases

CASES: Final = cases() | deep_cases() | open_cases()
DESKTOP, PHONE, HIGH = 1000, 390, 1500


def write(folder: Path) -> tuple[Path, ...]:
    """Write a page for each state and an index; return the pages."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = []
    for name, report in sorted(CASES.items()):
        page = folder / f"{name}.html"
        page.write_text(html.render(compose(report)), encoding="utf-8")
        pages.append(page)
    entries = (IndexEntry(href=f"{n}.html", row=overview_row(r)) for n, r in sorted(CASES.items()))
    (folder / "index.html").write_text(index_html(tuple(entries)), encoding="utf-8")
    return tuple(pages)


def photograph(pages: tuple[Path, ...]) -> None:
    """Save each page as it looks on a desktop and a phone, light and dark."""
    with Browser() as browser:
        for page in pages:
            for width in (DESKTOP, PHONE):
                for dark in (False, True):
                    browser.show(page, width=width, height=HIGH, dark=dark)
                    scheme = "dark" if dark else "light"
                    browser.picture(page.with_name(f"{page.stem}-{width}-{scheme}.png"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", action="store_true")
    asked = parser.parse_args()
    written = write(asked.folder)
    if asked.pictures:
        photograph(written)
