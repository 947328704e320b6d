"""Which formats are there, and what does each make of a report?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from hubcheck.export import csv_rows, cyclonedx, eu_sheet, in_toto, junit, sarif, spdx

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

Renderer = Callable[["Report", str], str]

RENDERERS: Final[Mapping[str, Renderer]] = {
    "cyclonedx": cyclonedx.render,
    "in-toto": in_toto.render,
    "spdx": spdx.render,
    "junit": junit.render,
    "csv": csv_rows.render,
    "eu-gpai": eu_sheet.render,
}
FORMATS: Final = (*RENDERERS, "sarif")


def export(report: Report, data: bytes, wanted: str, *, model_path: str = "") -> str:
    """Return a report in another format.

    Args:
        report: The report.
        data: The bytes of its file; their digest ties the document to it.
        wanted: One of ``FORMATS``.
        model_path: Where the model lies in the repository of a run, for ``sarif``.

    Raises:
        UsageError: the format needs what the report does not hold.
    """
    digest = hashlib.sha256(data).hexdigest()
    if wanted == "sarif":
        return sarif.render(report, digest, model_path=model_path)
    return RENDERERS[wanted](report, digest)
