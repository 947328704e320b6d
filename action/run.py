"""How does one run of the action go, from the environment to the exit code?"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import FrameType

from action import commands, results
from action.event import OnFinishedRun, read_event
from action.inputs import Stage, read_inputs
from action.runner import read_runner
from action.scene import Scene
from hubcheck import __version__
from hubcheck.errors import ExitCode, HubcheckError, printable
from hubcheck.verdict.gate import GateState


def main() -> int:
    """Run the action in this process's environment and return the exit code."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Names of folders in the inputs are meant from the workspace.
    workspace = os.environ.get("GITHUB_WORKSPACE")
    if workspace:
        os.chdir(workspace)
    # A cancelled job is ended by signals; as exceptions they still let a status be set.
    signal.signal(signal.SIGTERM, _end)
    try:
        return int(run(os.environ, now=lambda: datetime.now(UTC), write=commands.to_log))
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


def run(
    environment: Mapping[str, str],
    *,
    now: Callable[[], datetime],
    write: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> ExitCode:
    """Run the action.

    Args:
        environment: Inputs and the runner's variables.
        now: The clock, timezone-aware.
        write: Takes each line of the log.
        sleep: Waits between requests that failed.
    """
    try:
        scene = _scene(environment, now, write, sleep)
    except HubcheckError as error:
        commands.annotate("error", str(error), title="hubcheck could not start", write=write)
        return error.exit_code
    try:
        return _stage(scene)
    except HubcheckError as error:
        results.write_failure(scene, error)
        return ExitCode.USAGE if error.exit_code is ExitCode.OK else error.exit_code
    except Exception as error:  # noqa: BLE001 - the one top-level net: exit 5, and say how to report
        commands.annotate(
            "error",
            f"internal error: {printable(error)}. This is a fault of hubcheck; please report it "
            "with the log.",
            write=write,
        )
        for line in traceback.format_exc().splitlines():
            commands.log(line, write)
        results.set_outputs(scene, {"status": GateState.ERROR.value})
        return ExitCode.INTERNAL


def _scene(
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    write: Callable[[str], None],
    sleep: Callable[[float], None],
) -> Scene:
    from hubcheck.publish.github.client import GitHub

    settings = read_inputs(environment)
    for secret in settings.secrets:
        commands.mask(secret, write)
    runner = read_runner(environment)
    event = read_event(runner)
    where = runner.full_name or "no repository"
    commands.log(f"{__version__}, {runner.event_name or 'no event'} in {where}", write)
    client = GitHub(
        settings.github_token,
        api=runner.api,
        graphql=runner.graphql,
        sleep=sleep,
        clock=lambda: now().timestamp(),
    )
    return Scene(settings=settings, runner=runner, event=event, github=client, now=now, write=write)


def _stage(scene: Scene) -> ExitCode:
    from action.stage_check import check_stage
    from action.stage_publish import publish_stage, recheck_stage

    event, stage = scene.event, scene.settings.stage
    if isinstance(event, OnFinishedRun) and stage is Stage.CHECK:
        return recheck_stage(scene, event)
    if stage is Stage.PUBLISH or (stage is Stage.AUTO and isinstance(event, OnFinishedRun)):
        return publish_stage(scene)
    return check_stage(scene)
