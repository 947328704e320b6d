"""Did a push to this repository touch anything that the check reads?

Only a plain yes or no counts: whatever is unclear (no token, a forced push, a long list, a model
that is not the commit's own) is checked.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from action.checkout import as_checked_out, git_head, read_index
from action.event import OnPush
from action.model import Task
from action.scene import Scene
from hubcheck.candidates.read_files import is_read_file
from hubcheck.errors import HubcheckError
from hubcheck.model import Model
from hubcheck.publish.github.comparison import changed_files
from hubcheck.source.reference import LocalReference

GIT_NAMES: Final = frozenset({".gitattributes", ".gitmodules", ".lfsconfig"})
"""Anywhere in the repository they decide what a checkout holds."""
WORKFLOWS: Final = ".github/"
"""Workflows, and the policy file's usual place."""


def unchanged_by_the_push(scene: Scene, task: Task, subject: Model) -> str:
    """Return the commit before a push that touched nothing the check reads, else nothing."""
    event, reference = scene.event, task.request.subject
    if not isinstance(event, OnPush) or event.queue or event.forced or not event.before:
        return ""
    if not isinstance(reference, LocalReference) or not scene.settings.github_token:
        return ""
    if _has_run_out(scene, task) or _has_local_base(task, subject):
        return ""
    root = Path(os.path.realpath(scene.runner.workspace))
    folder = _folder_of_the_commit(root, reference.path, event.after, subject)
    if folder is None:
        return ""
    runner = scene.runner
    try:
        changed = changed_files(
            scene.github, runner.owner, runner.repository, event.before, event.after
        )
    except HubcheckError as error:
        scene.log(f"what the push changed cannot be read, so everything is checked: {error.what}")
        return ""
    policy = os.path.normpath(scene.settings.config_file)
    if changed is None or any(path == policy or is_read(path, folder) for path in changed):
        return ""
    return event.before


def is_read(path: str, folder: str) -> bool:
    """Return whether a changed path can change a result.

    Args:
        path: In the repository; hostile.
        folder: Of the model in the repository, empty for its root.
    """
    name = path.rpartition("/")[2].casefold()
    if path.startswith(WORKFLOWS) or name in GIT_NAMES:
        return True
    if folder and not path.startswith(f"{folder}/"):
        # A link or a submodule at the folder's place or above it.
        return folder == path or folder.startswith(f"{path}/")
    # Without a suffix it may be a link or a submodule as well.
    return "." not in name or is_read_file(path)


def _folder_of_the_commit(root: Path, path: Path, commit: str, subject: Model) -> str | None:
    """Return the model's folder in the repository if all of it is the commit's, else None.

    An earlier step may have checked out something else there, or made the weights.
    """
    if not path.is_dir() or not path.is_relative_to(root) or git_head(root) != commit:
        return None
    between = (path, *path.parents)[: len(path.relative_to(root).parts)]
    if any((place / ".git").exists() for place in between):
        return None
    folder = path.relative_to(root).as_posix().removeprefix(".")
    index = read_index(root)
    read = (f"{folder}/{f.path}".lstrip("/") for f in subject.files)
    if not all(as_checked_out(index, root, p) for p in read if is_read(p, folder)):
        return None
    return folder


def _has_run_out(scene: Scene, task: Task) -> bool:
    """Return whether time alone changed what the policy file accepts."""
    today = scene.now().date()
    return any(a.expires is not None and a.expires < today for a in task.request.allow)


def _has_local_base(task: Task, subject: Model) -> bool:
    return any(isinstance(b.reference, LocalReference) for b in task.request.bases(subject))
