"""Tests of what a fault at each step does to a read, and to a whole check."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hubcheck.errors import ExitCode, NetworkFaultError
from hubcheck.report.words import Verdict
from hubcheck.request.interface import Request
from hubcheck.source import hub as hub_module
from tests.evidence.laboratory import model, outcome_of, request
from tests.hubserver import Drop, LocalHub, Status
from tests.hubserver.faults import Fault
from tests.source.conftest import FakeClock
from tests.source.fault_table import FOR_EVER, outcomes, table

DOCUMENT = Path(__file__).parents[2] / "docs" / "reading.md"


def test_every_fault_at_every_step() -> None:
    """Each is survived with the same numbers or reported, as the table in the docs says."""
    assert table(outcomes()) in DOCUMENT.read_text(encoding="utf-8")


@pytest.fixture
def pair(hub: LocalHub, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Request:
    """Return the check of a fine-tune against its base, both on the Hub, without real waits."""
    monkeypatch.setattr(hub_module, "Timing", clock.timing)
    hub.add_repo("org/base", model("base"))
    hub.add_repo("org/tuned", model("finetune"))
    wanted = request("org/tuned", ["org/base"], seed=7)
    return replace(wanted, access=replace(wanted.access, endpoint=hub.endpoint))


@pytest.mark.parametrize("fault", [Status(status=503), Status(status=404), Status(status=200)])
@pytest.mark.parametrize("step", ["/revision/", "/tree/", "/resolve/"])
def test_a_base_that_fails_is_not_tested(
    hub: LocalHub, pair: Request, fault: Status, step: str
) -> None:
    """Whatever goes wrong with a base for good, it gets no verdict, and the reason is named."""
    hub.describes_files = step != "/tree/"
    hub.faults.add(fault, path=f"org/base{step}", times=FOR_EVER)
    outcome = outcome_of(pair)
    # What is not there is the policy's business; a network that fails is worth another try.
    missing = fault.status == 404
    assert outcome.exit_code is (ExitCode.OK if missing else ExitCode.UNREACHABLE)
    (finding,) = outcome.report.findings
    assert finding.verdict is Verdict.NOT_TESTED
    assert finding.reason
    assert finding.log10_p == finding.kept == 0
    assert hub.faults.used


@pytest.mark.parametrize("step", ["/revision/", "/tree/", "/resolve/"])
def test_a_subject_that_fails_ends_the_check(hub: LocalHub, pair: Request, step: str) -> None:
    """Without a subject there is nothing to report on."""
    hub.describes_files = step != "/tree/"
    hub.faults.add(Status(status=503), path=f"org/tuned{step}", times=FOR_EVER)
    with pytest.raises(NetworkFaultError):
        outcome_of(pair)


def test_a_subject_whose_weights_fail_has_no_verdict(hub: LocalHub, pair: Request) -> None:
    """The report is written, no base gets a verdict, and the exit code says unreachable."""
    hub.faults.add(Status(status=503), origin="storage", times=FOR_EVER)
    outcome = outcome_of(pair)
    assert outcome.exit_code is ExitCode.UNREACHABLE
    assert [f.verdict for f in outcome.report.findings] == [Verdict.NOT_TESTED]


def test_passing_faults_change_no_number(hub: LocalHub, pair: Request) -> None:
    """A check through 503, 429, closed connections and expired addresses gives the same report."""
    quiet = outcome_of(pair).report
    faults: tuple[Fault, ...] = (
        Status(status=503), Status(status=429, headers={"Retry-After": "9"}), Drop(after=5),
        Status(status=500), Drop(after=0),
    )  # fmt: skip
    for skip, fault in enumerate(faults):
        hub.faults.add(fault, skip=2 * skip)
    loud = outcome_of(pair).report
    assert hub.faults.used == 5
    assert loud.coverage.requests > quiet.coverage.requests
    assert loud.findings == quiet.findings


def test_a_base_whose_headers_fail_is_tried_once(hub: LocalHub, pair: Request) -> None:
    """Its headers are read beside the subject's, and not asked for again after they failed."""
    (weights,) = {e for e in (model("base").iterdir()) if e.suffix == ".safetensors"}
    commit = hub.repository("org/base").refs["main"]  # type: ignore[union-attr]
    path = f"org/base/resolve/{commit}/{weights.name}"
    hub.faults.add(Status(status=404), path=path, times=FOR_EVER)
    (finding,) = outcome_of(pair).report.findings
    assert finding.verdict is Verdict.NOT_TESTED
    assert hub.faults.used == 1
