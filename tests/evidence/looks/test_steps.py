"""What does a step do whose bytes hold no family at all?"""

from __future__ import annotations

from typing import Any

import pytest

from hubcheck.evidence.looks.sample import compare
from hubcheck.evidence.looks.sample.steps import Steps
from hubcheck.report.words import Verdict
from tests.evidence.laboratory import finding_of, model


@pytest.mark.parametrize(
    ("name", "verdict"), [("finetune", Verdict.RELATED), ("twin", Verdict.UNRELATED)]
)
def test_a_step_without_room_takes_a_family_of_each_test(
    name: str, verdict: Verdict, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model so wide that one family costs more than a step is judged all the same."""
    whole = finding_of(model(name), model("base"))

    def narrow(*given: Any) -> Steps:
        tests, base, subject, was_seen, _ = given
        return Steps(tests, base, subject, was_seen, (1, 1, 1))

    monkeypatch.setattr(compare, "Steps", narrow)
    finding = finding_of(model(name), model("base"))
    assert finding.verdict is verdict
    orders = {e.test for e in whole.evidence if e.units and e.log10_p <= 0}
    assert {e.test for e in finding.evidence} & orders
    assert finding.bytes_read <= whole.bytes_read
