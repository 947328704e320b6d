"""The site holds every page once, and no link of it is left to lead nowhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.card.gallery import CASES
from website import pages

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the written pages."""
    made = tmp_path_factory.mktemp("site") / "made"
    settings = pages.write(made)
    assert settings == made / "mkdocs.yml"
    return made / "pages"


def test_every_page_stands_in_the_navigation_once(folder: Path) -> None:
    """A page that no section names stands under the last one."""
    listed = [
        page for section in pages.navigation(folder) for part in section.values() for page in part
    ]
    assert sorted(listed) == sorted(page.name for page in (ROOT / "docs").glob("*.md"))
    assert listed[:2] == ["index.md", "tutorial.md"]


def test_the_gallery_leads_to_the_pages_of_its_cards(folder: Path) -> None:
    """Each state is a page of the site, as a browser shows it."""
    text = (folder / "gallery.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(cards/([a-z-]+)\.html\)", text))
    assert linked == set(CASES)
    assert all((folder / "cards" / f"{name}.html").is_file() for name in linked)


def test_no_link_leaves_the_site_but_to_an_address(folder: Path) -> None:
    """What lies beside ``docs/`` is linked in the repository."""
    for page in folder.rglob("*.md"):
        for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            assert not link.startswith("../") or (page.parent / link.partition("#")[0]).exists()
    assert f"({pages.REPOSITORY}/blob/main/benchmarks/zoo/README.md)" in (
        folder / "benchmark.md"
    ).read_text(encoding="utf-8")


def test_a_lost_link_ends_it() -> None:
    """A page that leads to a file that is not there makes no site; code is no link."""
    with pytest.raises(pages.LostLinkError, match=r"none\.md leads nowhere"):
        pages.rewritten("see [it](none.md)", ROOT / "docs")
    code = "```\n[a](none.md)\n```\n\n    [b](none.md)\n"
    assert pages.rewritten(code, ROOT / "docs") == code


def test_a_lost_link_of_the_built_site_is_found(tmp_path: Path) -> None:
    """Files and folders with a page are there, anything else is not; no site is no answer."""
    assert pages.broken(tmp_path) == [f"{tmp_path} holds no site"]
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "index.html").write_text("<p>x</p>")
    (tmp_path / "index.html").write_text(
        '<a href="there/">a</a> <a class="x" href="#here">b</a> <a href="https://example.org">c</a>'
        ' <img alt="" src="none.png"> <code>href="in/code"</code>'
    )
    assert pages.broken(tmp_path) == ["index.html: none.png"]
