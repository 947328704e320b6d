"""What does the checking stage do, from the event to the exit code?"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from action import commands, results
from action.badge import store_badge
from action.card import write_card
from action.check_run import write_check_run
from action.checkout import git_head
from action.event import OnFinishedRun, OnHub, OnPullRequest, OnPush
from action.many import code_of, for_model, run_each, worst_of, write_all
from action.many import write_comment as write_comment_of_many
from action.model import Task, held_to_weights, result_key, task_of, unchanged_on_the_hub
from action.models import models_of_workspace
from action.policy import asked_of
from action.scene import Scene
from hubcheck.check.concluded import conclude_check
from hubcheck.errors import ExitCode, HubcheckError, UsageError, printable
from hubcheck.model import Model, open_model
from hubcheck.publish.github.answer import Mode, latest
from hubcheck.publish.github.comments import Comment, PullRequestPlace, own_comments
from hubcheck.publish.github.errors import GitHubError
from hubcheck.publish.github.pull_requests import find_by_head, is_commit
from hubcheck.report.words import Conclusion
from hubcheck.source.reference import LocalReference
from hubcheck.verdict.compared import anything_compared
from hubcheck.verdict.gate import GateState, gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found, for whoever has more to say about it."""

    result: results.Result
    exit_code: ExitCode


def check_stage(scene: Scene) -> ExitCode:
    """Check the model of this event, or each of several, and answer everywhere.

    Raises:
        HubcheckError: there is nothing to report on.
    """
    refuse_head_checkout(scene)
    scene = replace(scene, asked=asked_of(scene))
    names = models_of_workspace(scene)
    if len(names) > 1:
        return _check_many(scene, names)
    return _check_one(for_model(scene, names[0]) if names else scene)


def _check_one(scene: Scene) -> ExitCode:
    task, subject, key = opened(scene)
    known = _known(scene, key)
    if known is not None and known.state is not None:
        return _stands(scene, task, known)
    before = unchanged_on_the_hub(scene, task, subject)
    if before:
        return _nothing_new(scene, before)
    checked = run_check(scene, task, commit=commit_of(scene), key=key)
    values = write_everywhere(scene, checked)
    number = _to_answer(scene)
    if number:
        url = results.write_comment(scene, checked.result, number)
        results.set_outputs(scene, {"comment-url": url})
    if not isinstance(scene.event, OnPullRequest):
        values["badge-url"] = store_badge(scene, checked.result.report)
        results.set_outputs(scene, {"badge-url": values["badge-url"]})
    write_check_run(scene, checked.result)
    write_card(scene, checked.result.report, checked.result.folder)
    return checked.exit_code


def _check_many(scene: Scene, names: Sequence[str]) -> ExitCode:
    def check(one: Scene) -> tuple[results.Result, ExitCode]:
        task, _, key = opened(one)
        checked = run_check(one, task, commit=commit_of(one), key=key)
        return checked.result, checked.exit_code

    ran = run_each(scene, names, check)
    write_all(scene, ran)
    number, worst = _to_answer(scene), worst_of(ran)
    if number:
        url = write_comment_of_many(scene, ran, number, commit_of(scene))
        results.set_outputs(scene, {"comment-url": url})
    if not isinstance(scene.event, OnPullRequest) and worst is not None:
        results.set_outputs(scene, {"badge-url": store_badge(scene, worst.report)})
    for one in ran:
        if one.result is not None:
            write_check_run(scene, one.result)
            write_card(for_model(scene, one.model), one.result.report, one.result.folder)
    return code_of(ran)


def _to_answer(scene: Scene) -> int:
    """Return the number of the pull request that is answered; 0: there is none.

    A push answers the one that its branch has open: a workflow of pushes alone answers, too.
    """
    event, runner = scene.event, scene.runner
    if isinstance(event, OnPullRequest):
        return event.number
    if not isinstance(event, OnPush) or not event.branch or scene.settings.comment is Mode.OFF:
        return 0
    head = f"{runner.owner}:{event.branch}"
    try:
        found = find_by_head(
            scene.github, runner.owner, runner.repository, event.after, head=head, only=True
        )
    except GitHubError:  # a token that may not even read them: nobody asked for a comment
        return 0
    return found.place.number if found is not None else 0


def opened(scene: Scene, *, at: LocalReference | None = None) -> tuple[Task, Model, str]:
    """Return what is checked, the opened model, and the key of the result.

    Args:
        scene: The run.
        at: See ``task_of``.
    """
    task = task_of(scene, at=at)
    subject = open_model(task.request.subject, task.request.access)
    task = held_to_weights(task, subject)
    return task, subject, result_key(task, subject, scene.now().date())


