"""How does a folder become the content of a data set on the Hub, in one commit?"""

from __future__ import annotations

from pathlib import Path

from hubcheck.errors import UsageError, printable
from hubcheck.publish.hub.client import MAIN, HubClient
from hubcheck.publish.hub.credentials import Credential
from hubcheck.source.reference import is_repo_id

TITLE = "Catalogue of model sketches"


def upload(folder: Path, repo_id: str, credential: Credential, endpoint: str | None) -> str:
    """Commit the files of a folder to a data set that exists; return its address.

    One commit: a reader sees the old catalogue or the new one.

    Raises:
        UsageError: the name is none of the Hub's.
        HubPublishError: the Hub refuses.
    """
    if not is_repo_id(repo_id) or "/" not in repo_id:
        raise UsageError(
            f"'{printable(repo_id)}' is neither a folder nor the name of a data set.",
            cause="a typing error, or a folder that does not exist.",
            next_step="write org/name, or a folder as ./name.",
        )
    if endpoint is None:
        from huggingface_hub.constants import ENDPOINT

        endpoint = ENDPOINT
    client = HubClient(repo_id, credential=credential, endpoint=endpoint, data_set=True)
    parent = client.refs().commits.get(MAIN, "")
    files: dict[str, bytes | Path] = {
        path.name: path for path in sorted(folder.iterdir()) if path.is_file()
    }
    client.commit(files, title=TITLE, text="Made by hubcheck catalogue publish.", parent=parent)
    return f"{client.endpoint}/datasets/{repo_id}"
