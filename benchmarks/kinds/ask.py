"""What does ``hubcheck check`` say about a subject and a base, as a user would run it?"""

from __future__ import annotations

import contextlib
import io
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

SEED: Final = 20_260
"""Of every check: the same draw for every kind, so that a run can be repeated."""
NOWHERE: Final = "http://127.0.0.1:9"
"""No check of folders may ask the Hub for anything; what would, fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one check left behind."""

    exit_code: int
    report: Mapping[str, Any]
    """Empty where none was written."""
    card: str
    """Markdown; empty where none was written."""
    complaint: str
    """What went to stderr beyond progress."""


def ask(subject: Path, *bases: Path, options: Sequence[str] = ()) -> Said:
    """Run the command in this process and read what it wrote.

    Args:
        subject: Folder or file.
        bases: Declared bases, in turn.
        options: Further words of the command line.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ["HF_ENDPOINT"] = NOWHERE
    from hubcheck.cli import main

    with tempfile.TemporaryDirectory(prefix="kinds-") as name:
        out = Path(name)
        named = [word for base in bases for word in ("--base", str(base))]
        words = ["check", str(subject), *named, "--seed", str(SEED), "--out", str(out), *options]
        errors = io.StringIO()
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(errors):
            try:
                code = main(words)
            except SystemExit as stop:  # what argparse does with a word it does not know
                code = int(stop.code or 0)
        report, card = out / "report.json", out / "card.md"
        return Said(
            exit_code=code,
            report=json.loads(report.read_text()) if report.exists() else {},
            card=card.read_text() if card.exists() else "",
            complaint=errors.getvalue(),
        )


def command(subject: Path, *bases: Path) -> str:
    """Return the same as a command line, with paths as they are."""
    named = " ".join(f"--base {base}" for base in bases)
    return f"hubcheck check {subject} {named} --seed {SEED}"
