"""Where is a result written: log, files, summary, annotation, outputs, comment?

In this order, and each on its own: what fails later loses nothing that was written before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from action import commands
from action.event import OnFinishedRun
from action.inputs import Stage
from action.policy import HERE
from action.scene import Scene
from hubcheck.candidates.front_matter import CARD_PATH
from hubcheck.card import matches
from hubcheck.card.document import Line, Trusted, Untrusted, raw_text
from hubcheck.card.sentences import lead, title
from hubcheck.card.table import summary
from hubcheck.errors import ExitCode, HubcheckError
from hubcheck.publish.files import write_outputs
from hubcheck.publish.github.answer import Answered, Done, Mode, Wanted, answer
from hubcheck.publish.github.body import LIMIT, comment_body, page
from hubcheck.publish.github.comments import PullRequestPlace
from hubcheck.publish.github.pull_requests import pull_request
from hubcheck.publish.github.state import State, identity, state_of
from hubcheck.report.schema import Finding, Report
from hubcheck.verdict.gate import NAMED, Gate, GateState

OUT: Final = "hubcheck-out"
"""Folder of the workspace for report and cards."""
OUTPUTS: Final = {
    "verdict": "confirmed, undeclared, contradicted, none-found or inconclusive",
    "conclusion": "pass, neutral or fail",
    "status": "success, failure or error: green only where every base that was to be tested was",
    "base": "The base that the verdict is about, if there is one",
    "log10-p": "log10 of the bound on a match by chance",
    "kept": (
        "Similarity to that base: the median cosine of units at the same place in the families "
        "whose order was found, -1 to 1; 1 for a copy, about 0 for strangers"
    ),
    "report-path": "report.json, relative to the workspace",
    "card-path": "card.md, relative to the workspace",
    "comment-url": "Address of the comment, empty when there is none",
    "badge-url": "Address of the badge, empty when none is stored",
    "bytes-read": "Bytes of weights and documents that were read",
}
"""What action.yml and the docs are held against."""
_SMALL_SUMMARY: Final = 20_000
"""Bytes tried when the whole page does not fit beside the summaries of earlier commands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was found, and about which commit."""

    report: Report
    gate: Gate
    """What a required status says of it."""
    commit: str
    """Of the GitHub repository; empty for a model on the Hub that no event names."""
    folder: str
    """The model's folder, empty for a model on the Hub."""
    key: str
    note: Line = ()

    @property
    def card_path(self) -> str:
        """Where the model's card lies in the repository."""
        return (PurePosixPath(self.folder) / CARD_PATH).as_posix()


def write_files(scene: Scene, result: Result, folder: Path) -> dict[str, str]:
    """Write report and cards into a folder; return the outputs that name them."""
    names: dict[str, str] = {}

    def write() -> None:
        paths = write_outputs(result.report, folder)
        root = scene.runner.workspace
        names["report-path"] = str(paths["report.json"].relative_to(root))
        names["card-path"] = str(paths["card.md"].relative_to(root))

    scene.attempt("report.json", write)
    return names


def write_log(scene: Scene, report: Report) -> None:
    """Write the result's table, folded text that holds no command."""
    for line in summary(report).splitlines():
        # A blank in front: no line of a table can begin a workflow command.
        scene.write(f" {line.replace('::', ': :')}")


def write_summary(scene: Scene, result: Result) -> None:
    """Write the job summary; a shorter one where the whole does not fit."""

    def write() -> None:
        for limit in (LIMIT, _SMALL_SUMMARY):
            text = page(
                result.report, links=scene.links(result.commit), note=result.note, limit=limit
            )
            if commands.write_summary(scene.runner.summary, text):
                return
        scene.warning("the job summary is full; the card is in report-path's folder.")

    scene.attempt("the job summary", write)


def summarise(scene: Scene, text: str) -> None:
    """Write a job summary that is no page of one report."""

    def write() -> None:
        commands.write_summary(scene.runner.summary, text)

    scene.attempt("the job summary", write)


def write_annotation(scene: Scene, result: Result, code: ExitCode) -> None:
    """Write one annotation, on the line of the card that declares the base where that is known."""
    report = result.report
    level = {GateState.SUCCESS: "notice", GateState.FAILURE: "error"}.get(
        result.gate.state, "warning" if code is ExitCode.OK else "error"
    )
    line = card_line(report) if result.folder else 0
    commands.annotate(
        level,
        f"{raw_text(title(report))}. {raw_text(lead(report))}",
        title=f"hubcheck: {report.verdict.value}",
        file=result.card_path if line else "",
        line=line,
        write=scene.write,
    )


def card_line(report: Report) -> int:
    """Return the line of the card that names a base, the wrong one first; 0 when none does."""
    wanted = [f for f in matches.declared(report) if f.verdict not in matches.MATCHES]
    places = [place for place in report.declared.places if place.line]
    for finding in (*wanted, *matches.declared(report)):
        line = next((p.line for p in places if p.where in finding.proposed_by), 0)
        if line:
            return line
    return 0


