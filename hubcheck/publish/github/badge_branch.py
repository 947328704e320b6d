"""How is a badge stored in the repository itself?

On a branch of its own without history of the code: no secret, no service. Each store is one commit
on top of the last; when two runs store at once, the later one starts again from the new top.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.publish.github.client import GitHub
from hubcheck.publish.github.errors import GitHubError, InvalidError, NotFoundError

BRANCH: Final = "hubcheck-badge"
ROUNDS: Final = 3
MESSAGE: Final = "hubcheck: badge"


def store(github: GitHub, owner: str, name: str, files: Mapping[str, str]) -> None:
    """Write small text files to the branch; nothing is written when they are there already.

    Raises:
        GitHubError: a subclass says why; ``contents: write`` is needed.
    """
    home = f"/repos/{owner}/{name}/git"
    failure: GitHubError | None = None
    for _ in range(ROUNDS):
        parent = _top(github, home)
        tree = github.post(
            f"{home}/trees",
            {
                "tree": [
                    {"path": path, "mode": "100644", "type": "blob", "content": text}
                    for path, text in sorted(files.items())
                ]
            },
        )
        if parent and _tree_of(github, home, parent) == tree["sha"]:
            return
        commit = github.post(
            f"{home}/commits",
            {"message": MESSAGE, "tree": tree["sha"], "parents": [parent] if parent else []},
        )
        try:
            if parent:
                github.patch(f"{home}/refs/heads/{BRANCH}", {"sha": commit["sha"], "force": False})
            else:
                github.post(f"{home}/refs", {"ref": f"refs/heads/{BRANCH}", "sha": commit["sha"]})
        except InvalidError as error:
            # Another run was faster: the branch is there now, or has another top.
            failure = error
            continue
        return
    raise failure or GitHubError("The badge could not be stored.")


def _top(github: GitHub, home: str) -> str:
    try:
        return str(github.get(f"{home}/ref/heads/{BRANCH}")["object"]["sha"])
    except NotFoundError:
        return ""


def _tree_of(github: GitHub, home: str, commit: str) -> str:
    return str(github.get(f"{home}/commits/{commit}")["tree"]["sha"])
