"""Was anything compared, and if not, why?

A check that looked at nothing is told apart from one that looked and found nothing: the card says
so in its first line, a policy can fail on it, and no gate turns green for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hubcheck.errors import HubcheckError, NoWeightsError, UnsupportedFormatError
from hubcheck.report.schema import Finding
from hubcheck.report.words import NothingCompared
from hubcheck.source.pointer import NOT_AVAILABLE
from hubcheck.source.weight_files import weight_folders


def anything_compared(findings: Iterable[Finding]) -> bool:
    """Return whether the weights of at least one base were compared, by digest or by value."""
    return any(f.status == "tested" for f in findings)


def why_nothing(
    findings: Sequence[Finding],
    paths: Iterable[str],
    refusal: HubcheckError | None,
    *,
    in_folders: bool = False,
    unusable: bool = False,
) -> NothingCompared | None:
    """Return why nothing was compared, None when something was.

    Args:
        findings: One per base.
        paths: Every file of the subject; hostile.
        refusal: Why the subject's weights could not be read, if that was tried and failed.
        in_folders: Whether the subject is a model although its weights lie in folders: a pipeline.
        unusable: Whether a base is declared by words under which no model can be looked up.
    """
    if anything_compared(findings):
        return None
    folders = ("",) if in_folders else weight_folders(paths)
    if not folders or (isinstance(refusal, NoWeightsError) and folders == ("",)):
        return NothingCompared.NO_WEIGHTS
    if "" not in folders or isinstance(refusal, NoWeightsError):
        return NothingCompared.WEIGHTS_BELOW
    if refusal is not None:
        pointers = (
            isinstance(refusal, UnsupportedFormatError) and refusal.format_name == NOT_AVAILABLE
        )
        return NothingCompared.NO_CONTENT if pointers else NothingCompared.NOT_READABLE
    if findings:
        return NothingCompared.NO_BASE_TESTED
    return NothingCompared.NO_NAME if unusable else NothingCompared.NO_BASE
