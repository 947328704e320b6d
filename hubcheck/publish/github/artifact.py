"""How does the second stage get the report of the first?

As the artifact of a workflow run: an archive that the fork's run made, so every number in it is
held against a limit before anything is unpacked, and only one file of it is looked at.
"""

from __future__ import annotations

import io
import zipfile
from typing import Final

from hubcheck.errors import UsageError
from hubcheck.publish.github.client import GitHub
from hubcheck.publish.github.errors import NotFoundError
from hubcheck.publish.github.stranger import MAX_BYTES

ARTIFACT: Final = "hubcheck-report"
"""The name under which the first workflow uploads its report."""
REPORT: Final = "report.json"
ARCHIVE_LIMIT: Final = 16_000_000
"""Bytes of the archive: report, two cards and a badge are under one million."""
ENTRIES: Final = 64


def report_of_run(github: GitHub, owner: str, name: str, run: int) -> bytes:
    """Return the report that a run uploaded, unchecked.

    Raises:
        NotFoundError: the run has no such artifact.
        UsageError: the artifact is no archive with a report of a size that is read.
    """
    path = f"/repos/{owner}/{name}/actions/runs/{run}/artifacts"
    artifacts = [
        a
        for a in github.pages(path, items="artifacts", name=ARTIFACT)
        if isinstance(a, dict) and a.get("name") == ARTIFACT and not a.get("expired")
    ]
    if not artifacts:
        raise NotFoundError(
            f"Run {run} has no artifact named {ARTIFACT}.",
            cause="the first stage ended before it had a report, or does not upload one.",
            next_step="look at the log of the first workflow.",
            status=404,
        )
    # An attempt that is run again uploads again; the newest is the one of this completion.
    newest = max(artifacts, key=lambda a: int(a.get("id") or 0))
    number = int(newest.get("id") or 0)
    address = f"/repos/{owner}/{name}/actions/artifacts/{number}/zip"
    return unpack(github.download(address, limit=ARCHIVE_LIMIT))


def unpack(archive: bytes) -> bytes:
    """Return the report inside an archive.

    Raises:
        UsageError: there is none of a size that is read.
    """
    try:
        data = _read_entry(archive)
    except UsageError:
        raise
    except Exception as error:  # zlib and zipfile raise a dozen kinds on hostile bytes
        raise _not_a_report("it cannot be unpacked") from error
    if len(data) > MAX_BYTES:
        raise _not_a_report(f"{REPORT} has more than {MAX_BYTES} bytes")
    return data


def _read_entry(archive: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        entries = opened.infolist()
        named = [e for e in entries if e.filename.rpartition("/")[2] == REPORT]
        if len(entries) > ENTRIES or len(named) != 1:
            raise _not_a_report(f"it holds {len(entries)} files, {len(named)} are {REPORT}")
        with opened.open(named[0]) as file:
            # The size in the archive's directory is the archive's claim; this is the limit.
            return file.read(MAX_BYTES + 1)


def _not_a_report(reason: str) -> UsageError:
    return UsageError(
        f"The artifact {ARTIFACT} is not used: {reason}.",
        cause="the first stage uploads something else under this name.",
        next_step="upload the folder of report-path, as docs/examples shows.",
    )
