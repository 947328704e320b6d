"""How do the curves of spread of a report's models compare, read again from what it pins?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hubcheck.anatomy.interface import Role
from hubcheck.check.observe import Progress
from hubcheck.errors import HubcheckError, MissingModelError, printable
from hubcheck.evidence.spread import compared, spread_of
from hubcheck.model import Access, open_model
from hubcheck.report.curves import Curve, Curves
from hubcheck.report.schema import BaseModelRef, Report, Subject
from hubcheck.request.replayed import pinned


def curves_of(
    report: Report, access: Access, *, root: Path, progress: Progress, tell: Progress
) -> Mapping[str, tuple[Curves, ...]]:
    """Return the curves beside each base of a report, by its name; of what cannot be read none.

    Args:
        report: It pins subject and bases.
        access: Limits and credentials.
        root: The folder that its folders are counted from.
        progress: Told what is read.
        tell: Told what could not be.

    Raises:
        HubcheckError: the subject cannot be read, or holds other weights than those of the report.
    """
    subject = _spread(report.subject, access, root, progress)
    found = {}
    for finding in report.findings:
        try:
            found[finding.base.ref] = compared(
                subject, _spread(finding.base, access, root, progress)
            )
        except HubcheckError as error:
            tell(f"no curve of {printable(finding.base.ref)}: {printable(error.what)}")
    return found


def _spread(
    of: Subject | BaseModelRef, access: Access, root: Path, progress: Progress
) -> Mapping[Role, Curve]:
    progress(f"reading {printable(of.ref)}")
    model = open_model(pinned(of.ref, of.revision, root=root), access)
    known = (of.weights_digest, model.weights_digest)  # empty where a file was too large to hash
    if all(known) and known[0] != known[1]:
        raise MissingModelError(
            f"{printable(of.ref)} holds other weights than those of the report.",
            cause="they were changed since.",
            next_step="check it again.",
        )
    return spread_of(model.reader)
