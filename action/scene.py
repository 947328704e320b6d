"""What does every step of a run need: the settings, the event, the client, the clock, the log?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from action import commands
from action.event import Event
from action.inputs import Settings
from action.runner import Runner
from hubcheck.errors import HubcheckError
from hubcheck.publish.github.body import Links
from hubcheck.publish.github.client import GitHub
from hubcheck.publish.github.errors import ForbiddenError


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One run of the action."""

    settings: Settings
    runner: Runner
    event: Event
    github: GitHub
    now: Callable[[], datetime]
    write: Callable[[str], None]
    asked: tuple[str, ...] = ()
    """The models as the workflow or the policy file names them; a comment is about these."""

    def log(self, text: str) -> None:
        """Write a plain line."""
        commands.log(text, self.write)

    def notice(self, text: str) -> None:
        """Say something that is no trouble."""
        commands.annotate("notice", text, write=self.write)

    def warning(self, text: str) -> None:
        """Say that something could not be done; never changes the exit code."""
        commands.annotate("warning", text, write=self.write)

    def links(self, commit: str) -> Links:
        """Return where a comment about ``commit`` points."""
        return Links(
            server=self.runner.server,
            repository=self.runner.full_name,
            commit=commit,
            run=self.runner.run_id,
        )

    def attempt(self, what: str, effect: Callable[[], None]) -> bool:
        """Do one thing that may fail without losing what was done before it.

        Args:
            what: In words, for the log: "the comment".
            effect: Does it.

        Returns:
            Whether it worked. A token that may not is a notice, everything else a warning.
        """
        try:
            effect()
        except ForbiddenError as error:
            self.notice(
                f"{what} was not written: this token may not. On a pull request from a fork that "
                f"is normal; docs/action.md shows the second workflow that answers. ({error.what})"
            )
        except HubcheckError as error:
            self.warning(f"{what} was not written: {error}")
        except Exception as error:  # noqa: BLE001 - one effect must not take the others with it
            self.warning(f"{what} was not written: {type(error).__name__}: {error}")
        else:
            return True
        return False
