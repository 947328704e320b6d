"""How do the repositories of the benchmark get onto a Hub on this machine?"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.candidates.families import Planted
from tests.hubserver.search import SearchableHub


def stock(hub: SearchableHub, planted: Sequence[Planted]) -> SearchableHub:
    """Put every repository on a Hub, with its history; deleted ones are removed again."""
    for one in planted:
        states = (*one.earlier, one.files)
        hub.add_model(
            one.repo_id, states[0], created=one.created, downloads=one.downloads, gated=one.gated
        )
        for state in states[1:]:
            hub.push(one.repo_id, state)
    for one in planted:
        if one.deleted:
            hub.remove_model(one.repo_id)
    return hub
