"""Do the same weights get the same answer, whatever the format they were published in?

The small trained base of the demo is written in every format by ``benchmarks.formats``, and so is
its independent twin.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.formats.table import DEMO, compare, opened
from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.units import blocks_of_matrix, matrix_from_rows
from hubcheck.checkpoint.rows import cost_of, read_rows
from hubcheck.model import Model
from hubcheck.report.words import RelationKind, Verdict
from tests.material.formats.folder import FORMATS, LOSSLESS, read_floats, write_model
from tests.tables import taken

CONFIG: Final = json.loads((DEMO / "base" / "config.json").read_text())

pytestmark = pytest.mark.slow
Write = Callable[[str, str], Model]


@pytest.fixture(name="write")
def written(tmp_path: Path) -> Write:
    """Return a function that writes a demo model in a format and opens it."""

    def write(model: str, name: str) -> Model:
        folder = tmp_path / model
        write_model(folder, floats(model), CONFIG, name, beside=DEMO / model)
        return opened(folder)

    return write


def matrices(model: Model) -> dict[tuple[Role, int, int, bool], NDArray[np.float32]]:
    """Return every canonical matrix of a model."""
    checkpoint = model.anatomy.checkpoint
    return {
        key: matrix_from_rows(matrix, read_rows(checkpoint, blocks_of_matrix(matrix)))
        for key, matrix in model.anatomy.matrices.items()
    }


# Made when a test asks: every process that collects the tests imports this file.
@cache
def base() -> Model:
    """Return the original."""
    return opened(DEMO / "base")


@cache
def floats(name: str) -> dict[str, NDArray[np.float32]]:
    """Return the weights of a demo model."""
    return read_floats(DEMO / name)


@cache
def same() -> tuple[str, str, float, float]:
    """Return what the original says of itself."""
    return compare(base(), opened(DEMO / "base"))


@cache
def originals() -> dict[tuple[Role, int, int, bool], NDArray[np.float32]]:
    """Return every canonical matrix of the original."""
    return matrices(base())


HALF = frozenset({"safetensors fp16", "GGUF F16"})


@pytest.mark.parametrize("name", FORMATS)
def test_verdict_and_bound_do_not_depend_on_the_format(name: str, write: Write) -> None:
    """Every format is related to the original by the same bound, fully mapped, nearly all kept."""
    subject = write("base", name)
    verdict, relation, bound, kept = compare(base(), subject)
    assert (verdict, subject.anatomy.mapped_share) == (Verdict.RELATED, 1.0)
    assert bound == pytest.approx(same()[2], rel=0.01)
    if name in LOSSLESS:
        assert (relation, bound, kept) == same()[1:]
    else:
        assert kept > 0.98
        # Without a closer look q, k and o are not compared: rounding alone is no "same values".
        rounded = {RelationKind.UNDETERMINED} if name in HALF else set()
        assert relation in {RelationKind.RECAST, RelationKind.QUANTISED} | rounded


@pytest.mark.parametrize("name", taken(FORMATS[1::3], FORMATS))
def test_a_stranger_stored_the_same_way_stays_a_stranger(name: str, write: Write) -> None:
    """The independent twin in a packed format is no relative of the plain base."""
    verdict, _, bound, _ = compare(base(), write("twin", name))
    assert (verdict, bound) == (Verdict.UNRELATED, 0.0)


@pytest.mark.parametrize("name", FORMATS)
def test_values_come_back(name: str, write: Write) -> None:
    """Every canonical matrix of every format is the original's, exactly or up to its rounding."""
    read = matrices(write("base", name))
    assert read.keys() == originals().keys()
    for key, values in read.items():
        if name in LOSSLESS:
            np.testing.assert_array_equal(values, originals()[key])
        else:
            error = np.linalg.norm(values - originals()[key]) / np.linalg.norm(originals()[key])
            assert error < (0.25 if "3 bit" in name else 0.16)  # eight levels, or sixteen


@pytest.mark.parametrize("name", FORMATS)
def test_the_stated_cost_is_what_is_read(name: str, write: Write) -> None:
    """The bytes foretold for some rows, scales included, are those that the ledger then shows."""
    model = write("base", name)
    checkpoint = model.anatomy.checkpoint
    block = blocks_of_matrix(model.anatomy.matrices[Role.UP, 1, -1, False])
    before = model.source.ledger.bytes_read
    read_rows(checkpoint, block)
    gaps = 64 * 1024  # the source fetches neighbours together
    spent = model.source.ledger.bytes_read - before
    assert 0 <= spent - cost_of(checkpoint, block) <= 6 * gaps
