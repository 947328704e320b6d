"""Tests of what a fault at each step does to a read, and to a whole check."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hubcheck.check import check
from hubcheck.errors import NetworkFaultError
from hubcheck.request import Request
from hubcheck.source import hub as hub_module
from hubcheck.source.retry import Timing
from hubcheck.verdict.words import Verdict
from tests.evidence.laboratory import model, request
from tests.hubserver import LocalHub, Status
from tests.source.conftest import FakeClock
from tests.source.fault_table import FOR_EVER, outcomes, table

DOCUMENT = Path(__file__).parents[2] / "docs" / "reading.md"


def test_every_fault_at_every_step() -> None:
    """Each is survived with the same numbers or reported, as the table in the docs says."""
    assert table(outcomes()) in DOCUMENT.read_text(encoding="utf-8")


def remote(hub: LocalHub, monkeypatch: pytest.MonkeyPatch, clock: FakeClock) -> Request:
    """Return the check of a fine-tune against its base, both on the Hub, without real waits."""

    def timing() -> Timing:
        return clock.timing()

    monkeypatch.setattr(hub_module, "Timing", timing)
    hub.add_repo("org/base", model("base"))
    hub.add_repo("org/tuned", model("finetune"))
    return request("org/tuned", ["org/base"], seed=7, endpoint=hub.endpoint)
