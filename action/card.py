"""How does the model card get its section?

On the Hub it is committed or proposed. In the workspace the files are written and nothing else: a
commit of the repository is the next step's business, with that step's own rights.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from action.event import OnPullRequest
from action.inputs import BadgeMode, CardMode
from action.scene import Scene
from hubcheck.card.names import LOCAL
from hubcheck.publish.badge_files import badge_files
from hubcheck.publish.files import report_json
from hubcheck.publish.folder import publish_in_folder
from hubcheck.publish.outcome import NotPublished, Outcome, sentence
from hubcheck.report.schema import Report
from hubcheck.request.settled import inside
from hubcheck.source.reference import is_repo_id

WRITE_TOKEN: Final = "HUBCHECK_WRITE_TOKEN"  # noqa: S105 - the name of a variable


def write_card(scene: Scene, report: Report, folder: str) -> None:
    """Write the card's section and the badge where that was asked for.

    Args:
        scene: The run.
        report: What to say.
        folder: The model's folder in the workspace; empty for a model on the Hub.
    """
    settings = scene.settings
    wanted = settings.card is not CardMode.OFF or settings.badge is BadgeMode.COMMIT
    if not wanted:
        return
    if isinstance(scene.event, OnPullRequest):
        scene.notice("the model card is written after the merge, not from a pull request.")
        return
    if folder and settings.card is CardMode.PULL_REQUEST:
        scene.warning("card: pull-request is for a model on the Hub; a folder takes card: commit.")
    elif folder and settings.card is CardMode.COMMIT:
        _say(scene, lambda: publish_in_folder(report, _document(report), _path(scene, folder)))
    elif folder:
        scene.attempt("the badge", lambda: _write_badge(_path(scene, folder), report))
    elif settings.card is CardMode.OFF:
        scene.warning("badge: commit on the Hub comes with card: commit or pull-request.")
    elif report.subject.revision == LOCAL or not is_repo_id(report.subject.ref):
        scene.warning("the report is not about a model on the Hub; no card was written.")
    else:
        _say(scene, lambda: _on_the_hub(scene, report))


def _say(scene: Scene, publish: Callable[[], Outcome]) -> None:
    def effect() -> None:
        outcome = publish()
        text = sentence(outcome)
        if isinstance(outcome, NotPublished):
            scene.warning(text.removeprefix("warning: "))
        else:
            scene.log(text)

    scene.attempt("the model card", effect)


def _on_the_hub(scene: Scene, report: Report) -> Outcome:
    from huggingface_hub.constants import ENDPOINT

    from hubcheck.publish.hub.card import publish_card
    from hubcheck.publish.hub.client import HubClient
    from hubcheck.publish.hub.credentials import Role, credential

    environment = dict(os.environ)
    if scene.settings.write_token:
        environment[WRITE_TOKEN] = scene.settings.write_token
    writer = credential(Role.WRITE, environment)
    endpoint = environment.get("HF_ENDPOINT") or ENDPOINT
    client = HubClient(report.subject.ref, credential=writer, endpoint=endpoint)
    as_proposal = scene.settings.card is CardMode.PULL_REQUEST
    return publish_card(client, report, _document(report), as_pull_request=as_proposal)


def _document(report: Report) -> bytes:
    return report_json(report).encode()


def _path(scene: Scene, folder: str) -> Path:
    return inside(scene.runner.workspace, folder, what="model")


def _write_badge(folder: Path, report: Report) -> None:
    for name, data in badge_files(report, stale=False).items():
        path = inside(folder, name, what="the badge")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
