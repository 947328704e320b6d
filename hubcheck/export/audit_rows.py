"""How is an audit written as CSV, a row a model?"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from hubcheck.export.csv_rows import cell

if TYPE_CHECKING:
    from hubcheck.report.audit import Audit

HEAD: Final = (
    "model", "revision", "verdict", "conclusion", "exit-code", "declared", "bases", "changed",
    "reused", "weights-digest", "bytes-read", "requests", "report", "error",
)  # fmt: skip


def audit_csv(audit: Audit) -> str:
    """Return the table as text; a model that is gone has a row that says so."""
    out = io.StringIO()
    writer = csv.DictWriter(out, HEAD, restval="", lineterminator="\n")
    writer.writeheader()
    for entry in audit.entries:
        told = {
            "model": entry.ref,
            "revision": entry.revision,
            "verdict": entry.verdict,
            "conclusion": entry.conclusion,
            "exit-code": str(entry.exit_code),
            "declared": " ".join(entry.declared),
            "bases": " ".join(f"{b.ref}={b.verdict}" for b in entry.bases),
            "changed": " ".join(what.value for what in entry.changed),
            "reused": "yes" if entry.reused else "no",
            "weights-digest": entry.weights_digest,
            "bytes-read": str(entry.bytes_read),
            "requests": str(entry.requests),
            "report": entry.report,
            "error": entry.error,
        }
        writer.writerow({name: cell(text) for name, text in told.items()})
    for ref in audit.gone:
        writer.writerow({"model": cell(ref), "changed": "gone"})
    return out.getvalue()
