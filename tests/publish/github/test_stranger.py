"""Tests of what is taken over from a report that a fork's run made, and from its archive."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.errors import UsageError
from hubcheck.publish.github.artifact import reports_of_run, unpack
from hubcheck.publish.github.client import GitHub
from hubcheck.publish.github.errors import NotFoundError
from hubcheck.publish.github.stranger import MAX_BYTES, read_stranger, without_free_text
from hubcheck.report.hints import at_line
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.report.words import DeclarationVerdict
from tests.card import reports
from tests.githubserver.server import LocalGitHub
from tests.githubserver.world import NAME, OWNER


def archive(**files: bytes) -> bytes:
    """Return an archive of files; two underscores stand for a slash, one for a dot."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(name.replace("__", "/").replace("_", "."), content)
    return data.getvalue()


def test_numbers_words_and_names_are_kept() -> None:
    """What the card needs to say the same survives; free text does not."""
    report = reports.report(
        DeclarationVerdict.CONTRADICTED, reports.unrelated(), reports.matching(), warnings=("hi",)
    )
    kept = without_free_text(report)
    assert kept.verdict is report.verdict
    assert [f.base for f in kept.findings] == [
        f.base.model_copy(update={"created": ""}) for f in report.findings
    ]
    assert kept.findings[0].proposed_by == (at_line("README.md", 4),)
    assert kept.findings[1].proposed_by == ()
    assert kept.findings[1].units_hit == 510
    assert kept.findings[1].evidence[0].family == phrase(
        PhraseCode.FAMILY_BY_TEST, test="neurons", layers=(7,)
    )
    assert kept.warnings == ()
    assert kept.replay == ""


def test_numbers_are_bounded() -> None:
    """A share is a share, a bound is not positive, an amount fits."""
    report = reports.report(
        DeclarationVerdict.UNDECLARED,
        reports.matching(
            kept=1e300, log10_p=-1e300, units_hit=10**30, detectable_kept=float("inf")
        ),
    )
    finding = without_free_text(report).findings[0]
    assert finding.kept == 1.0
    assert finding.log10_p == -1e9
    assert finding.units_hit == 10**16
    assert finding.detectable_kept == 0.0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"verdict": "approved"}',
        b" " * (MAX_BYTES + 1),
    ],
)
def test_what_is_no_report_is_refused(data: bytes) -> None:
    """Schema and size are held before anything is looked at."""
    with pytest.raises(UsageError, match="report of the first stage"):
        read_stranger(data)


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8)))
def test_any_json_is_refused_in_words(values: dict[str, str]) -> None:
    """No document makes the reader fail otherwise."""
    with pytest.raises(UsageError):
        read_stranger(json.dumps(values).encode())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK", "cannot be unpacked"),
        (b"", "cannot be unpacked"),
        (archive(readme_md=b"x"), "0 are report.json"),
        (archive(**{f"x{i}__report_json": b"" for i in range(51)}), "51 are report.json"),
        (archive(**{f"f{i}_txt": b"" for i in range(70)}), "holds 70 files"),
        (archive(report_json=b" " * (MAX_BYTES + 10)), "more than"),
        (archive(report_json=b"x" * 1000)[:-40], "cannot be unpacked"),
    ],
    ids=["letters", "empty", "no report", "51 reports", "many files", "too long", "cut"],
)
def test_a_hostile_archive_is_refused(data: bytes, reason: str) -> None:
    """Bombs, twins and broken archives end in words."""
    with pytest.raises(UsageError, match=reason):
        unpack(data)


def test_an_archive_that_lies_about_its_size() -> None:
    """What counts is what is read, not what the directory says."""
    data = bytearray(archive(report_json=b"x" * 50_000))
    place = data.rindex(b"PK\x01\x02") + 24
    data[place : place + 4] = (10).to_bytes(4, "little")
    try:
        found = unpack(bytes(data))
    except UsageError:
        return
    assert len(found) <= 50_000


def test_the_newest_artifact_of_the_run_is_taken(server: LocalGitHub, github: GitHub) -> None:
    """Another name is not ours; of two attempts the last counts; the token stays at home."""
    server.world.artifacts[9] = [
        (1, "hubcheck-report", archive(report_json=b"old")),
        (3, "hubcheck-report", archive(hubcheck_out__report_json=b"", x_txt=b"")),
        (4, "other", archive(report_json=b"other")),
    ]
    server.world.artifacts[9][1] = (3, "hubcheck-report", archive(out__report_json=b"new"))
    assert reports_of_run(github, OWNER, NAME, 9) == (b"new",)


def test_a_run_without_artifact(github: GitHub) -> None:
    """The first stage ended before it had a report: said so."""
    with pytest.raises(NotFoundError, match="Run 8 has no artifact named hubcheck-report"):
        reports_of_run(github, OWNER, NAME, 8)
