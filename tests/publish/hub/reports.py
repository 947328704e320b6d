"""Reports about the model of the local Hub, how they are published, and what is there then."""

from __future__ import annotations

from hubcheck.publish.hub.card import publish_card
from hubcheck.publish.hub.client import HubClient
from hubcheck.publish.model_card import README, current_section
from hubcheck.publish.outcome import Outcome
from hubcheck.report.schema import Report
from hubcheck.source.interface import FileEntry
from hubcheck.source.weight_files import weights_digest
from tests.card.reports import cases
from tests.hubserver import LocalHub
from tests.hubserver.board import Topic
from tests.hubserver.git_storage import GitRepository
from tests.publish.hub.conftest import REPO


def report_now(
    hub: LocalHub, name: str = "confirmed", *, finished: str = "", ref: str = "main"
) -> Report:
    """Return a report about the commit that ``ref`` is at now.

    Args:
        hub: The local Hub.
        name: One of the shapes of ``tests.card.reports``.
        finished: When the check ended; ``""`` leaves the shape's own time.
        ref: A branch or pull request.
    """
    repository = hub.repository(REPO)
    assert repository is not None
    commit = repository.resolve(ref)
    assert commit is not None
    digest = weights_digest(
        FileEntry(path=path, size=content.size, sha256=content.sha256)
        for path, content in commit.files.items()
    )
    report = cases()[name]
    subject = report.subject.model_copy(
        update={"ref": REPO, "revision": commit.oid, "weights_digest": digest}
    )
    update = {"subject": subject, "finished": finished or report.finished}
    return report.model_copy(update=update)


def document(report: Report) -> bytes:
    """Return the report as a file."""
    return report.model_dump_json(indent=2).encode()


def file_at(hub: LocalHub, path: str, ref: str = "main", repo_id: str = REPO) -> bytes:
    """Return a file as the Hub holds it; empty when there is none."""
    repository = hub.repository(repo_id)
    assert repository is not None
    commit = repository.resolve(ref)
    assert commit is not None
    content = commit.files.get(path)
    return b"" if content is None else content.read(0, content.size)


def publish(client: HubClient, report: Report, *, propose: bool = False) -> Outcome:
    """Publish a report on the model card."""
    return publish_card(client, report, document(report), as_pull_request=propose)


def section_at(hub: LocalHub, ref: str = "main") -> str:
    """Return the section of the model card."""
    section = current_section(file_at(hub, README, ref))
    assert section is not None
    return section


def repository(hub: LocalHub) -> GitRepository:
    """Return the model's repository."""
    found = hub.repository(REPO)
    assert isinstance(found, GitRepository)
    return found


def topics(hub: LocalHub) -> dict[int, Topic]:
    """Return discussions and pull requests by number."""
    return repository(hub).board.topics


def log(hub: LocalHub, ref: str = "main") -> list[str]:
    """Return the commit titles of a branch, newest first."""
    return repository(hub).git("log", "--first-parent", "--format=%s", ref).decode().splitlines()
