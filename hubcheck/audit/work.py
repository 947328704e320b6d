"""What does one model of an audit come to: its check, as plain values that any process can send?"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from hubcheck.audit.journal import REPORTS
from hubcheck.check.concluded import conclude_check
from hubcheck.errors import ExitCode, HubcheckError, InternalFaultError, printable
from hubcheck.frozen import frozen
from hubcheck.publish.files import report_json
from hubcheck.report.audit import Entry, entry_of
from hubcheck.request.build import Means, build_request
from hubcheck.request.options import Options
from hubcheck.request.policy_file import PolicyFile
from hubcheck.request.settled import settled
from hubcheck.source.kept_seed import fresh_seed


@frozen
class Checked:
    """Checks one model by its name; every model by the same rule."""

    options: Options
    """What is asked of every model; its subject is put in."""
    file: PolicyFile
    means: Callable[[], Means]
    """Asked in the process that does the work: what reaches models cannot be sent."""
    now: Callable[[], datetime]

    def __call__(self, ref: str) -> dict[str, Any]:
        """Return the entry of a model and its report; whatever goes wrong is in them."""
        try:
            options = settled(replace(self.options, subject=ref), self.file, draw=fresh_seed)
            request = build_request(options, self.means(), file=self.file)
            outcome = conclude_check(request, now=self.now, progress=lambda _: None)
        except HubcheckError as error:
            return _failed(ref, error)
        except Exception as error:  # noqa: BLE001 - one model's files never end an audit
            return _failed(ref, InternalFaultError.of(error))
        entry = entry_of(outcome.report, int(outcome.exit_code), report_file(ref))
        # Named as it was asked for: a folder's report may spell it otherwise.
        entry = entry.model_copy(update={"ref": ref})
        return {"entry": entry.model_dump(mode="json"), "report": report_json(outcome.report)}


def report_file(ref: str) -> str:
    """Return where the report of a model lies: a name that every system takes, and no other's."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "--", ref).strip("-.")[:100]
    return f"{REPORTS}/{plain}-{hashlib.sha256(ref.encode()).hexdigest()[:8]}.json"


def _failed(ref: str, error: HubcheckError) -> dict[str, Any]:
    code = error.exit_code if error.exit_code is not ExitCode.OK else ExitCode.INTERNAL
    said = printable(error.what, limit=300)
    return {"entry": Entry(ref=ref, exit_code=int(code), error=said).model_dump(mode="json")}
