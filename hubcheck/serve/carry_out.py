"""What is done for one push: looked at, checked, published?

The check reads what strangers wrote and is given neither the token that writes nor the webhook's
secret; publishing gets the one, never the other. Both run as processes of their own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hubcheck.errors import ExitCode, HubcheckError, UnreachableError, printable
from hubcheck.frozen import frozen
from hubcheck.publish.hub.client import HubClient
from hubcheck.publish.hub.credentials import Credential, Role, credential
from hubcheck.publish.hub.errors import HubPublishError
from hubcheck.request.options import command_of
from hubcheck.serve.asked import Question
from hubcheck.serve.guards import Skip, decide
from hubcheck.serve.history import HubHistory
from hubcheck.serve.job import Result, State
from hubcheck.serve.payload import MAIN, Push
from hubcheck.serve.settings import CARD, GITHUB_TOKEN, PAGE_PASSWORD, PREVIOUS_SECRET, SECRET
from hubcheck.serve.settings import CheckHere as Plan

SECRETS: Final = frozenset(
    {SECRET, PREVIOUS_SECRET, PAGE_PASSWORD, GITHUB_TOKEN, "WEBHOOK_SECRET", "WEBHOOK_PAYLOAD"}
)
"""What no process of a job needs; the last two are set by the Hub in a Job."""
WRITING: Final = frozenset({"HUBCHECK_WRITE_TOKEN", "HUBCHECK_WRITE_OIDC_RESOURCE"})
READING: Final = ("HUBCHECK_READ_TOKEN", "HUBCHECK_READ_OIDC_RESOURCE")
OTHERS: Final = frozenset({"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_OIDC_RESOURCE"})
LOG_TAIL: Final = 600
"""Characters of a failed command's last words that are kept."""
POLL: Final = 0.05

Tell = Callable[..., None]


@frozen
class Later:
    """Trouble that passes: the job is run again after a while."""

    seconds: float
    note: str


@frozen
class Stopped:
    """The server was asked to stop while the job ran."""


Ending = Result | Later | Stopped


@dataclass(slots=True, kw_only=True)
class OwnName:
    """Whose token publishes, asked once: the Hub limits that question strictly."""

    endpoint: str
    environment: Mapping[str, str]
    _name: str | None = None

    def get(self) -> str:
        """Return the name, empty without a token or when the Hub does not say."""
        if self._name is None:
            writer = credential(Role.WRITE, self.environment)
            client = HubClient("hubcheck/hubcheck", credential=writer, endpoint=self.endpoint)
            try:
                self._name = client.name() if writer.token else ""
            except HubPublishError:
                return ""
        return self._name


@frozen
class Guarded:
    """Looks at a push before anything is spent on it."""

    endpoint: str
    environment: Mapping[str, str]
    own_name: OwnName
    tell: Tell

    def look(self, push: Push) -> Result | Later | None:
        """Return how a push that is not checked ends, or ``None``: it is checked."""
        try:
            reader = credential(Role.READ, self.environment)
            decision = decide(push, self._history(push, reader), own_name=self.own_name.get())
        except (HubPublishError, UnreachableError) as error:
            # Its first sentence: the advice of these errors is for publishing.
            return Later(seconds=60, note=printable(error.what, limit=LOG_TAIL))
        except HubcheckError as error:
            return Result(state=State.FAILED, note=printable(error, limit=LOG_TAIL))
        if isinstance(decision, Skip):
            return Result(state=State.SKIPPED, note=decision.reason)
        self.tell(
            "to-check", repo=push.repo, ref=push.ref, sha=push.new_sha,
            why=decision.why, warning=decision.warning,
        )  # fmt: skip
        return None

    def _history(self, push: Push, reader: Credential) -> HubHistory:
        return HubHistory(push.repo, credential=reader, endpoint=self.endpoint)


def check_here(
    push: Push, folder: Path, plan: Plan, guarded: Guarded, stop: threading.Event
) -> Ending:
    """Check a push on this machine and publish the result."""
    ending = guarded.look(push)
    if ending is not None:
        return ending
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    asked = command_of(plan.asks(f"{push.repo}@{push.new_sha}"))
    words = [*asked, *plan.manner(), "--out", str(folder)]
    ran = run_command(words, folder, for_check(guarded.environment), plan.seconds, stop)
    if ran.ending is not None:
        return ran.ending
    verdict, conclusion = read_verdict(report)
    # A network that kept everything from being compared gives a report too: none to publish.
    if not verdict or ran.code == ExitCode.UNREACHABLE:
        note = f"exit code {ran.code}: {ran.said}"
        later = ran.code in (ExitCode.UNREACHABLE, ExitCode.INTERNAL) or ran.code < 0
        return Later(seconds=120, note=note) if later else Result(state=State.FAILED, note=note)
    notes = []
    for publication in publications(push, report, plan):
        done = run_command(
            publication, folder, for_publishing(guarded.environment), plan.seconds, stop
        )
        if done.ending is not None:
            return done.ending
        notes.append(done.said.removeprefix("hubcheck: "))
    words = addition(push, plan)
    if words:
        done = run_command(words, folder, for_check(guarded.environment), plan.seconds, stop)
        if isinstance(done.ending, Stopped):
            return done.ending
        notes.append(done.said)
    return Result(state=State.DONE, verdict=verdict, conclusion=conclusion, note="; ".join(notes))


