"""How does a report get onto the model card of a model that lies in a folder?

The same files as on the Hub, written into the checked-out repository; committing them is left to
whoever owns the checkout.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hubcheck.card.section import REPORT_FILE
from hubcheck.errors import HubcheckError, printable
from hubcheck.publish.card_files import (
    MAX_OLD_REPORT,
    MAX_README,
    WHAT,
    Present,
    card_files,
    outranked,
)
from hubcheck.publish.model_card import README, CardRefusedError
from hubcheck.publish.outcome import NotPublished, Outcome, Published, Unchanged, not_published

if TYPE_CHECKING:
    from hubcheck.report.schema import Report


def publish_in_folder(
    report: Report, document: bytes, folder: Path, *, dry_run: bool = False, given: bool = False
) -> Outcome:
    """Write section, badge and report into a folder; every file in one step each.

    Args:
        report: The report.
        document: The same report as it was written.
        folder: The model's folder, where its README.md is or will be.
        dry_run: Whether to stop before writing.
        given: Whether the report came as a file that nobody here has replayed.
    """
    try:
        present = present_in(folder)
        reason = outranked(report, present)
        if reason:
            return NotPublished(what=WHAT, reason=reason)
        files = card_files(report, document, present, given=given)
        new = {path: data for path, data in files.items() if _read(folder / path) != data}
        if not new:
            return Unchanged(what=WHAT, where=str(folder))
        for path, data in () if dry_run else new.items():
            _write(folder, path, data)
    except HubcheckError as error:
        return not_published(WHAT, error)
    except OSError as error:
        reason = f"'{printable(folder)}' cannot be written: {error.strerror}"
        return NotPublished(what=WHAT, reason=reason)
    return Published(what=WHAT, where=str(folder))


def present_in(folder: Path) -> Present:
    """Return what a folder holds now.

    Whether its weights have changed is not asked: that would mean to hash them all.

    Raises:
        CardRefusedError: the README is too long to be one.
        OSError: it cannot be read.
    """
    readme = _read(folder / README, limit=MAX_README) or b""
    published = _read(folder / REPORT_FILE, limit=MAX_OLD_REPORT) or b""
    return Present(readme=readme, published=published, newer="")


def _read(path: Path, *, limit: int = MAX_OLD_REPORT) -> bytes | None:
    try:
        if path.stat().st_size > limit:
            raise CardRefusedError(
                f"'{printable(path)}' has {path.stat().st_size} bytes; it is left as it is.",
                cause=f"more than {limit} bytes were not written by a person or by hubcheck.",
                next_step="look at the file.",
            )
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _write(folder: Path, path: str, data: bytes) -> None:
    """Replace one file, inside the folder only and never through a link out of it."""
    place = folder / path
    place.parent.mkdir(parents=True, exist_ok=True)
    target = place.resolve()
    if not target.is_relative_to(folder.resolve()):
        raise CardRefusedError(
            f"'{printable(path)}' is a link out of the model's folder; it is left as it is.",
            cause="the repository contains a link.",
            next_step="replace the link by a file.",
        )
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).chmod(mode)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
