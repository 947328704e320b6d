"""Publishing writes a fixed set of files, and a later result is never overwritten by an earlier."""

from __future__ import annotations

import hashlib
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.publish.card_files import Present, card_files, changed, git_oid, outranked
from tests.card.deep_reports import fine_tune
from tests.card.reports import cases

REPORT = cases()["confirmed"]
EMPTY = Present(readme=b"", published=b"", newer="")


def published(digest: str, finished: str) -> bytes:
    """Return an earlier report."""
    subject = REPORT.subject.model_copy(update={"weights_digest": digest})
    old = REPORT.model_copy(update={"subject": subject, "finished": finished})
    return old.model_dump_json().encode()


def test_the_set_of_files() -> None:
    """README, report and three badge files; the report is passed through."""
    files = card_files(REPORT, b"{}", EMPTY)
    assert sorted(files) == [
        "README.md",
        "provenance/badge.json",
        "provenance/badge.png",
        "provenance/badge.svg",
        "provenance/card.html",
        "provenance/hubcheck.json",
        "provenance/order.png",
        "provenance/order.svg",
    ]
    assert b'<a href="provenance/card.html"><img src="provenance/badge.png"' in files["README.md"]
    assert b'src="provenance/order.png"' in files["README.md"]
    assert files["provenance/order.png"].startswith(b"\x89PNG")
    assert files["provenance/hubcheck.json"] == b"{}"


def test_a_heat_map_is_published_beside_the_badge() -> None:
    """Where the weights were compared part by part, the picture that the section names is there."""
    files = card_files(fine_tune(), b"{}", EMPTY)
    assert set(files) - set(card_files(REPORT, b"{}", EMPTY)) == {
        "provenance/changes.png",
        "provenance/changes.svg",
    }
    assert b'src="provenance/changes.png"' in files["README.md"]
    assert files["provenance/changes.png"].startswith(b"\x89PNG")
    assert files["provenance/changes.svg"].startswith(b"<svg ")


OURS = REPORT.subject.weights_digest


@pytest.mark.parametrize(
    ("old", "newer", "words"),
    [
        (b"", "", ""),
        (published(OURS, "1999"), "", ""),
        (published(OURS, "2999"), "", "a later check of the same weights"),
        (published("f" * 64, "1999"), "f" * 40, "a check of newer weights"),
        (published("f" * 64, "2999"), "", ""),
        (published("", "2999"), "f" * 40, ""),
        (b"[1, 2]", "f" * 40, ""),
        (b"{", "f" * 40, ""),
        (b'{"subject": {"weights_digest": 3}, "finished": "x"}', "", ""),
        (b'{"subject": {"weights_digest": "x"}, "finished": null}', "", ""),
        (b'{"subject": []}', "", ""),
        (b"[" * 200_000, "", ""),
        (b"\xff", "", ""),
    ],
)
def test_what_outranks_a_report(old: bytes, newer: str, words: str) -> None:
    """Newer weights first, then the later check; anything that is no report outranks nothing."""
    reason = outranked(REPORT, Present(readme=b"", published=old, newer=newer))
    assert reason.startswith(words)
    assert bool(reason) is bool(words)


@given(st.binary(max_size=300))
def test_git_ids_are_gits(data: bytes) -> None:
    """A file that is there already is recognised by git's id or by its digest, and by nothing else."""
    files = {"a": data}
    assert changed(files, {"a": git_oid(data)}) == {}
    assert changed(files, {"a": hashlib.sha256(data).hexdigest()}) == {}
    assert changed(files, {"a": "0" * 40}) == files
    assert changed(files, {}) == files


def test_git_agrees() -> None:
    """Git computes the same id."""
    told = subprocess.run(
        ["git", "hash-object", "--stdin"], input=b"x\0y", capture_output=True, check=True
    )
    assert told.stdout.decode().strip() == git_oid(b"x\0y")