def run_check(
    scene: Scene, task: Task, *, commit: str, key: str, unread: Sequence[str] = ()
) -> Checked:
    """Check, and apply what the policy file accepts.

    Args:
        scene: The run.
        task: What is checked.
        commit: That the answer is about.
        key: From ``result_key``.
        unread: Files of the model that could not be fetched to be checked.
    """
    outcome = conclude_check(task.request, now=scene.now, progress=scene.log)
    report, code = outcome.report, outcome.exit_code
    decided = gate(report, code, unread=unread)
    # Only a result that was reached stands for a later push: what could not be tested may be then.
    reached = decided.state is not GateState.ERROR and anything_compared(report.findings)
    result = results.Result(
        report=report,
        gate=decided,
        commit=commit,
        folder=task.folder,
        key=key if reached else "",
        note=results.unread_note(unread),
    )
    return Checked(result=result, exit_code=code)


def write_everywhere(scene: Scene, checked: Checked) -> dict[str, str]:
    """Log, files, summary, annotation, outputs; return the outputs."""
    result = checked.result
    results.write_log(scene, result.report)
    folder = results.free_folder(scene.runner.workspace)
    values = {**results.outputs_of(result), **results.write_files(scene, result, folder)}
    results.write_summary(scene, result)
    results.write_annotation(scene, result, checked.exit_code)
    results.set_outputs(scene, values)
    return values


def commit_of(scene: Scene) -> str:
    """Return the commit that the answer is about, empty where the event has none."""
    match scene.event:
        case OnPullRequest(head=head) | OnFinishedRun(head=head):
            return head
        case OnPush(after=after):
            return after
        case OnHub():
            return ""
        case _:
            return scene.runner.sha if is_commit(scene.runner.sha) else ""


def refuse_head_checkout(scene: Scene) -> None:
    """Refuse a run with the base's rights over a stranger's files.

    hubcheck itself only parses data, but the workflow that holds both is the known way to lose a
    repository's secrets, and a gate on it would take its policy file from the stranger.

    Raises:
        UsageError: ``pull_request_target``, and something else than the base is checked out.
    """
    event = scene.event
    if not isinstance(event, OnPullRequest) or not event.target:
        return
    for folder in _checkouts(scene.runner.workspace):
        head = git_head(folder)
        if head != scene.runner.sha:
            raise UsageError(
                f"pull_request_target runs with a checkout of {printable(head or 'something')} in "
                f"'{printable(folder.name)}', not of the base {printable(scene.runner.sha)}.",
                cause="the workflow checks out the pull request's head with the base's rights.",
                next_step="use pull_request and the second stage of docs/action.md.",
            )


def _checkouts(workspace: Path) -> list[Path]:
    """Return every folder that holds a checkout, however deep; links are not followed."""
    found = []
    for folder, below, files in os.walk(workspace):
        if ".git" in below or ".git" in files:
            found.append(Path(folder))
        below[:] = sorted(b for b in below if b != ".git")
    return found


def _known(scene: Scene, key: str) -> Comment | None:
    """Return our comment if it already says what this run would find."""
    event, mode = scene.event, scene.settings.comment
    if not key or not isinstance(event, OnPullRequest) or mode in {Mode.ALWAYS, Mode.OFF}:
        return None
    if scene.settings.check_run:  # every commit gets one of its own
        return None
    place = PullRequestPlace(
        owner=scene.runner.owner, name=scene.runner.repository, number=event.number
    )
    try:
        comment = latest(own_comments(scene.github, place, results.comment_id_of(scene)))
    except HubcheckError as error:
        scene.log(f"the last answer cannot be read, so everything is checked: {error.what}")
        return None
    state = comment.state if comment else None
    return comment if state is not None and state.key == key else None


def _stands(scene: Scene, task: Task, known: Comment) -> ExitCode:
    """Say that an earlier answer stands: same weights, same lineage lines, same policy."""
    state = known.state
    if state is None:
        return ExitCode.INTERNAL
    about = f" (commit {state.commit[:7]})" if is_commit(state.commit) else ""
    text = (
        f"unchanged since the last answer{about}: the same weights, the same lineage lines of the "
        f"card, the same policy. The result stands: {state.verdict.value}."
    )
    failed = state.conclusion is Conclusion.FAIL
    commands.annotate("error" if failed else "notice", text, write=scene.write)
    results.summarise(scene, f"### hubcheck: {text}")
    results.set_outputs(
        scene,
        {
            "verdict": state.verdict.value,
            "conclusion": state.conclusion.value,
            "status": (GateState.FAILURE if failed else GateState.SUCCESS).value,
            "comment-url": known.url,
            "bytes-read": "0",
        },
    )
    return ExitCode.POLICY_FAILED if failed and not task.request.warn_only else ExitCode.OK


def _nothing_new(scene: Scene, before: str) -> ExitCode:
    text = (
        f"this push changed neither weights nor lineage lines since {before[:7]}: nothing was "
        "checked, and what the check of that commit said stands, whatever it was."
    )
    scene.notice(text)
    results.summarise(scene, f"### hubcheck: {text}")
    results.set_outputs(
        scene,
        {
            "conclusion": Conclusion.NEUTRAL.value,
            "status": GateState.ERROR.value,  # nothing was compared here
            "bytes-read": "0",
        },
    )
    return ExitCode.OK
