"""What has an audit done so far, whatever stopped it, and what did the last one find?

A line a model, on the disk before the next one is begun; an audit that was stopped goes on where it
was, if it is asked for the same. What an audit found is ``audit.json``, replaced once it is done.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from hubcheck.errors import UsageError, printable
from hubcheck.publish.files import write_atomically
from hubcheck.report.audit import Audit, Entry

JOURNAL: Final = "audit.jsonl"
RESULT: Final = "audit.json"
REPORTS: Final = "reports"


class Journal:
    """The folder of an audit."""

    def __init__(self, folder: Path) -> None:
        """Make the folder, or find it."""
        self.folder = folder
        try:
            (folder / REPORTS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"Nothing can be written to '{printable(folder)}': {error.strerror}.",
                cause="--out names a place without room or rights.",
                next_step="choose another.",
            ) from error

    def last(self) -> Audit | None:
        """Return what the last audit found; None where there was none that can be read."""
        try:
            return Audit.model_validate_json((self.folder / RESULT).read_bytes())
        except (OSError, ValidationError):
            return None

    def begun(self, wanted: Audit) -> tuple[str, dict[str, Entry]]:
        """Return when the audit began that goes on, and what it has done; begin it if none does.

        Args:
            wanted: The audit that is asked for; a journal of another one is begun anew.
        """
        lines = self._lines()
        head = _head(lines[0]) if lines else None
        if head is None or (head.version, head.asked) != (wanted.version, wanted.asked):
            write_atomically(self.folder / JOURNAL, wanted.model_dump_json() + "\n")
            return wanted.started, {}
        # A line that a kill left unfinished is not there; the ones after it begin anew.
        write_atomically(self.folder / JOURNAL, "".join(f"{line}\n" for line in lines))
        return head.started, {entry.ref: entry for entry in map(_entry, lines[1:]) if entry}

    def add(self, entry: Entry, report: str) -> None:
        """Keep one model: its report first, then its line."""
        if report:
            write_atomically(self.folder / entry.report, report)
        with (self.folder / JOURNAL).open("a", encoding="utf-8") as file:
            file.write(entry.model_dump_json() + "\n")
            file.flush()
            os.fsync(file.fileno())

    def end(self, audit: Audit) -> None:
        """Put the result in the place of the last one's, and forget the journal."""
        text = json.dumps(audit.model_dump(mode="json"), indent=1) + "\n"
        write_atomically(self.folder / RESULT, text)
        (self.folder / JOURNAL).unlink(missing_ok=True)

    def _lines(self) -> list[str]:
        try:
            text = (self.folder / JOURNAL).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return []
        return text[: text.rfind("\n") + 1].splitlines()


def _head(line: str) -> Audit | None:
    try:
        return Audit.model_validate_json(line)
    except ValidationError:
        return None


def _entry(line: str) -> Entry | None:
    try:
        return Entry.model_validate_json(line)
    except ValidationError:
        return None
