"""Which files are the badge, and does it still speak of the weights that are there?

A badge is stale when the weights have changed since the check. Comparing commits would not do:
committing the badge moves the head of the repository, and the weights stay what they were.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from hubcheck.card import badge, badge_png
from hubcheck.card.section import FOLDER
from hubcheck.source.weight_files import weights_digest

if TYPE_CHECKING:
    from hubcheck.report.schema import Report
    from hubcheck.source.interface import FileEntry

PNG: Final = f"{FOLDER}/badge.png"
SVG: Final = f"{FOLDER}/badge.svg"
ENDPOINT: Final = f"{FOLDER}/badge.json"


def badge_files(report: Report, *, stale: bool) -> dict[str, bytes]:
    """Return the badge as PNG, SVG and shields endpoint, by path below the model.

    Args:
        report: The report.
        stale: Whether the weights have changed since; the badge then says so instead of a verdict.
    """
    return {
        PNG: badge_png.png(report, stale=stale),
        SVG: badge.svg(report, stale=stale).encode(),
        ENDPOINT: badge.endpoint(report, stale=stale).encode(),
    }


def is_stale(report: Report, files: Iterable[FileEntry]) -> bool:
    """Return whether the weights among ``files`` are known to differ from the ones checked.

    Without a digest on both sides nothing is known, and nothing is claimed.
    """
    checked, present = report.subject.weights_digest, weights_digest(files)
    return bool(checked and present) and checked != present
