"""How do the subject and its bases behave, where that was asked for?

After the findings, so that nothing of it can move one. A model that cannot be run is a reason in
the report, never the end of the check. Of several processes the first one runs the models.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Literal

from hubcheck.behaviour.comparison import Run, compared, one_vocabulary, run_of
from hubcheck.behaviour.endpoint import address_of, heard
from hubcheck.behaviour.interface import NotRun, NotRunError, Wanted
from hubcheck.behaviour.known import known_pairs
from hubcheck.behaviour.places import laid_out
from hubcheck.behaviour.running import Runner, loaded, missing_package, vocabulary_of
from hubcheck.check.observe import Progress
from hubcheck.check.tested import Tested
from hubcheck.model import Model
from hubcheck.report.behaviour import Behaviour, BehaviourKind, Heard
from hubcheck.request.interface import Request

Side = Literal["subject", "base", "endpoint"]
Place = tuple[Path, str]
"""A folder that a model was laid out in, and its GGUF file's name there."""


class _SideError(Exception):
    """One of two was not run."""

    def __init__(self, side: Side, error: NotRunError) -> None:
        """Say which, and why."""
        super().__init__(side)
        self.side: Side = side
        self.error = error


def behaviour_of(
    subject: Model, tested: Sequence[Tested], request: Request, progress: Progress
) -> tuple[Behaviour, ...]:
    """Return what was seen of every base that could be opened, and of a server; nothing unasked."""
    wanted, team = request.behaviour, request.resources.team
    if wanted is None:
        return ()
    if not team.main:
        return team.same(())
    with tempfile.TemporaryDirectory(prefix="hubcheck-behaviour-") as folder:
        look = _Look(subject, wanted, Path(folder), progress)
        found = [look.at_server()] if wanted.endpoint else []
        if wanted.bases:
            found += [look.at_base(n, one) for n, one in enumerate(tested, start=1) if one.model]
    return team.same(tuple(found))


class _Look:
    """Runs models, one at a time; each is laid out once."""

    def __init__(self, subject: Model, wanted: Wanted, folder: Path, progress: Progress) -> None:
        self._subject, self._wanted = subject, wanted
        self._folder, self._progress = folder, progress
        self._places: dict[int, Place] = {}

    def at_base(self, number: int, one: Tested) -> Behaviour:
        """Run the subject and a base on the same prompts."""
        if one.model is None:
            raise TypeError(one)
        self._progress(f"running both models on texts, base {number}")
        try:
            theirs, ours = self._lie("base", number, one.model), self._lie("subject", 0, None)
            with _said_of("base"):
                known = vocabulary_of(*theirs)
            with _said_of("subject"):
                allowed = one_vocabulary(known, vocabulary_of(*ours))
            base = self._run("base", theirs, allowed)
            subject = self._run("subject", ours, allowed)
        except _SideError as error:
            return _not_run("base", one.base.ref, error)
        kinds = compared(base, subject)
        return Behaviour(
            against="base",
            base=one.base.ref,
            one_vocabulary=bool(allowed),
            kinds=tuple(BehaviourKind(**asdict(kind)) for kind in kinds),
            known=known_pairs(kind.prompts for kind in kinds),
        )

    def at_server(self) -> Behaviour:
        """Ask a server to go on with the texts that the subject goes on with."""
        name = address_of(self._wanted.endpoint)[1]
        self._progress("asking the server to go on with texts")
        try:
            place = self._lie("subject", 0, None)
            with self._loaded("subject", place) as runner, _said_of("endpoint"):
                said = heard(self._wanted, runner)
        except _SideError as error:
            return _not_run("endpoint", name, error)
        found = Heard(positions=said.positions, agreement=said.agreement, overlap=said.overlap)
        return Behaviour(against="endpoint", base=name, heard=found)

    def _lie(self, side: Side, number: int, model: Model | None) -> Place:
        """Lay a model out, once; number 0 is the subject."""
        if number not in self._places:
            if missing_package():
                raise _SideError(side, NotRunError(NotRun.PACKAGES))
            folder = self._folder / str(number)
            folder.mkdir()
            with _said_of(side):
                chosen = self._subject if model is None else model
                gguf = laid_out(chosen, folder, all_bytes=self._wanted.all_bytes)
            self._places[number] = folder, gguf
        return self._places[number]

    @contextmanager
    def _loaded(self, side: Side, place: Place) -> Iterator[Runner]:
        with _said_of(side), loaded(*place) as runner:
            yield runner

    def _run(self, side: Side, place: Place, allowed: tuple[int, ...]) -> Run:
        with self._loaded(side, place) as runner:
            return run_of(runner, allowed)


@contextmanager
def _said_of(side: Side) -> Iterator[None]:
    """Say of which of the two a reason is."""
    try:
        yield
    except NotRunError as error:
        raise _SideError(side, error) from error


def _not_run(against: Literal["base", "endpoint"], name: str, error: _SideError) -> Behaviour:
    return Behaviour(
        against=against,
        base=name,
        not_run=error.error.why.value,
        whose=error.side,
        fault=error.error.kind,
    )
