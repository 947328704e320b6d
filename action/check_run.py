"""What stands in GitHub's list of checks: the card as text, and a line on each base it declares.

It is no gate. The status ``hubcheck`` is what a branch rule requires; a check run has another name,
so that neither can be taken for the other, and is never made of a stranger's report.
"""

from __future__ import annotations

from typing import Any, Final

from action.results import Result
from action.scene import Scene
from hubcheck.card.document import raw_text
from hubcheck.card.escaping import markdown_text, plain_text
from hubcheck.card.matches import MATCHES
from hubcheck.card.sentences import lead, title
from hubcheck.card.table import finding_line
from hubcheck.publish.github.body import page
from hubcheck.publish.github.pull_requests import is_commit
from hubcheck.report.schema import Finding
from hubcheck.report.standing import is_refuted
from hubcheck.verdict.gate import GateState

NAME: Final = "hubcheck card"
TEXT_LIMIT: Final = 60_000
"""Bytes; GitHub takes 65,535 characters."""
TITLE_LIMIT: Final = 200
MOST_LINES: Final = 50
"""Annotations that one request takes; a card of more bases has the others in its text."""


def write_check_run(scene: Scene, result: Result) -> None:
    """Make the check run of a result, where the workflow asks for one."""
    if not scene.settings.check_run:
        return
    if not is_commit(result.commit):
        scene.notice("there is no check run: the event names no commit of this repository.")
        return
    runner = scene.runner
    body = document_of(result)
    if runner.run_id:
        body["details_url"] = f"{runner.server}/{runner.full_name}/actions/runs/{runner.run_id}"
    body["output"]["text"] = page(
        result.report, links=scene.links(result.commit), note=result.note, limit=TEXT_LIMIT
    )
    path = f"/repos/{runner.owner}/{runner.repository}/check-runs"
    # Of several of one name GitHub shows the latest.
    scene.attempt("the check run", lambda: scene.github.post(path, body, repeatable=True))


def document_of(result: Result) -> dict[str, Any]:
    """Return the check run without its text: only what a gate lets pass is a success.

    ``neutral`` would let a required check pass, so that what could not be compared is a failure.
    """
    report = result.report
    name = NAME if result.folder in {"", "."} else f"{NAME}: {plain_text(result.folder)}"
    return {
        "name": name,
        "head_sha": result.commit,
        "status": "completed",
        "conclusion": "success" if result.gate.state is GateState.SUCCESS else "failure",
        "output": {
            "title": f"{raw_text(title(report))} ({report.verdict.value})"[:TITLE_LIMIT],
            "summary": markdown_text(raw_text(lead(report)), limit=TEXT_LIMIT // 6),
            "annotations": annotations_of(result),
        },
    }


def annotations_of(result: Result) -> list[dict[str, Any]]:
    """Return a remark on every line of the model's card that names a base."""
    report = result.report
    found = []
    for place in report.declared.places:
        of_it = (f for f in report.findings if place.line and place.where in f.proposed_by)
        for finding in of_it:
            said = f"{plain_text(finding.base.ref)}: {finding_line(report, finding)}"
            found.append(
                {
                    "path": result.card_path,
                    "start_line": place.line,
                    "end_line": place.line,
                    "annotation_level": _level(finding),
                    "title": f"hubcheck: {finding.verdict.value}",
                    "message": said,
                }
            )
    return found[:MOST_LINES]


def _level(finding: Finding) -> str:
    if finding.verdict in MATCHES:
        return "notice"
    return "failure" if is_refuted(finding) else "warning"
