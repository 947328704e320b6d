"""Is one process a team of its own, and what does a launcher say?

Two processes over real sockets are tested in ``tests/full/test_two_processes.py``.
"""

from __future__ import annotations

import subprocess
import sys

import pytest

from hubcheck.devices.team import ALONE, is_main, started_processes, team_of


@pytest.mark.parametrize(
    ("environment", "count", "main"),
    [
        ({}, 1, True),
        ({"WORLD_SIZE": "1", "RANK": "0"}, 1, True),
        ({"WORLD_SIZE": "4", "RANK": "2"}, 4, False),
        ({"WORLD_SIZE": "many", "RANK": "-1"}, 1, True),
    ],
)
def test_the_environment_says_how_many_there_are(
    environment: dict[str, str], count: int, main: bool
) -> None:
    """What a launcher sets is read; nonsense counts as unset."""
    assert started_processes(environment) == count
    assert is_main(environment) is main


def test_one_process_does_and_knows_everything() -> None:
    """The trivial team: all items are mine, all results are everyone's."""
    assert team_of({}) is ALONE
    assert (ALONE.rank, ALONE.count, ALONE.main) == (0, 1, True)
    assert ALONE.share([1, 2]) == ALONE.gather([1, 2]) == [1, 2]
    assert ALONE.same("x") == "x"
    ALONE.close()


def test_one_process_imports_neither_torch_nor_accelerate() -> None:
    """The packages of several processes are not loaded for one."""
    code = (
        "import sys\nfrom hubcheck.devices.team import team_of\nteam_of({})\n"
        "assert not {'torch', 'accelerate'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
