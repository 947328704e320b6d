"""What does one tool say about one pair, and what does it cost?

The tool sees a private copy of both models under neutral names, without the zoo's notes and cards,
that begins out of memory. Afterwards the pages of the copies that are in memory are counted: what
the tool fetched of the models, mapped files and the system's read-ahead included. The same measure
for every tool; hubcheck's own count stands beside it.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.lineage.catalogue import ORIGIN_FILES
from benchmarks.lineage.tools import Answer, Tool
from benchmarks.pair.measure import cool, run

PAGE: Final = mmap.PAGESIZE
CARD: Final = "README.md"
"""Left out too: a card of the zoo says what its model is."""
REASON_LENGTH: Final = 300
"""Characters of a failure's reason that are kept: its last line is what says why."""
ERROR: Final = re.compile(r"\berror\b|\w(Error|Exception)\b", re.IGNORECASE)
"""In a line that says what happened."""
ADVICE: Final = ("likely cause:", "next:")
"""How lines begin that follow what happened in hubcheck's errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run of one tool on one pair."""

    answer: Answer | None
    """None where the tool gave no answer."""
    failure: str
    """Why, in the tool's words; empty where it answered."""
    exit_code: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    touched_mb: float
    """Pages of both models fetched, read-ahead included."""
    files_mb: float
    """Size of both models' files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """Private copies of the models of one question, and a place for notes beside them."""

    models: tuple[Path, ...]
    """Subject first."""
    scratch: Path

    def files(self) -> list[Path]:
        """Return every file of all models."""
        return [path for folder in self.models for path in sorted(folder.iterdir())]


@contextmanager
def staged(*models: Path) -> Iterator[Staged]:
    """Copy models to a temporary folder, the subject first."""
    with tempfile.TemporaryDirectory(prefix="lineage-") as name:
        scratch = Path(name)
        leave = shutil.ignore_patterns(*ORIGIN_FILES, CARD)
        copies = []
        for number, model in enumerate(models):
            called = "subject" if number == 0 else "base" if number == 1 else f"base{number}"
            copies.append(shutil.copytree(model, scratch / called, ignore=leave))
        yield Staged(models=tuple(copies), scratch=scratch)


def measure(tool: Tool, pair: Staged) -> Measured:
    """Run a tool on a pair and read its answer."""
    files = pair.files()
    cool(files)
    complaint = pair.scratch / "stderr"
    command = tool.command(*pair.models)
    # the shell only opens the file for complaints, then becomes the tool
    wrapped = ["/bin/sh", "-c", 'exec "$@" 2>"$0"', str(complaint), *command]
    size = sum(p.stat().st_size for p in files) / 1e6
    try:
        cost = run(wrapped, tool.environment())
    except RuntimeError as error:
        return Measured(
            answer=None, failure=str(error), exit_code=-1, wall_s=0.0, cpu_s=0.0, peak_mb=0.0,
            touched_mb=0.0, files_mb=size,
        )  # fmt: skip
    touched = sum(in_memory(p) for p in files) / 1e6
    answer, failure = read_answer(tool, cost.stdout)
    if answer is None:
        said = complaint.read_text(encoding="utf-8", errors="replace") or cost.stdout
        failure = reason(said, str(pair.scratch)) or failure
    return Measured(
        answer=answer,
        failure=failure,
        exit_code=cost.exit_code,
        wall_s=cost.wall_s,
        cpu_s=cost.cpu_s,
        peak_mb=cost.peak_mb,
        touched_mb=touched,
        files_mb=size,
    )


def read_answer(tool: Tool, stdout: str) -> tuple[Answer | None, str]:
    """Return a tool's answer from what it printed, or None and why there is none."""
    try:
        said: dict[str, Any] = json.loads(stdout[stdout.index("{") :])
        return tool.answer(said), ""
    except ValueError:
        return None, "printed no JSON"
    except (KeyError, IndexError, TypeError) as error:
        return None, f"its JSON lacks {error}"


def reason(said: str, scratch: str) -> str:
    """Return what a complaint says has happened, without advice and paths of this run.

    That is everything from the last line that speaks of an error, for some tools break their
    lines, or the last line alone.

    >>> reason("ValueError: no tensors in /tmp/x/subject", "/tmp/x")
    'ValueError: no tensors in subject'
    """
    lines = [line.strip(" │╰╯─╭╮") for line in said.replace("\r", "\n").splitlines()]
    lines = [line for line in lines if line and not line.startswith(ADVICE)]
    errors = [i for i, line in enumerate(lines) if ERROR.search(line)]
    told = " ".join(lines[errors[-1] if errors else -1 :])
    return told.replace(scratch + "/", "")[:REASON_LENGTH]


def in_memory(path: Path) -> int:
    """Return how many bytes of a file are in memory, to a page."""
    size = path.stat().st_size
    if size == 0:
        return 0
    pages = -(-size // PAGE)
    seen = (ctypes.c_ubyte * pages)()
    system = ctypes.CDLL(None, use_errno=True)
    with path.open("r+b") as file, mmap.mmap(file.fileno(), size) as mapped:
        view = (ctypes.c_char * size).from_buffer(mapped)
        failed = system.mincore(
            ctypes.c_void_p(ctypes.addressof(view)), ctypes.c_size_t(size), seen
        )
        del view
    if failed:
        raise OSError(ctypes.get_errno(), f"mincore on {path.name}")
    return min(size, PAGE * sum(page & 1 for page in seen))
