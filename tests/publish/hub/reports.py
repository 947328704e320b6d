"""Reports about the model of the local Hub, as a check would have written them."""

from __future__ import annotations

from hubcheck.source.interface import FileEntry
from hubcheck.source.weight_files import weights_digest
from hubcheck.verdict.report import Report
from tests.card.reports import cases
from tests.hubserver import LocalHub
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
