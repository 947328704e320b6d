"""Where do the answers of the open page stay?

A folder for each question, by its key: what was asked, and from the end of the check on the report
and the card. No answer is forgotten, for its address was given away as one that stays; once there
is no room for more, new questions are turned away. A question without an answer makes room.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from pathlib import Path
from typing import Final

from hubcheck.errors import HubcheckError
from hubcheck.serve.asked import KEY_LENGTH, Question, question_of

ASKED: Final = "asked.json"
CARD: Final = "card.html"
REPORT: Final = "report.json"
UNANSWERED: Final = 86_400.0
"""Seconds after which a question without an answer makes room: no check waits so long."""
_KEY: Final = re.compile(rf"[0-9a-f]{{{KEY_LENGTH}}}")


class Kept:
    """The folder of all questions."""

    def __init__(self, folder: Path, *, limit: int) -> None:
        """Take a folder, and how many questions it may hold."""
        self._folder = folder
        self._limit = limit

    def has_room(self) -> bool:
        """Return whether another question may be kept.

        Once there is no room, questions that came to nothing make some: only an answer stays.
        """
        if self._count() < self._limit:
            return True
        for entry in os.scandir(self._folder):
            place = Path(entry.path)
            if not (place / CARD).exists() and time.time() - entry.stat().st_mtime > UNANSWERED:
                shutil.rmtree(place, ignore_errors=True)
        return self._count() < self._limit

    def _count(self) -> int:
        try:
            return sum(1 for _ in os.scandir(self._folder))
        except FileNotFoundError:
            return 0

    def ask(self, question: Question) -> None:
        """Write down what is asked, once."""
        folder = self._folder / question.key
        folder.mkdir(parents=True, exist_ok=True)
        asked = {"repo": question.subject.repo_id, "ref": question.ref,
                 "sha": question.subject.revision}  # fmt: skip
        _write(folder / ASKED, json.dumps(asked).encode())

    def question(self, key: str) -> Question | None:
        """Return what was asked under a key, ``None`` where nothing was."""
        if not _KEY.fullmatch(key):
            return None
        try:
            asked = json.loads((self._folder / key / ASKED).read_bytes())
            return question_of(str(asked["repo"]), str(asked["ref"]), str(asked["sha"]))
        except (OSError, ValueError, KeyError, TypeError, HubcheckError):
            return None

    def answer(self, question: Question, made: Path) -> None:
        """Keep the report and the card that a check wrote into a folder."""
        folder = self._folder / question.key
        folder.mkdir(parents=True, exist_ok=True)
        for name in (REPORT, CARD):  # the card last: where it is, all is there
            _write(folder / name, (made / name).read_bytes())

    def read(self, key: str, name: str) -> bytes | None:
        """Return a kept file, ``None`` where there is none."""
        if not _KEY.fullmatch(key):
            return None
        try:
            return (self._folder / key / name).read_bytes()
        except OSError:
            return None


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all: a reader never sees half of it."""
    part = path.with_suffix(".part")
    part.write_bytes(data)
    shutil.move(part, path)
