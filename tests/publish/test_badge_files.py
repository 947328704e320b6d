"""A badge is three files, and knows whether the weights are still the ones that were checked."""

from __future__ import annotations

import json

import pytest

from hubcheck.publish.badge_files import ENDPOINT, PNG, SVG, badge_files, is_stale
from hubcheck.source.interface import FileEntry
from hubcheck.source.weight_files import weights_digest
from tests.card.reports import cases


def entry(path: str, digest: str) -> FileEntry:
    """Return a file of a listing."""
    return FileEntry(path=path, size=1, sha256=digest)


FILES = (entry("model.safetensors", "a" * 64), entry("README.md", ""), entry("b.gguf", "b" * 64))


@pytest.mark.parametrize("stale", [False, True])
def test_three_files_say_the_same(stale: bool) -> None:
    """PNG, SVG and endpoint exist side by side, and a stale badge says so in its words."""
    files = badge_files(cases()["confirmed"], stale=stale)
    assert sorted(files) == sorted([PNG, SVG, ENDPOINT])
    words = json.loads(files[ENDPOINT])["message"]
    assert words in files[SVG].decode()
    assert words.startswith("out of date: weights changed since abc1234" if stale else "matches")
    assert files[PNG] != badge_files(cases()["confirmed"], stale=not stale)[PNG]


@pytest.mark.parametrize(
    ("files", "stale"),
    [
        (FILES, False),
        ((*FILES, entry("README.md", ""), entry("config.json", "c" * 64)), False),
        ((entry("model.safetensors", "c" * 64), *FILES[1:]), True),
        (FILES[:2], True),
        ((entry("model.safetensors", ""), *FILES[1:]), False),
        ((), False),
    ],
)
def test_only_weights_make_it_stale(files: tuple[FileEntry, ...], stale: bool) -> None:
    """Other files and a moved head change nothing; an unknown digest claims nothing."""
    report = cases()["confirmed"]
    subject = report.subject.model_copy(update={"weights_digest": weights_digest(FILES)})
    assert is_stale(report.model_copy(update={"subject": subject}), files) is stale


def test_a_report_without_a_digest_is_never_stale() -> None:
    """Nothing is known, so nothing is claimed."""
    report = cases()["confirmed"]
    subject = report.subject.model_copy(update={"weights_digest": ""})
    assert not is_stale(report.model_copy(update={"subject": subject}), FILES)
