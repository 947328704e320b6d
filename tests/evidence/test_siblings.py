"""Do honest makers who fine-tune one base on one data set accuse each other?

They share their base, their data and most of their change; each declares the base. Measured on the
first version: 30 of 30 ordered pairs undeclared.
"""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Final

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from hubcheck.report.words import DeclarationVerdict, RelationKind, Verdict
from tests.evidence.conftest import Trained
from tests.evidence.laboratory import plain, report_of, write
from tests.material.zoo.corpus import Text
from tests.material.zoo.learn import TINY, train_tiny
from tests.tables import taken

MAKERS: Final = 6
STEPS: Final = 60


@pytest.fixture(scope="module")
def makers(
    independents: list[Trained],
    texts: dict[Text, NDArray[np.int64]],
    tmp_path_factory: pytest.TempPathFactory,
) -> list[Path]:
    """Return fine-tunes of one base on one text, each in an order of its own."""
    room = tmp_path_factory.mktemp("makers")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    found = []
    for maker in range(taken(4, MAKERS)):
        weights, _ = train_tiny(
            texts[Text.OTHER], start=independents[0].weights, order_seed=500 + maker, steps=STEPS
        )
        found.append(write(room / f"maker-{maker}", plain(weights, TINY)))
    torch.set_num_threads(threads)
    return found


def test_siblings_do_not_accuse_each_other(makers: list[Path], independents: list[Trained]) -> None:
    """Every ordered pair is confirmed: the sibling is related, explained, and no merge."""
    base = independents[0].folder
    for subject, suspect in permutations(makers, 2):
        report = report_of(subject, [base], [suspect], seed=3)
        declared, sibling = report.findings
        assert declared.verdict is Verdict.RELATED
        assert sibling.verdict is Verdict.RELATED
        assert sibling.relation is not None
        assert sibling.relation.kind is not RelationKind.MERGE
        assert sibling.explained_by == str(base)
        assert report.verdict is DeclarationVerdict.CONFIRMED
