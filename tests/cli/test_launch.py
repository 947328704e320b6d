"""Is a deep check started with what there is, and a lighter one with nothing?"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from hubcheck.cli import launch
from hubcheck.cli.launch import ended, nothing_to_do, resources_for, said_of
from hubcheck.devices.choice import NUMPY, Device, Kind
from hubcheck.devices.team import ALONE, Team
from hubcheck.errors import UsageError
from hubcheck.evidence.looks.whole.interface import Resources
from hubcheck.evidence.looks.whole.journal import Journal
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.report.words import Depth
from tests.devices.threads import by_team

TWO = {"WORLD_SIZE": "2", "RANK": "1"}


class OnItsOwnMachine:
    """A member of a team that is the first on its machine."""

    local_rank, local_count = 0, 1

    def __init__(self, team: Team) -> None:
        """Bind the member."""
        self._team = team

    def __getattr__(self, name: str) -> Any:
        """Return what the member has."""
        return getattr(self._team, name)


def asked(depth: Depth, environment: dict[str, str], state: Path | None = None) -> Resources:
    """Return the resources of a check, its progress thrown away."""
    return resources_for(depth, environment, state=state, show=lambda _text: None, terminal=False)


@pytest.mark.parametrize("depth", [Depth.HEADERS, Depth.SAMPLE])
def test_light_depths_start_nothing(depth: Depth) -> None:
    """No team, no state; a second process has nothing to do and joins nobody."""
    found = asked(depth, TWO, Path("state"))
    assert found.team is ALONE
    assert found.state is None
    assert nothing_to_do(depth, TWO)
    assert not nothing_to_do(depth, {})


def test_only_full_keeps_state(tmp_path: Path) -> None:
    """``deep`` is over too soon to be gone on with."""
    assert asked(Depth.DEEP, {}, tmp_path).state is None
    assert asked(Depth.FULL, {}, tmp_path).state == tmp_path
    assert not nothing_to_do(Depth.DEEP, TWO)


def test_processes_without_the_extra_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processes that cannot be joined would each do all of the work: the error says what to do."""
    monkeypatch.setattr(launch, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="2 processes were started, and torch") as refused:
        asked(Depth.DEEP, TWO)
    assert "run pip install 'hubcheck-provenance[deep]', or" in str(refused.value)


def test_without_the_extra_one_process_runs_on_numpy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is needed for one process; where an accelerator lies idle, a note says why."""
    monkeypatch.setattr(launch, "find_spec", lambda _name: None)
    monkeypatch.setattr(launch, "signs_of_accelerator", lambda: True)
    monkeypatch.setattr("hubcheck.devices.choice.find_spec", lambda _name: None)
    found = asked(Depth.FULL, {})
    assert str(found.device) == "numpy"
    assert found.notes == (phrase(PhraseCode.MACHINE, missing="torch"),)
    monkeypatch.setattr(launch, "signs_of_accelerator", lambda: False)
    assert asked(Depth.FULL, {}).notes == ()


def test_what_computes_is_said() -> None:
    """NumPy is chosen where there is no accelerator, also where torch is installed."""
    assert said_of(NUMPY) == "computing with NumPy on 1 core: no accelerator is used"
    assert said_of(Device(kind=Kind.CUDA, index=1)) == "computing with torch on cuda:1"


def test_the_end_removes_what_is_finished_alone(tmp_path: Path) -> None:
    """The report is written: the state of this check goes, other files stay."""
    (tmp_path / "report.json").write_text("{}")
    ended(asked(Depth.FULL, {}, tmp_path))
    ended(Resources())
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


def test_every_machine_forgets_what_it_kept(tmp_path: Path) -> None:
    """Further machines keep their part in folders of their own: gone once the report is written."""
    report = tmp_path / "report"
    folders = [tmp_path / str(n) for n in range(2)]
    for folder in folders:
        with Journal(folder, "key", 0) as journal:
            journal.finish()

    def one(team: Team) -> bool:
        if team.main:
            time.sleep(0.05)
            report.touch()
        of_its_machine: Any = OnItsOwnMachine(team)
        ended(Resources(team=of_its_machine, state=folders[team.rank]))
        return report.exists()

    assert by_team(2, one) == [True, True]
    assert [list(folder.iterdir()) for folder in folders] == [[], []]
