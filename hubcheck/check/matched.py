"""Do two models match exactly, so that one may join the other's family in a catalogue?

One check at depth ``sample`` of one against the other, as a person would ask for it. Only a match
of the trained body counts: a common start, one tower or equal embeddings make no member.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from hubcheck.check.concluded import conclude_check
from hubcheck.errors import HubcheckError, InternalFaultError, printable
from hubcheck.report.standing import is_proof
from hubcheck.report.words import ReasonCode
from hubcheck.request.build import Means, build_request
from hubcheck.request.options import Options

AGAIN: Final = frozenset({ReasonCode.UNREACHABLE, ReasonCode.BUDGET})
"""Why a base was not tested that another run may test."""


def matched(subject: str, base: str, means: Means) -> Mapping[str, Any]:
    """Return ``{"matched": bool}``, or ``{"reason", "what"}`` where the test could not be made."""
    try:
        request = build_request(Options(subject=subject, bases=(base,), fail_on="none"), means)
        outcome = conclude_check(request, now=lambda: datetime.now(UTC), progress=lambda _: None)
    except HubcheckError as error:
        return {"reason": "exact-test-not-made", "what": printable(error.what, limit=300)}
    except Exception as error:  # noqa: BLE001 - one strange pair must not stop a build
        return {"reason": "fault-of-hubcheck", "what": InternalFaultError.of(error).what}
    findings = outcome.report.findings
    if any(f.code in AGAIN for f in findings):
        return {"reason": "base-not-read", "what": printable(base)}
    return {"matched": any(is_proof(f) for f in findings)}
