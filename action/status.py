"""How does a commit get its status, and never keep one that only says to wait?

``pending`` promises that something follows. Whatever ends the run after it (an error, a fault, a
cancelled job), a state that is a result takes its place.
"""

from __future__ import annotations

from types import TracebackType
from typing import Final, Self

from action.scene import Scene
from hubcheck.card.wording import words
from hubcheck.errors import ExitCode, HubcheckError
from hubcheck.publish.github.comments import PullRequestPlace
from hubcheck.publish.github.errors import ForbiddenError
from hubcheck.publish.github.pull_requests import set_status
from hubcheck.verdict.gate import Gate, GateState

CONTEXT: Final = "hubcheck"
"""The status that a branch rule may require: this run computed it."""
REPORTED: Final = "hubcheck (reported)"
"""The status of a report that the pull request's own run made: never to be required."""
PENDING: Final = "pending"


class Status:
    """The status of one commit; use as a context manager around all that decides it."""

    def __init__(self, scene: Scene, commit: str, context: str) -> None:
        """Take what it is about; nothing is set yet."""
        self._scene = scene
        self._commit = commit
        self._context = context
        self._waiting = False
        self._may_write = True

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Say ``error`` where something ended the work, a cancelled job included."""
        if error is not None:
            self._put(GateState.ERROR, _last_words(error))

    def wait(self, text: str) -> None:
        """Say that a result follows."""
        self._put(PENDING, text)
        # Without an answer it may stand there all the same; only a token that may not is sure.
        self._waiting = self._may_write

    def settle(self, gate: Gate, code: ExitCode) -> ExitCode:
        """Set the result; return the exit code of the run.

        A run that leaves ``pending`` behind, because GitHub does not take the result, does not end
        as if it had answered.
        """
        if self._put(gate.state, words(gate.said)) or not self._waiting:
            return code
        return ExitCode.UNREACHABLE if code is ExitCode.OK else code

    def _put(self, state: str, text: str) -> bool:
        scene, runner = self._scene, self._scene.runner
        place = PullRequestPlace(owner=runner.owner, name=runner.repository, number=0)
        address = f"{runner.server}/{runner.full_name}/actions/runs/{runner.run_id}"

        def put() -> None:
            try:
                set_status(
                    scene.github,
                    place,
                    self._commit,
                    state=state,
                    context=self._context,
                    description=text,
                    address=address if runner.run_id else "",
                )
            except ForbiddenError:
                self._may_write = False
                raise

        return scene.attempt("the commit status", put)


def _last_words(error: BaseException) -> str:
    match error:
        case HubcheckError(what=what):
            return f"nothing was checked: {what}"
        case KeyboardInterrupt() | SystemExit():
            return "the run was ended before it had a result"
        case _:
            return f"a fault of hubcheck: {type(error).__name__}"
