"""Does a team of processes read its own layers only, and come to the same result as one alone?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hubcheck.devices.team import ALONE, Team
from hubcheck.errors import SubjectUnreadableError
from hubcheck.evidence.looks.disguise.plan import AT_DEEP
from hubcheck.evidence.looks.disguise.run import Disguise, DisguiseTest
from hubcheck.model import align_tokens
from hubcheck.statistics.disguise import GATED, PLAIN
from tests.devices.threads import by_team
from tests.evidence import laboratory
from tests.evidence.laboratory import plain, write
from tests.evidence.looks.disguise.test_disguise import TABLE, hide, opened


def run(team: Team, base: Path, subject: Path) -> tuple[Disguise, int, int]:
    """Make the test as one member; return it with the bytes its ledgers hold."""
    a, b = opened(base), opened(subject)
    test = DisguiseTest(a.reader, b.reader, align_tokens(a, b), seed=4, effort=AT_DEEP, team=team)
    seen = test.run(
        calibration=dict.fromkeys((GATED, PLAIN), TABLE),
        n_bases=1,
        budget=10**9,
        progress=lambda _text: None,
    )
    assert isinstance(seen, Disguise)
    return seen, a.source.ledger.bytes_read, b.source.ledger.bytes_read


@pytest.mark.parametrize("count", [2, 3])
def test_every_member_comes_to_the_result_of_one_alone(tmp_path: Path, count: int) -> None:
    """Score, signs, kept and the bytes of the whole team are the same on any number."""
    base, subject = laboratory.model("base"), hide(tmp_path, "continued", 4, flip=False)
    alone = run(ALONE, base, subject)
    for seen, base_bytes, subject_bytes in by_team(count, lambda team: run(team, base, subject)):
        assert seen.score.agreement == alone[0].score.agreement
        assert seen.score.outstanding == alone[0].score.outstanding
        assert (seen.signs, seen.maps, seen.kept) == (
            alone[0].signs,
            alone[0].maps,
            alone[0].kept,
        )
        assert seen.log_e == alone[0].log_e
        assert (base_bytes, subject_bytes) == alone[1:]


def test_a_value_that_is_no_number_costs_the_same_wherever_the_models_lie(tmp_path: Path) -> None:
    """On a host the next layers are on their way by then; a replay from a cache counts as many."""
    weights = laboratory.shipped("twin")
    weights["model.layers.0.mlp.up_proj.weight"][1, 1] = np.nan
    folder = write(tmp_path / "nan", plain(weights))
    read = []
    for on_hosts in (True, False):
        both = opened(laboratory.model("base")), opened(folder)
        ledgers = [one.source.ledger for one in both]
        if on_hosts:
            for ledger in ledgers:
                ledger.count_request()
        tokens = align_tokens(*both)
        test = DisguiseTest(both[0].reader, both[1].reader, tokens, seed=4, effort=AT_DEEP)
        table = dict.fromkeys((GATED, PLAIN), TABLE)
        with pytest.raises(SubjectUnreadableError):
            test.run(calibration=table, n_bases=1, budget=10**9, progress=lambda _text: None)
        read.append([ledger.bytes_read for ledger in ledgers])
    assert read[0] == read[1]


def test_what_one_member_cannot_read_ends_it_for_all(tmp_path: Path) -> None:
    """A NaN that only one member meets is an error on every member, so that none waits forever."""
    weights = laboratory.shipped("twin")
    weights["model.layers.3.mlp.up_proj.weight"][1, 1] = np.inf
    folder = write(tmp_path / "inf", plain(weights))

    def one(team: Team) -> str:
        try:
            run(team, laboratory.model("base"), folder)
        except SubjectUnreadableError as error:
            return error.what
        return "nothing"

    assert all("up_proj" in words for words in by_team(2, one))
