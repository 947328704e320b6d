"""What does the site consist of, and does every link of it lead somewhere?

``python -m website.pages FOLDER`` writes the pages of ``docs/``, the gallery's cards and a
configuration for MkDocs into a folder; ``mkdocs build --strict`` makes the site of it. A link to a
file that is no page of the site becomes one to the repository, if that file is there.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.card import gallery

ROOT: Final = Path(__file__).parents[1]
DOCS: Final = ROOT / "docs"
REPOSITORY: Final = "https://github.com/hubcheck/hubcheck"
GOLDEN: Final = "tests/card/golden"
CARDS: Final = "cards"
SECTIONS: Final = {
    "Start": ("index", "tutorial", "faq", "first-day"),
    "Cards": ("card", "glossary", "gallery", "accused"),
    "Use": ("action", "hub", "serve", "checker", "api", "export", "audit", "history", "candidates"),
    "How it works": (
        "evidence",
        "relations",
        "closeness",
        "deep",
        "full",
        "devices",
        "behaviour",
        "limits",
        "attacks",
    ),
    "What is read": ("reading", "formats", "kinds", "axes"),
    "Measured": ("benchmark", "benchmarks"),
}
"""A page that no section names stands under the last one, so that none is lost."""
REST: Final = "More"
LINK: Final = re.compile(r"(\]\()([^)\s]+)(\))")
CODE: Final = re.compile(r"^```.*?^```|^(?: {4}|\t).*?$", re.DOTALL | re.MULTILINE)


class LostLinkError(Exception):
    """A page leads to a file that is not there."""


def write(folder: Path) -> Path:
    """Write pages and configuration; return the configuration.

    Raises:
        LostLinkError: A link of a page leads nowhere.
    """
    pages = folder / "pages"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DOCS, pages)
    gallery.write(pages / CARDS)
    for page in sorted(pages.rglob("*.md")):
        place = (DOCS / page.relative_to(pages)).parent
        page.write_text(rewritten(page.read_text("utf-8"), place), encoding="utf-8")
    shutil.copy(Path(__file__).with_name("style.css"), pages / "style.css")
    settings = folder / "mkdocs.yml"
    settings.write_text(json.dumps(configuration(pages), indent=2) + "\n", encoding="utf-8")
    return settings


def rewritten(text: str, place: Path) -> str:
    """Return a page whose links that leave the site lead to the repository.

    Args:
        text: The page.
        place: The folder it lies in.
    """
    pieces: list[str] = []
    last = 0
    for code in CODE.finditer(text):
        pieces += [_links(text[last : code.start()], place), code[0]]
        last = code.end()
    return "".join([*pieces, _links(text[last:], place)])


def _links(text: str, place: Path) -> str:
    return LINK.sub(lambda found: found[1] + _target(found[2], place) + found[3], text)


def _target(link: str, place: Path) -> str:
    path, hash_sign, anchor = link.partition("#")
    if not path or re.match(r"[a-z]+:", path):
        return link
    aim = Path(os.path.normpath(place / path))
    if not aim.exists():
        message = f"{place.relative_to(ROOT)}: {link} leads nowhere"
        raise LostLinkError(message)
    if aim.is_relative_to(DOCS) and aim.is_file():
        return link
    within = aim.relative_to(ROOT).as_posix()
    if within.startswith(f"{GOLDEN}/") and aim.suffix == ".md":
        return f"{CARDS}/{aim.stem}.html"
    kind = "tree" if aim.is_dir() else "blob"
    return f"{REPOSITORY}/{kind}/main/{within}{hash_sign}{anchor}"


def configuration(pages: Path) -> dict[str, object]:
    """Return the settings of MkDocs for a folder of pages; JSON is YAML."""
    return {
        "site_name": "hubcheck",
        "site_description": "Do these weights come from where the card says?",
        "repo_url": REPOSITORY,
        "edit_uri": "edit/main/docs/",
        "docs_dir": "pages",
        "site_dir": "site",
        "extra_css": ["style.css"],
        "nav": navigation(pages),
        "plugins": ["search"],
        "theme": {
            "name": "material",
            "font": False,  # nothing is asked of another server
            "features": ["navigation.tabs", "navigation.top", "toc.follow", "content.code.copy"],
            "palette": [
                {"media": "(prefers-color-scheme: light)", "scheme": "default", "primary": "white"},
                {"media": "(prefers-color-scheme: dark)", "scheme": "slate", "primary": "black"},
            ],
        },
        "markdown_extensions": [
            "tables",
            "admonition",
            "fenced_code",
            {"toc": {"permalink": True}},
        ],
        "validation": {
            "omitted_files": "info",
            "absolute_links": "warn",
            "unrecognized_links": "warn",
            "anchors": "warn",
        },
    }


def navigation(pages: Path) -> list[dict[str, list[str]]]:
    """Return the sections with their pages, each page once."""
    there = {page.stem for page in pages.glob("*.md")}
    found = [
        {title: [f"{name}.md" for name in names if name in there]}
        for title, names in SECTIONS.items()
    ]
    rest = sorted(there - {name for names in SECTIONS.values() for name in names})
    return [*found, *([{REST: [f"{name}.md" for name in rest]}] if rest else [])]


def links_of(page: Path) -> Iterator[str]:
    """Yield what a built page links to or shows, without its anchors."""
    text = page.read_text(encoding="utf-8")
    for found in re.finditer(r'<[a-z][^<>]*? (?:href|src)="([^"#?]+)', text):
        yield found[1]


def broken(site: Path) -> list[str]:
    """Return every link of a built site that leads to no file of it."""
    lost = [] if (site / "index.html").is_file() else [f"{site} holds no site"]
    for page in sorted(site.rglob("*.html")):
        for link in links_of(page):
            if re.match(r"[a-z]+:|//|/", link):
                continue
            aim = Path(os.path.normpath(page.parent / link))
            if not (aim.is_file() or (aim / "index.html").is_file()):
                lost.append(f"{page.relative_to(site)}: {link}")
    return lost


if __name__ == "__main__":
    if sys.argv[1:2] == ["--check"]:
        found = broken(Path(sys.argv[2]))
        print("\n".join(found) or "every link leads to a page of the site")
        raise SystemExit(bool(found))
    print(write(Path(sys.argv[1])))
