"""What does the publishing stage do?

After another workflow: its report is data from a stranger. It is held against the schema, stripped
of every free text and rendered here; the status it gives says that it was only reported. With
``mode: check`` the report is ignored and the head commit is checked again, over the API, which is
what a required gate needs.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from action import tell
from action.badge import store_badge
from action.card import tell_card
from action.event import OnFinishedRun, OnPullRequest
from action.model import model_name, result_key, task_of
from action.scene import Scene
from action.stage_check import commit_of, run_check, tell_everywhere
from hubcheck.card.document import Line, Trusted
from hubcheck.card.names import LOCAL
from hubcheck.errors import ExitCode, HubcheckError, UsageError, printable
from hubcheck.model import open_model
from hubcheck.output import read_report
from hubcheck.publish.github.artifact import report_of_run
from hubcheck.publish.github.comments import PullRequestPlace
from hubcheck.publish.github.commit_files import fetch_model
from hubcheck.publish.github.pull_requests import PullRequest, find_by_head, set_status
from hubcheck.publish.github.stranger import read_stranger
from hubcheck.source.reference import is_repo_id
from hubcheck.verdict.report import Report
from hubcheck.verdict.words import Conclusion

CONTEXT: Final = "hubcheck"
"""The status that a branch rule may require: this run computed it."""
REPORTED: Final = "hubcheck (reported)"
"""The status of a report that the pull request's own run made: never to be required."""
_STATES: Final = {
    Conclusion.PASS: "success",
    Conclusion.NEUTRAL: "success",
    Conclusion.FAIL: "failure",
}
_NOTE: Final[Line] = (
    Trusted(
        "Computed in the pull request's own run, which its author controls; only numbers and names "
        "were taken over."
    ),
)


def publish_stage(scene: Scene) -> ExitCode:
    """Publish a report that is there already.

    Raises:
        HubcheckError: there is none that can be used.
    """
    if isinstance(scene.event, OnFinishedRun):
        return _reported(scene, scene.event)
    path = scene.runner.workspace / tell.OUT / "report.json"
    if path.is_symlink() or path.parent.is_symlink():
        raise UsageError(
            f"{tell.OUT}/report.json is a link.",
            cause="the checkout brings it along.",
            next_step="run the check in the same job first.",
        )
    report = read_report(path)
    told = tell.Told(report=report, commit=commit_of(scene), folder="", key="")
    tell.tell_outputs(scene, tell.outputs_of(report))
    if isinstance(scene.event, OnPullRequest):
        url = tell.tell_comment(scene, told, scene.event.number)
        tell.tell_outputs(scene, {"comment-url": url})
    else:
        tell.tell_outputs(scene, {"badge-url": store_badge(scene, report)})
    tell_card(scene, report, _folder_of(report))
    return ExitCode.OK


def _folder_of(report: Report) -> str:
    return report.subject.ref if report.subject.revision == LOCAL else ""


def recheck_stage(scene: Scene, event: OnFinishedRun) -> ExitCode:
    """Check the head commit of a finished run again, from its files over the API.

    Raises:
        HubcheckError: there is nothing to report on.
    """
    found = _pull_request(scene, event)
    if found is None:
        return ExitCode.OK
    _status(scene, event.head, "pending", CONTEXT, "checking the head commit again")
    try:
        with tempfile.TemporaryDirectory(prefix="hubcheck-") as folder:
            code, report = _recheck(scene, event, found, Path(folder))
    except HubcheckError as error:
        _status(scene, event.head, "error", CONTEXT, f"nothing was checked: {error.what}")
        raise
    _status(scene, event.head, _STATES[report.conclusion], CONTEXT, _words(report))
    return code


def _recheck(
    scene: Scene, event: OnFinishedRun, found: PullRequest, folder: Path
) -> tuple[ExitCode, Report]:
    name = model_name(scene)
    fetched = fetch_model(
        scene.github,
        found.place.owner,
        found.place.name,
        event.head,
        folder=name,
        into=folder,
        lfs_server=scene.runner.server,
        lfs_repository=found.head_repository or scene.runner.full_name,
    )
    for reason in fetched.left_out:
        scene.log(reason)
    if not fetched.files and not is_repo_id(name.partition("@")[0]):
        raise UsageError(
            f"The commit {event.head[:7]} has no model in '{printable(name)}'.",
            cause="the pull request moved or removed it, or the folder is misspelled.",
            next_step="name the folder in the input model.",
        )
    task = task_of(scene, at=folder if fetched.files else None)
    subject = open_model(task.request.subject, task.request.access)
    key = result_key(task, subject, scene.now().date())
    checked = run_check(scene, task, commit=event.head, key=key)
    tell_everywhere(scene, checked)
    url = tell.tell_comment(scene, checked.told, found.place.number)
    tell.tell_outputs(scene, {"comment-url": url})
    return checked.exit_code, checked.told.report


def _reported(scene: Scene, event: OnFinishedRun) -> ExitCode:
    found = _pull_request(scene, event)
    if found is None:
        return ExitCode.OK
    data = report_of_run(scene.github, scene.runner.owner, scene.runner.repository, event.run_id)
    report = read_stranger(data)
    told = tell.Told(report=report, commit=event.head, folder="", key="", note=_NOTE)
    tell.tell_log(scene, report)
    tell.tell_summary(scene, told)
    tell.tell_outputs(scene, tell.outputs_of(report))
    url = tell.tell_comment(scene, told, found.place.number)
    tell.tell_outputs(scene, {"comment-url": url})
    _status(scene, event.head, _STATES[report.conclusion], REPORTED, _words(report))
    return ExitCode.OK


def _pull_request(scene: Scene, event: OnFinishedRun) -> PullRequest | None:
    if not event.of_pull_request:
        scene.notice("the finished run was not for a pull request; there is nothing to answer.")
        return None
    head = ""
    if event.head_owner and event.head_branch:
        head = f"{event.head_owner}:{event.head_branch}"
    found = find_by_head(
        scene.github, scene.runner.owner, scene.runner.repository, event.head, head=head
    )
    if found is None:
        scene.notice(
            f"no open pull request has {event.head[:7]} at its head: it was closed, or a newer "
            "commit is being checked."
        )
    return found


def _status(scene: Scene, commit: str, state: str, context: str, text: str) -> None:
    runner = scene.runner
    place = PullRequestPlace(owner=runner.owner, name=runner.repository, number=0)
    address = f"{runner.server}/{runner.full_name}/actions/runs/{runner.run_id}"
    scene.attempt(
        "the commit status",
        lambda: set_status(
            scene.github,
            place,
            commit,
            state=state,
            context=context,
            description=text,
            address=address if runner.run_id else "",
        ),
    )


def _words(report: Report) -> str:
    tested = sum(f.status == "tested" for f in report.findings)
    return f"{report.verdict.value}: {tested} of {len(report.findings)} bases tested"
