"""Which models does one job check? A list, or a pattern of folders.

Patterns are matched part by part against folders that hold weights: of the workspace, or of the
commit that a gate reads, so that a model that a pull request adds is checked by it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from action.event import OnHub
from action.policy import HERE
from action.scene import Scene
from hubcheck.errors import UsageError, printable
from hubcheck.publish.github.state import MODELS_KEPT
from hubcheck.source.folder_patterns import is_pattern, matches
from hubcheck.source.weight_files import holds_weights

MOST_MODELS: Final = MODELS_KEPT
"""Models of one job: each reads some ten megabytes, and one comment has to hold them."""


def models_of_workspace(scene: Scene, *, none_is_fine: bool = False) -> tuple[str, ...]:
    """Return the models that this job checks; one, or none named, is left as it was typed.

    Args:
        scene: The run.
        none_is_fine: A pattern that matches nothing here is no mistake.

    Raises:
        UsageError: as ``named_models``.
    """
    if isinstance(scene.event, OnHub):
        return ()  # the event names one
    patterns = [name for name in scene.asked if is_pattern(name) and not _is_folder(scene, name)]
    if not patterns:
        return named_models(scene.asked, ())
    deepest = max(name.strip("/").count("/") + 1 for name in patterns)
    there = weight_folders_of(scene.runner.workspace, deepest)
    if none_is_fine:
        return tuple(f for f in there if any(matches(f, name) for name in patterns))
    return named_models(scene.asked, there)


def _is_folder(scene: Scene, name: str) -> bool:
    return (scene.runner.workspace / name).is_dir()


def named_models(asked: Iterable[str], folders: Iterable[str]) -> tuple[str, ...]:
    """Return the models of a job, each once; a pattern stands for the folders that it matches.

    Args:
        asked: As they were typed.
        folders: Folders that hold weights, in the workspace or in a commit.

    Raises:
        UsageError: a pattern matches nothing, or there are too many.
    """
    there = sorted(folders)
    found: dict[str, None] = {}
    for name in asked:
        if not is_pattern(name) or name in there:
            found[name] = None
            continue
        matching = [f for f in there if matches(f, name)]
        if not matching:
            raise UsageError(
                f"The input model is '{printable(name)}', and no folder with weights matches it.",
                cause="a typing error, or no checkout before this step.",
                next_step="a star stands for one part of a path: models/*.",
            )
        found |= dict.fromkeys(matching)
    if len(found) > MOST_MODELS:
        raise UsageError(
            f"The input model names {len(found)} models.",
            cause="a pattern that matches more than was meant.",
            next_step=f"check at most {MOST_MODELS} in one job.",
        )
    return tuple(found)


def weight_folders_of(workspace: Path, deepest: int) -> list[str]:
    """Return the folders of a workspace that hold weights, as far down as patterns reach.

    No link is followed.
    """
    found: list[str] = []
    for folder, below, files in os.walk(workspace):
        name = Path(folder).relative_to(workspace).as_posix()
        depth = 0 if name == HERE else name.count("/") + 1
        below[:] = [] if depth >= deepest else sorted(b for b in below if b != ".git")
        if depth and any(holds_weights(f) for f in files):
            found.append(name)
    return found
