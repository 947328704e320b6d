"""What has a build done so far, whatever stopped it?

One line a step, written to the disk before the next is begun. A line that a kill left unfinished
is not there; its model is sketched again.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from hubcheck.catalogue.sketch import N_SLOTS, Sketch
from hubcheck.frozen import frozen
from hubcheck.statistics.sketch import SLOT_BYTES

FOLDER: Final = "building"
SKETCHES: Final = "sketches.jsonl"
MATCHES: Final = "matches.jsonl"
FAILURES: Final = "failures.jsonl"

Row = Mapping[str, Any]
"""What a worker returns of one model: plain values, so that any process can send it."""


@frozen
class Failure:
    """A model that could not be sketched, or not be matched; asked again by the next run."""

    asked: str
    reason: str
    """The kind of error, a code: what failures are counted by."""
    what: str
    """Its message, printable."""


class Journal:
    """The folder of a build that goes on."""

    def __init__(self, catalogue: Path) -> None:
        """Make the folder, or find it."""
        self.folder = catalogue / FOLDER
        self.folder.mkdir(parents=True, exist_ok=True)

    def add(self, name: str, row: Row) -> None:
        """Add a line, and wait until it is on the disk."""
        with (self.folder / name).open("a", encoding="ascii") as file:
            file.write(json.dumps(dict(row), separators=(",", ":")) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def rows(self, name: str) -> Iterator[Row]:
        """Yield the whole lines."""
        place = self.folder / name
        if not place.is_file():
            return
        text = place.read_text(encoding="ascii", errors="replace")
        if text and not text.endswith(
            "\n"
        ):  # a kill in the middle of a line: later ones go on anew
            text = text[: text.rfind("\n") + 1]
            place.write_text(text, encoding="ascii")
        for line in text.splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                yield row

    def write_failures(self, failures: list[Failure]) -> None:
        """Replace the list of what failed in this run."""
        place = self.folder / FAILURES
        lines = (
            json.dumps({"asked": f.asked, "reason": f.reason, "what": f.what}) + "\n"
            for f in failures
        )
        place.write_text("".join(lines), encoding="ascii")

    def failures(self) -> list[Failure]:
        """Return what failed in the last run."""
        return [
            Failure(asked=str(r["asked"]), reason=str(r["reason"]), what=str(r["what"]))
            for r in self.rows(FAILURES)
            if {"asked", "reason", "what"} <= set(r)
        ]

    def clear(self) -> None:
        """Forget what has been written into the catalogue; the failures stay."""
        for name in (SKETCHES, MATCHES):
            (self.folder / name).unlink(missing_ok=True)


def bits_of(sketch: Sketch) -> dict[str, object]:
    """Return a sketch as plain values."""
    return {
        "bits": base64.b64encode(sketch.slots.tobytes()).decode("ascii"),
        "present": sketch.present,
    }


def sketch_from(row: Row) -> Sketch:
    """Return the sketch of a line."""
    raw = base64.b64decode(str(row["bits"]))
    slots = np.frombuffer(raw, dtype=np.uint8).reshape(N_SLOTS, SLOT_BYTES)
    return Sketch(slots=slots, present=int(row["present"]))
