"""How does the second stage get the reports of the first?

As the artifact of a workflow run: an archive that the fork's run made, so every number in it is
held against a limit before anything is unpacked, and only reports in it are looked at.
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
ENTRIES: Final = 400
REPORTS: Final = 50
"""Reports of one run that are read: as many models as one job checks."""


def reports_of_run(github: GitHub, owner: str, name: str, run: int) -> tuple[bytes, ...]:
    """Return the reports that a run uploaded, unchecked: of every model, each once.

    Raises:
        NotFoundError: the run has no such artifact.
        UsageError: an artifact is no archive with reports of a size that is read.
    """
    path = f"/repos/{owner}/{name}/actions/runs/{run}/artifacts"
    newest: dict[str, int] = {}
    for entry in github.pages(path, items="artifacts"):
        artifact = entry if isinstance(entry, dict) else {}
        called, number = str(artifact.get("name") or ""), int(artifact.get("id") or 0)
        # A matrix gives each job's artifact a name of its own behind this one.
        ours = called == ARTIFACT or called.startswith(f"{ARTIFACT}-")
        if ours and not artifact.get("expired"):
            # An attempt that is run again uploads again; the newest is this completion's.
            newest[called] = max(number, newest.get(called, 0))
    if not newest:
        raise NotFoundError(
            f"Run {run} has no artifact named {ARTIFACT}.",
            cause="the first stage ended before it had a report, or does not upload one.",
            next_step="look at the log of the first workflow.",
            status=404,
        )
    found: list[bytes] = []
    for called in sorted(newest)[:REPORTS]:
        address = f"/repos/{owner}/{name}/actions/artifacts/{newest[called]}/zip"
        found += unpack(github.download(address, limit=ARCHIVE_LIMIT))
    return tuple(found[:REPORTS])


def unpack(archive: bytes) -> tuple[bytes, ...]:
    """Return the reports inside an archive: one, or one for each of several models.

    Raises:
        UsageError: there is none, or one of a size that is not read.
    """
    try:
        found = _read_entries(archive)
    except UsageError:
        raise
    except Exception as error:  # zlib and zipfile raise a dozen kinds on hostile bytes
        raise _not_a_report("it cannot be unpacked") from error
    if any(len(data) > MAX_BYTES for data in found):
        raise _not_a_report(f"{REPORT} has more than {MAX_BYTES} bytes")
    return found


def _read_entries(archive: bytes) -> tuple[bytes, ...]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        entries = opened.infolist()
        named = [e for e in entries if e.filename.rpartition("/")[2] == REPORT]
        names = {e.filename for e in named}
        if len(entries) > ENTRIES or not 0 < len(named) <= REPORTS or len(names) < len(named):
            raise _not_a_report(f"it holds {len(entries)} files, {len(named)} are {REPORT}")
        found = []
        for entry in sorted(named, key=lambda e: e.filename):
            with opened.open(entry) as file:
                # The size in the archive's directory is the archive's claim; this is the limit.
                found.append(file.read(MAX_BYTES + 1))
        return tuple(found)


def _not_a_report(reason: str) -> UsageError:
    return UsageError(
        f"The artifact {ARTIFACT} is not used: {reason}.",
        cause="the first stage uploads something else under this name.",
        next_step="upload the folder of report-path, as docs/examples shows.",
    )
