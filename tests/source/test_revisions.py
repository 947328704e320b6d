"""Tests of holding one revision of a repository against another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hubcheck.card.wording import words
from hubcheck.errors import UsageError
from hubcheck.model import Model
from hubcheck.report.schema import Report
from hubcheck.report.words import Verdict
from hubcheck.request.bases import chosen_bases
from hubcheck.request.interface import Request
from hubcheck.source.cache import SpanCache
from tests.evidence.laboratory import model, outcome_of, request
from tests.hubserver import LocalHub
from tests.memory_source import MemorySource


def report(hub: LocalHub, subject: str, base: str) -> Report:
    """Check one model of the local Hub against another."""
    wanted: Request = request(subject, [base], seed=5)
    return outcome_of(replace(wanted, access=replace(wanted.access, endpoint=hub.endpoint))).report


@pytest.mark.parametrize(("before", "verdict"), [("base", Verdict.RELATED), ("twin", None)])
def test_a_revision_is_held_against_another(
    hub: LocalHub, before: str, verdict: Verdict | None
) -> None:
    """Two commits of one repository are two models: each is pinned, read and named apart."""
    repository = hub.add_repo("org/m", model(before))
    first = repository.refs["main"]
    second = hub.push("org/m", model("finetune")).oid
    found = report(hub, "org/m", f"org/m@{first}")
    (finding,) = found.findings
    assert found.subject.revision == second
    assert finding.base.revision == first
    assert finding.status == "tested"
    assert verdict is None or finding.verdict is verdict
    assert verdict is not None or finding.verdict is not Verdict.RELATED
    assert not [w for w in found.warnings if "descends" in words(w)]


def test_a_push_that_changed_no_weights_is_identical(hub: LocalHub) -> None:
    """The old and the new commit state the same digests: one header is read, and no values."""
    repository = hub.add_repo("org/m", model("base"))
    first = repository.refs["main"]
    hub.push("org/m", {"README.md": b"# a new card\n"})
    hub.forget()
    (finding,) = report(hub, "org/m@main", f"org/m@{first}").findings
    assert finding.verdict is Verdict.IDENTICAL
    assert hub.content_bytes("model.safetensors") <= 64 * 1024


def test_two_revisions_are_two_runs_that_read_the_subject_once(
    hub: LocalHub, tmp_path: Path
) -> None:
    """As bases of one check they are refused; two runs with one cache cost no more."""
    repository = hub.add_repo("org/m", model("base"))
    first = repository.refs["main"]
    second = hub.push("org/m", model("continued")).oid
    files = {p.name: p.read_bytes() for p in model("finetune").iterdir()}
    weights = files.pop("model.safetensors")
    hub.add_repo("org/s", {**files, "subject.safetensors": weights})
    nothing = MemorySource({})
    with pytest.raises(UsageError, match="two revisions") as caught:
        chosen_bases([f"org/m@{first}"], [f"org/m@{second}"])(Model(nothing, nothing.files()))
    assert "--cache" in caught.value.next_step
    found = []
    for revision in (first, second):
        hub.forget()
        wanted = request("org/s", [f"org/m@{revision}"], seed=5)
        access = replace(wanted.access, endpoint=hub.endpoint, cache=SpanCache(tmp_path))
        (finding,) = outcome_of(replace(wanted, access=access)).report.findings
        read = [e for e in hub.exchanges if e.is_content and e.path.endswith("subject.safetensors")]
        found.append((finding.base.revision, finding.verdict, bool(read)))
    assert found == [(first, Verdict.RELATED, True), (second, Verdict.RELATED, False)]