def unread_note(unread: Sequence[str]) -> Line:
    """Return the line that names files of the model that could not be fetched to be checked."""
    if not unread:
        return ()
    more = f" and {len(unread) - NAMED} more" if len(unread) > NAMED else ""
    named = Untrusted(", ".join(unread[:NAMED]), limit=400)
    return (Trusted("Not readable here, so not part of this result: "), named, Trusted(more + "."))


def outputs_of(result: Result) -> dict[str, str]:
    """Return the outputs that the result decides: values, never documents."""
    report = result.report
    finding = _about(report)
    return {
        "verdict": report.verdict.value,
        "conclusion": report.conclusion.value,
        "status": result.gate.state.value,
        "base": finding.base.ref if finding else "",
        "log10-p": f"{finding.log10_p:.6g}" if finding else "",
        "kept": f"{finding.kept:.4g}" if finding else "",
        "bytes-read": str(report.coverage.bytes_read),
    }


def set_outputs(scene: Scene, values: Mapping[str, str]) -> None:
    """Write outputs of the step; a later value of a name replaces an earlier one."""
    scene.attempt("the outputs", lambda: commands.write_outputs(scene.runner.output, values))


def write_comment(scene: Scene, result: Result, number: int) -> str:
    """Bring the pull request's comment up to date and return its address, empty if there is none.

    A pull request whose head has moved on is left to the run of the newer commit.
    """
    if scene.settings.comment is Mode.OFF:
        return ""
    state = state_of(result.report, commit=result.commit, run=scene.runner.run_id, key=result.key)
    links = scene.links(result.commit)

    def body(comment_id: str, before: State | None, limit: int) -> str:
        return comment_body(
            result.report,
            comment_id=comment_id,
            state=state,
            before=before,
            links=links,
            note=result.note,
            limit=limit,
        )

    return put_comment(scene, state, number, result.commit, body)


def put_comment(
    scene: Scene,
    state: State,
    number: int,
    commit: str,
    body: Callable[[str, State | None, int], str],
) -> str:
    """Bring a comment up to date and return its address, empty if there is none.

    Args:
        scene: The run.
        state: What the next run should know.
        number: Of the pull request.
        commit: That the answer is about.
        body: Returns the text, given the comment's id, what the last one said, and its limit.
    """
    settings, comment_id = scene.settings, comment_id_of(scene)
    place = PullRequestPlace(owner=scene.runner.owner, name=scene.runner.repository, number=number)
    done: list[Answered] = []

    def write() -> None:
        if _has_moved(scene, place, commit):
            scene.notice("the pull request has a newer commit; its own run answers.")
            return
        wanted = Wanted(
            comment_id=comment_id,
            mode=settings.comment,
            state=state,
            body=lambda before, share: body(comment_id, before, int(LIMIT * share)),
        )
        done.append(answer(scene.github, place, wanted))
        if done[0].done is not Done.SKIPPED:
            scene.log(f"comment {done[0].done}: {done[0].url}")

    scene.attempt("the comment", write)
    return done[0].url if done else ""


def comment_id_of(scene: Scene) -> str:
    """Return which comment this run writes: the workflow's word, and what it checks.

    A report that somebody else's run made has a comment of its own, and never takes the place of
    what was computed here.
    """
    if isinstance(scene.event, OnFinishedRun) and scene.settings.stage is not Stage.CHECK:
        return f"{scene.settings.comment_id}.reported"
    return identity(scene.settings.comment_id, "\n".join(scene.asked) or HERE)


def _has_moved(scene: Scene, place: PullRequestPlace, commit: str) -> bool:
    if not commit:
        return False
    try:
        return pull_request(scene.github, place).head not in {commit, ""}
    except HubcheckError:
        # Not knowing is no reason to stay silent.
        return False


def write_failure(scene: Scene, error: HubcheckError) -> None:
    """Say why there is no report: what happened, the likely cause, the next step."""
    commands.annotate("error", str(error), title="hubcheck could not check", write=scene.write)
    set_outputs(scene, {"status": GateState.ERROR.value})
    scene.attempt(
        "the job summary",
        lambda: _write_failure(scene, error),
    )


def _write_failure(scene: Scene, error: HubcheckError) -> None:
    from hubcheck.card.escaping import markdown_text

    parts = [
        "### hubcheck: nothing was checked",
        markdown_text(error.what, limit=600),
        f"**Likely cause:** {markdown_text(error.cause, limit=600)}",
        f"**Next:** {markdown_text(error.next_step, limit=600)}",
    ]
    commands.write_summary(scene.runner.summary, "\n\n".join(parts))


def free_folder(workspace: Path) -> Path:
    """Return the output folder; a link of that name in the checkout is not followed."""
    for suffix in ("", "-1", "-2", "-3"):
        folder = workspace / f"{OUT}{suffix}"
        if not folder.is_symlink() and (folder.is_dir() or not folder.exists()):
            return folder
    return workspace / f"{OUT}-report"


def _about(report: Report) -> Finding | None:
    found = matches.main_match(report)
    declared = matches.declared(report)
    if found is not None:
        return found
    return declared[0] if declared else next(iter(report.findings), None)
