"""What does the policy file of the repository say, and which models are named?"""

from __future__ import annotations

from typing import Final

from action.inputs import listed
from action.scene import Scene
from hubcheck.request.policy_file import DEFAULT_PATH, PolicyFile, read_policy_file
from hubcheck.request.settled import inside

HERE: Final = "."


def read_policy(scene: Scene) -> PolicyFile:
    """Return the repository's policy; without a file at the default place, the defaults.

    Raises:
        UsageError: the file is bad, or another one was named and is not there.
    """
    name = scene.settings.config_file
    path = inside(scene.runner.workspace, name, what="config-file")
    if not path.exists() and name == DEFAULT_PATH:
        return PolicyFile()
    return read_policy_file(path, shown=name)


def asked_of(scene: Scene) -> tuple[str, ...]:
    """Return the models as they were typed: by the input, or in the policy file."""
    return scene.settings.models or listed(read_policy(scene).model)
