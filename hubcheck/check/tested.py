"""What is known of one base on its way to a finding?"""

from __future__ import annotations

from dataclasses import dataclass

from hubcheck.errors import HubcheckError
from hubcheck.evidence.looks.sample.compare import Comparer
from hubcheck.model import Model
from hubcheck.report.schema import Finding
from hubcheck.request.interface import BaseRequest


@dataclass(slots=True, kw_only=True)
class Tested:
    """One base on its way to a finding."""

    request: BaseRequest
    model: Model | None
    finding: Finding
    comparer: Comparer | None = None
    subject_error: HubcheckError | None = None
    """Set when this base's test found values of the subject that cannot be used."""
    error: HubcheckError | None = None
    """Why it cannot be opened or its weights cannot be compared, once that was tried."""
