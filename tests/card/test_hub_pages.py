"""Does a card lead to the commits and files that were read, and to nothing else?"""

from __future__ import annotations

import pytest

from hubcheck.card import html, hub_pages, markdown
from hubcheck.card.compose import compose
from hubcheck.card.document import Identifier, raw_text
from hubcheck.report.hints import hint_of
from hubcheck.report.schema import UnreadWeights
from tests.card.rendered import html_page, markdown_page
from tests.card.reports import cases

COMMIT = "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432"
REPORT = cases()["confirmed"]
SHOWN = Identifier("x")


def links(report: object) -> set[str]:
    """Return where the card leads, the same in markdown and on the page."""
    document = compose(report)  # type: ignore[arg-type]
    found = [
        {value for _, name, value in page.attributes if name == "href"}
        for page in (markdown_page(markdown.render(document)), html_page(html.render(document)))
    ]
    assert found[0] <= found[1]
    return {link for link in found[0] if link.startswith(hub_pages.HUB)}


def test_a_card_leads_to_both_commits_to_the_line_and_to_what_was_not_read() -> None:
    """Whoever doubts it sees on the Hub what was compared, where it was said, what was left."""
    unread = UnreadWeights(path="old/model.bin", size=9, sha256="", why="beside")
    subject = REPORT.subject.model_copy(update={"unread": (unread,), "revision": COMMIT})
    report = REPORT.model_copy(update={"subject": subject})
    home = f"{hub_pages.HUB}/{subject.ref}"
    assert links(report) == {
        f"{home}/tree/{COMMIT}",
        f"{home}/blob/{COMMIT}/README.md",
        f"{home}/blob/{COMMIT}/old/model.bin",
        f"{home}/blob/{COMMIT}/adapter_config.json",
        *(f"{hub_pages.HUB}/{f.base.ref}/tree/{f.base.revision}" for f in report.findings),
    }


def test_another_hub_and_a_folder_have_no_pages() -> None:
    """The address of a company's own Hub is nobody's business, and a folder has none."""
    assert links(REPORT.model_copy(update={"public_hub": False})) == set()
    assert hub_pages.model(SHOWN, REPORT, "org/name", "local") == SHOWN


@pytest.mark.parametrize(
    "ref",
    ["../x", "org/na)me", "org/name?x", "org/..", "/etc/passwd", "org/name/x", "org", "a/b@main",
     "org/name\n", "оrg/name", "org/name#x"],
)  # fmt: skip
def test_a_name_that_is_not_plain_is_no_link(ref: str) -> None:
    """It stays text: of an address it would be another part."""
    assert hub_pages.model(SHOWN, REPORT, ref, COMMIT) == SHOWN
    assert hub_pages.file(SHOWN, REPORT, ref, COMMIT, "a.bin") == SHOWN


@pytest.mark.parametrize(
    "path", ["../a.bin", "a/../b", "a b.bin", "a)b", "/a", "a//b", ".git/x", "a%2e", "a?b", "", "é"]
)
def test_a_path_that_is_not_plain_is_no_link(path: str) -> None:
    """The same."""
    assert hub_pages.file(SHOWN, REPORT, "org/name", COMMIT, path) == SHOWN


def test_a_folder_of_a_repository_leads_to_the_repository() -> None:
    """Its files are named from the folder, so that they have no page that is known."""
    found = hub_pages.model(SHOWN, REPORT, "org/name:sub/folder", COMMIT)
    assert found.address == f"{hub_pages.HUB}/org/name/tree/{COMMIT}"
    assert hub_pages.file(SHOWN, REPORT, "org/name:sub", COMMIT, "a.bin") == SHOWN


@pytest.mark.parametrize(
    ("reason", "linked"),
    [("README.md line 4", "README.md"), ("config.json name", "config.json"), ("--suspect", ""),
     ("leaked path", ""), ("x.safetensors header", "")],
)  # fmt: skip
def test_a_reason_that_names_a_document_leads_to_it(reason: str, linked: str) -> None:
    """What is read is the same, linked or not."""
    subject = REPORT.subject.model_copy(update={"revision": COMMIT})
    report = REPORT.model_copy(update={"subject": subject})
    line = hub_pages.reason(hint_of(reason), report, limit=90)
    assert raw_text(line) == reason
    first = line[0]
    address = first.address if isinstance(first, Identifier) else ""
    assert address.endswith(f"/blob/{COMMIT}/{linked}") if linked else not address


def test_no_identifier_leads_elsewhere() -> None:
    """Whatever builds one: the Hub and our documentation, in letters that mean themselves."""
    for address in ("javascript:x", "https://evil.example/x", "https://huggingface.co.evil/x",
                    "https://huggingface.co/a)b", "https://huggingface.co/../x",
                    "https://huggingface.co"):  # fmt: skip
        with pytest.raises(ValueError, match="No card links"):
            Identifier("x", address=address)
