"""Where is the badge of a checked branch stored?"""

from __future__ import annotations

from typing import Final

from action.event import OnPullRequest
from action.inputs import BadgeMode
from action.scene import Scene
from hubcheck.card import badge
from hubcheck.publish.github.badge_branch import BRANCH, store
from hubcheck.report.schema import Report

RAW: Final = "https://raw.githubusercontent.com"
PUBLIC: Final = "https://github.com"


def store_badge(scene: Scene, report: Report) -> str:
    """Store the badge where it was asked for; return its address, or nothing."""
    settings, runner = scene.settings, scene.runner
    if settings.badge is not BadgeMode.BRANCH or isinstance(scene.event, OnPullRequest):
        return ""
    files = {"badge.svg": badge.svg(report), "badge.json": badge.endpoint(report)}
    stored = scene.attempt(
        "the badge", lambda: store(scene.github, runner.owner, runner.repository, files)
    )
    if not stored:
        return ""
    if runner.server == PUBLIC:
        return f"{RAW}/{runner.full_name}/{BRANCH}/badge.svg"
    return f"{runner.server}/raw/{runner.full_name}/{BRANCH}/badge.svg"
