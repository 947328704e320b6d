"""Which files does a repository need so that its model is checked on every pull request?

A workflow, and the policy file that it reads. What is written is what ``docs/examples`` shows, with
the names of this repository in it; every name was held against a grammar before it comes here.
"""

from __future__ import annotations

import json
from typing import Final

WORKFLOW: Final = ".github/workflows/provenance.yml"
POLICY: Final = ".github/hubcheck.yml"
ACTION: Final = "hubcheck/hubcheck"
NO_COMMIT: Final = "0" * 40
"""Stands where the commit of a release could not be found: GitHub refuses it, and says so."""
CHECKOUT: Final = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2"
UPLOAD: Final = "actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2"


def workflow(*, action: str, release: str, branch: str, badge: bool) -> str:
    """Return the workflow.

    Args:
        action: ``owner/name@commit``.
        release: What that commit is, for the comment beside it.
        branch: Whose pushes are checked, too.
        badge: Whether pushes store a badge on a branch of its own.
    """
    contents = "write # the badge's branch; pull requests of forks stay read-only" if badge else (
        "read # the checkout"
    )  # fmt: skip
    stored = (
        "\n          badge: ${{ github.event_name == 'push' && 'branch' || 'off' }}"
        if badge
        else ""
    )
    return f"""\
# Is the model what its card says? Answers on every pull request, and on pushes to {branch}.
# A required check has no path filter: a skipped workflow leaves its check pending for ever.
name: provenance
on:
  pull_request:
  merge_group:
  push:
    branches: [{json.dumps(branch)}]
permissions: {{}}
concurrency:
  group: provenance-${{{{ github.event.pull_request.number || github.sha }}}}
  cancel-in-progress: true
jobs:
  check:
    name: check
    runs-on: ubuntu-latest
    timeout-minutes: 20
    permissions:
      contents: {contents}
      pull-requests: write # the comment
    steps:
      - uses: {CHECKOUT}
        with:
          persist-credentials: false # large files are read by range: no lfs here
      - id: hubcheck
        uses: {action} # {release}
        with:
          config-file: {POLICY}{stored}
      - if: always() && steps.hubcheck.outputs.report-path != ''
        uses: {UPLOAD}
        with:
          name: hubcheck-report
          path: hubcheck-out  # report.json, and the card as a page
"""


def policy(model: str) -> str:
    """Return the policy file.

    Args:
        model: A folder of the repository, or a name on the Hub.
    """
    return f"""\
# What hubcheck checks here, and what fails. Every key: docs/action.md of hubcheck.
model: {json.dumps(model)}
fail-on: [undeclared, contradicted]
# To begin with telling only: warn-only: true
# A base that is accepted although the policy would fail on it, with a reason:
# allow:
#   - base: org/name
#     reason: named in the paper, the card follows
#     expires: 2027-12-31
"""


def badge_markdown(slug: str) -> str:
    """Return the badge of a repository on GitHub, as its README shows it.

    Args:
        slug: ``owner/name``; ``OWNER/NAME`` where it is not known.
    """
    image = f"https://raw.githubusercontent.com/{slug}/hubcheck-badge/badge.svg"
    page = f"https://github.com/{slug}/actions/workflows/provenance.yml"
    return f"[![lineage]({image})]({page})"