def check_asked(
    question: Question, folder: Path, plan: Plan, guarded: Guarded, stop: threading.Event
) -> Ending:
    """Check what a visitor asked for, with nobody's token; nothing is published."""
    folder.mkdir(parents=True, exist_ok=True)
    report = folder / "report.json"
    report.unlink(missing_ok=True)
    asked = question.words()
    words = [*asked, "--depth", plan.depth, "--only-public", "--out", str(folder)]
    words += ["--max-read", str(plan.max_read)] if plan.max_read is not None else []
    ran = run_command(words, folder, for_stranger(guarded.environment, folder), plan.seconds, stop)
    if ran.ending is not None:
        return ran.ending
    verdict, conclusion = read_verdict(report)
    if not verdict or ran.code == ExitCode.UNREACHABLE:
        note = f"exit code {ran.code}: {ran.said}"
        later = ran.code in (ExitCode.UNREACHABLE, ExitCode.INTERNAL) or ran.code < 0
        return Later(seconds=30, note=note) if later else Result(state=State.FAILED, note=note)
    return Result(state=State.DONE, verdict=verdict, conclusion=conclusion)


def addition(push: Push, plan: Plan) -> list[str]:
    """Return the command that adds a push to a catalogue; a pull request is no model yet."""
    if not plan.catalogue or push.ref != MAIN:
        return []
    return ["catalogue", "add", f"{push.repo}@{push.new_sha}", "--to", plan.catalogue]


def publications(push: Push, report: Path, plan: Plan) -> list[list[str]]:
    """Return the commands that publish a report.

    A pull request gets its comment; the model card speaks of the main branch only.
    """
    commands = []
    for target in plan.publish:
        words = ["publish", str(report), "--to", target, "--just-checked"]
        if target == CARD:
            if push.ref != MAIN:
                continue
            words += ["--create-pr"] if plan.create_pr else []
        elif push.pull_request:
            words += ["--number", str(push.pull_request)]
        commands.append(words)
    return commands


@frozen
class Ran:
    """A command that ended, or why it was ended."""

    code: int
    said: str
    """The last line it wrote, printable."""
    ending: Ending | None = None


def run_command(
    words: list[str],
    folder: Path,
    environment: Mapping[str, str],
    seconds: float,
    stop: threading.Event,
) -> Ran:
    """Run ``hubcheck WORD...`` with a time limit.

    Args:
        words: The command line.
        folder: The job's; the command's words go to a log in it.
        environment: All that the process gets.
        seconds: Time limit.
        stop: Ends the command when set.
    """
    log = folder / f"{words[0]}.log"
    deadline = time.monotonic() + seconds
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own module, arguments held against grammars
            [sys.executable, "-P", "-m", "hubcheck.serve.child", str(folder), *words],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=dict(environment),
            start_new_session=True,
        )
        try:
            while process.poll() is None:
                if stop.is_set():
                    return Ran(code=0, said="", ending=Stopped())
                if time.monotonic() > deadline:
                    note = f"hubcheck {words[0]} took more than {seconds:.0f} s and was ended"
                    return Ran(code=0, said="", ending=Result(state=State.FAILED, note=note))
                time.sleep(POLL)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
    return Ran(code=process.returncode, said=last_line(log))


def for_check(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a check: nothing that opens a door or writes."""
    hidden = SECRETS | WRITING
    if any(environment.get(name) for name in READING):
        hidden |= OTHERS  # a token of its own for reading: the one that may write stays here
    return {name: value for name, value in environment.items() if name not in hidden}


def for_stranger(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment of a check that a stranger asked for: no token, no login."""
    hidden = SECRETS | WRITING | OTHERS | set(READING)
    kept = {name: value for name, value in environment.items() if name not in hidden}
    return kept | {"HF_TOKEN_PATH": str(folder / "no-token")}


def for_publishing(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a publication: the token that writes, no other secret."""
    return {name: value for name, value in environment.items() if name not in SECRETS}


def read_verdict(report: Path) -> tuple[str, str]:
    """Return verdict and conclusion of a report, empty when there is none."""
    try:
        document: Any = json.loads(report.read_bytes())
        return str(document["verdict"]), str(document["conclusion"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", ""


def last_line(log: Path) -> str:
    """Return the last line that a command wrote, printable: of a refusal its first."""
    with log.open("rb") as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 4 * LOG_TAIL))
        lines = file.read().decode(errors="replace").splitlines()
    shown = [line for line in lines if line.strip()]
    if not shown:
        return ""
    # A refusal has three lines; the first says what happened.
    first = next((line for line in shown if line.startswith("hubcheck: ")), shown[-1])
    return printable((shown[-1] if first is shown[-1] else first).strip(), limit=LOG_TAIL)
