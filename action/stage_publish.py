"""What does the publishing stage do?

After another workflow: its report is data from a stranger. It is held against the schema, stripped
of every free text and rendered here; the status it gives says that it was only reported. With
``mode: check`` the report is ignored and the head commit is checked again, over the API, which is
what a required gate needs.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from action import results
from action.badge import store_badge
from action.card import write_card
from action.check_run import write_check_run
from action.event import OnFinishedRun, OnPullRequest
from action.many import (
    Ran,
    code_of,
    for_model,
    gate_of,
    run_each,
    worst_of,
    write_all,
)
from action.many import write_comment as write_comment_of_many
from action.many import write_summary as write_summary_of_many
from action.model import hub_token, model_name
from action.models import models_of_workspace, named_models
from action.policy import asked_of
from action.scene import Scene
from action.stage_check import Checked, commit_of, opened, run_check, write_everywhere
from action.status import CONTEXT, REPORTED, Status
from hubcheck.card.document import Line, Trusted
from hubcheck.card.names import LOCAL
from hubcheck.errors import ExitCode, UsageError, printable
from hubcheck.publish.github.artifact import reports_of_run
from hubcheck.publish.github.commit_files import fetch_model, folders_with_weights
from hubcheck.publish.github.pull_requests import PullRequest, find_by_head
from hubcheck.publish.github.stranger import read_stranger
from hubcheck.report.load import load_report
from hubcheck.report.schema import Report
from hubcheck.report.words import Conclusion
from hubcheck.request.access import lfs_authorization
from hubcheck.request.settled import inside
from hubcheck.source.folder_patterns import is_pattern
from hubcheck.source.reference import LargeFiles, LocalReference, is_repo_id
from hubcheck.source.transport import origin_of
from hubcheck.verdict.gate import Gate, gate

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
    path = scene.runner.workspace / results.OUT / "report.json"
    if path.is_symlink() or path.parent.is_symlink():
        raise UsageError(
            f"{results.OUT}/report.json is a link.",
            cause="the checkout brings it along.",
            next_step="run the check in the same job first.",
        )
    report = load_report(path)
    result = results.Result(
        report=report, gate=_gate_of(report), commit=commit_of(scene), folder="", key=""
    )
    results.set_outputs(scene, results.outputs_of(result))
    if isinstance(scene.event, OnPullRequest):
        url = results.write_comment(scene, result, scene.event.number)
        results.set_outputs(scene, {"comment-url": url})
    else:
        results.set_outputs(scene, {"badge-url": store_badge(scene, report)})
    write_card(scene, report, _folder_of(report))
    return ExitCode.OK


def _folder_of(report: Report) -> str:
    return report.subject.ref if report.subject.revision == LOCAL else ""


def recheck_stage(scene: Scene, event: OnFinishedRun) -> ExitCode:
    """Check the head commit of a finished run again, from its files over the API.

    Raises:
        HubcheckError: there is nothing to report on.
    """
    scene = replace(scene, asked=asked_of(scene))
    with Status(scene, event.head, CONTEXT) as status:
        found = _pull_request(scene, event)
        if found is None:
            return ExitCode.OK
        status.wait("checking the head commit again")
        names = _models_of_commit(scene, event, found)
        if len(names) > 1:
            return _recheck_many(scene, event, found, names, status)
        one = for_model(scene, names[0]) if names else scene
        checked = _recheck(one, event, found)
        write_everywhere(one, checked)
        url = results.write_comment(one, checked.result, found.place.number)
        results.set_outputs(one, {"comment-url": url})
        write_check_run(one, checked.result)
        return status.settle(checked.result.gate, checked.exit_code)


def _models_of_commit(scene: Scene, event: OnFinishedRun, found: PullRequest) -> tuple[str, ...]:
    """Return the models of a commit; a pattern stands for what matches it there.

    A folder of the default branch that matches is one, too: a pull request that removes the
    weights of a model has no green gate for that.
    """
    if not any(is_pattern(name) for name in scene.asked):
        return named_models(scene.asked, ())
    owner, name = found.place.owner, found.place.name
    there = folders_with_weights(scene.github, owner, name, event.head)
    return named_models(scene.asked, {*there, *models_of_workspace(scene, none_is_fine=True)})


def _recheck_many(
    scene: Scene, event: OnFinishedRun, found: PullRequest, names: Sequence[str], status: Status
) -> ExitCode:
    def check(one: Scene) -> tuple[results.Result, ExitCode]:
        checked = _recheck(one, event, found)
        return checked.result, checked.exit_code

    ran = run_each(scene, names, check)
    write_all(scene, ran)
    url = write_comment_of_many(scene, ran, found.place.number, event.head)
    results.set_outputs(scene, {"comment-url": url})
    for made in ran:
        if made.result is not None:
            write_check_run(scene, made.result)
    return status.settle(gate_of(ran), code_of(ran))


def _recheck(scene: Scene, event: OnFinishedRun, found: PullRequest) -> Checked:
    with tempfile.TemporaryDirectory(prefix="hubcheck-") as folder:
        return _recheck_in(scene, event, found, Path(folder))


def _recheck_in(scene: Scene, event: OnFinishedRun, found: PullRequest, folder: Path) -> Checked:
    name = model_name(scene)
    fetched = fetch_model(
        scene.github, found.place.owner, found.place.name, event.head, folder=name, into=folder
    )
    for left_out in fetched.left_out:
        scene.warning(f"not readable here: {left_out}")
    # A folder of the default branch is a folder: a pull request that removes it is not answered
    # with the model that is still there, nor with a repository of that name on the Hub.
    here = inside(scene.runner.workspace, name, what="model").exists()
    if not fetched.is_there and (here or not is_repo_id(name.partition("@")[0])):
        raise UsageError(
            f"The commit {event.head[:7]} has no model in '{printable(name)}'.",
            cause="the pull request moved or removed it, or the folder is misspelled.",
            next_step="name the folder in the input model.",
        )
    place = LocalReference(path=folder, typed=name, large_files=_large_files(scene, found))
    task, _, key = opened(scene, at=place if fetched.is_there else None)
    return run_check(scene, task, commit=event.head, key=key, unread=fetched.left_out)


def _large_files(scene: Scene, found: PullRequest) -> LargeFiles:
    """Return where the head's large files lie; a fork's are read as anyone may read them."""
    runner = scene.runner
    own = found.head_repository in {"", runner.full_name}
    authorization = ""
    if own:
        authorization = lfs_authorization(
            origin_of(runner.server),
            os.environ,
            hub_token,
            github_token=scene.settings.github_token,
        )
    repository = runner.full_name if own else found.head_repository
    return LargeFiles(
        server=f"{runner.server}/{repository}.git/info/lfs", authorization=authorization
    )


def _reported(scene: Scene, event: OnFinishedRun) -> ExitCode:
    with Status(scene, event.head, REPORTED) as status:
        found = _pull_request(scene, event)
        if found is None:
            return ExitCode.OK
        runner = scene.runner
        documents = reports_of_run(scene.github, runner.owner, runner.repository, event.run_id)
        reports = [read_stranger(data) for data in documents]
        made = [
            results.Result(
                report=report, gate=_gate_of(report), commit=event.head, folder="", key="",
                note=_NOTE,
            )
            for report in reports
        ]  # fmt: skip
        if len(made) > 1:
            return _reported_many(scene, made, found, status)
        (result,) = made
        results.write_log(scene, result.report)
        results.write_summary(scene, result)
        results.set_outputs(scene, results.outputs_of(result))
        url = results.write_comment(scene, result, found.place.number)
        results.set_outputs(scene, {"comment-url": url})
        return status.settle(result.gate, ExitCode.OK)


def _reported_many(
    scene: Scene, made: Sequence[results.Result], found: PullRequest, status: Status
) -> ExitCode:
    ran = tuple(
        Ran(model=f"{number}: {one.report.subject.ref}", code=ExitCode.OK, result=one)
        for number, one in enumerate(made, 1)
    )
    for one in made:
        results.write_log(scene, one.report)
    write_summary_of_many(scene, ran)
    worst = worst_of(ran)
    results.set_outputs(scene, {} if worst is None else results.outputs_of(worst))
    url = write_comment_of_many(scene, ran, found.place.number, made[0].commit)
    results.set_outputs(scene, {"comment-url": url})
    return status.settle(gate_of(ran), ExitCode.OK)


def _gate_of(report: Report) -> Gate:
    """Return the gate of a report that does not say how its check ended."""
    failed = report.conclusion is Conclusion.FAIL
    return gate(report, ExitCode.POLICY_FAILED if failed else ExitCode.OK)


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
