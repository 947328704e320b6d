"""Which errors can end or degrade a check, and with which exit code?

Every message has three parts: what happened (with the offending value), the likely cause, and the
next step. Values that come from a model repository are passed through ``printable`` before they
enter a message, so that a hostile name cannot move a terminal's cursor or forge a log line.
"""

from __future__ import annotations

import hashlib
import traceback
from collections.abc import Callable
from enum import IntEnum
from pathlib import PurePath
from typing import ClassVar


class ExitCode(IntEnum):
    """The process exit codes of DESIGN section 5; pinned by a test."""

    OK = 0
    POLICY_FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    UNREADABLE = 4
    INTERNAL = 5


def printable(value: object, *, limit: int = 120) -> str:
    """Return ``value`` as one line of printable text, at most ``limit`` characters.

    Control characters, line breaks, bidirectional overrides and lone surrogates are shown as
    escapes; text past ``limit`` is cut and marked.
    """
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(value)[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def counted(n: int, one: str, many: str = "") -> str:
    """Return ``1 file``, ``2 files``, ``1,200 files``.

    Args:
        n: How many.
        one: The word for one.
        many: The word for several; empty: with an ``s``.
    """
    return f"{n:,} {one if n == 1 else many or f'{one}s'}"


class FaultLine(str):
    """A line among the progress that no log may leave out: where a fault of hubcheck lies."""

    __slots__ = ()


class HubcheckError(Exception):
    """Base of every error that hubcheck raises on purpose."""

    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL

    def __init__(self, what: str, *, cause: str, next_step: str) -> None:
        """Keep the three parts of the message.

        Args:
            what: What happened, the offending value included.
            cause: The likely cause.
            next_step: What the user can do now.
        """
        super().__init__(what)
        self.what = what
        self.cause = cause
        self.next_step = next_step

    def __reduce__(self) -> tuple[Callable[..., HubcheckError], tuple[object, ...]]:
        """Return how it is put together again in another process, whatever a subclass asks for."""
        return _put_together, (type(self), self.args, dict(vars(self)))

    def __str__(self) -> str:
        """Return the three parts as one paragraph."""
        return f"{self.what} Likely cause: {self.cause} Next: {self.next_step}"


def _put_together(
    kind: type[HubcheckError], shown: tuple[object, ...], parts: dict[str, object]
) -> HubcheckError:
    """Return an error that came from another process."""
    error = kind.__new__(kind, *shown)
    vars(error).update(parts)
    return error


class UsageError(HubcheckError):
    """The request itself is wrong: an option, a reference or a configuration file."""

    exit_code = ExitCode.USAGE


class UnreachableError(HubcheckError):
    """A model could not be reached."""

    exit_code = ExitCode.UNREACHABLE


class MissingModelError(UnreachableError):
    """The repository, folder or file does not exist (or is private and hidden)."""


class NotPublicError(MissingModelError):
    """Nobody can read the repository without a token, and the answer is one that others read."""


class GatedModelError(UnreachableError):
    """The repository exists, and its owner has not granted this token access."""


class UnknownRevisionError(UnreachableError):
    """The repository exists, the revision does not."""


class ProcessLostError(UnreachableError):
    """Another process of a check that several share has ended, or does not answer."""


class NetworkFaultError(UnreachableError):
    """The host did not answer, or answered with something that is not what was asked for."""


class UnreadableError(HubcheckError):
    """The bytes are not a checkpoint that can be read safely."""

    exit_code = ExitCode.UNREADABLE


class NoWeightsError(UnreadableError):
    """No weights lie where they are looked for: there is nothing to read, and nothing hostile."""


class SubjectUnreadableError(UnreadableError):
    """Values of the subject, not of a base, cannot be used; raised from the error that says why."""

    @classmethod
    def of(cls, error: UnreadableError) -> SubjectUnreadableError:
        """Return the same trouble, said to be the subject's."""
        return cls(error.what, cause=error.cause, next_step=error.next_step)


class HostileCheckpointError(UnreadableError):
    """A header, index or path contradicts itself or reaches outside the model."""


class UnsupportedFormatError(UnreadableError):
    """The model holds weights in a format hubcheck does not read (yet); names the format."""

    def __init__(self, what: str, *, cause: str, next_step: str, format_name: str) -> None:
        """Keep the name of the format beside the three parts of the message."""
        super().__init__(what, cause=cause, next_step=next_step)
        self.format_name = format_name


class BudgetExceededError(HubcheckError):
    """A read was refused because it would pass ``--max-read``."""

    exit_code = ExitCode.USAGE


class InternalFaultError(HubcheckError):
    """A fault of hubcheck itself while one model was looked at; the rest of the check goes on."""

    fault: str = ""
    """A few hex digits that are the same for the same fault: of its kind and its place."""
    path: str = ""
    """The places in hubcheck that led to it, outermost first; for the log, never for a card."""

    @classmethod
    def of(cls, error: Exception) -> InternalFaultError:
        """Return what is said of an error that nobody foresaw: its kind and place, no value."""
        if isinstance(error, cls):
            return error
        steps = [
            f"{'/'.join(PurePath(step.filename).parts[-2:])}:{step.lineno}"
            for step in traceback.extract_tb(error.__traceback__)
        ]
        kind, place = type(error).__name__, steps[-1] if steps else "nowhere"
        fault = hashlib.sha256(f"{kind} {place}".encode()).hexdigest()[:8]
        made = cls(
            f"{fault}, {kind} at {place}.",
            cause="these files are of a form that nobody foresaw.",
            next_step="please report it with this number and, if it is public, the model's name.",
        )
        made.fault, made.path = fault, " > ".join(steps)
        return made
