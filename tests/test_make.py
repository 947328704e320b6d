"""Do the named commands exist, run what the pages say, and leave their results behind?"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from tests.results import Run, keep, kept
from tests.tables import VARIABLE, is_long, taken

ROOT: Final = Path(__file__).parents[1]
MAKEFILE: Final = (ROOT / "Makefile").read_text(encoding="utf-8")
TARGETS: Final = frozenset(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
PAGES: Final = ("README.md", "CONTRIBUTING.md")


def commands(path: Path) -> list[str]:
    """Return the ``make`` commands of a script or page, in their order."""
    return re.findall(r"(?:^|`|run: )make ([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE)


def variable(name: str) -> list[str]:
    """Return the words of a variable of the Makefile."""
    found = re.search(rf"^{name} :?\??= (.*)$", MAKEFILE.replace("\\\n", " "), re.MULTILINE)
    assert found, name
    return found[1].split()


@pytest.mark.parametrize("page", [*PAGES, ".ci/run"])
def test_every_named_command_exists(page: str) -> None:
    """A page that names a command names one that is there."""
    named = commands(ROOT / page)
    assert named
    assert set(named) <= TARGETS


def test_ci_runs_what_the_pages_say() -> None:
    """``.ci/run`` is the README's commands in their order, and nothing that no page names."""
    run = commands(ROOT / ".ci" / "run")
    assert run == ["demo", "test", "container", "browser"]
    assert commands(ROOT / "README.md")[:2] == run[:2]
    assert set(run) <= set(commands(ROOT / "CONTRIBUTING.md"))


def test_the_checks_of_a_pull_request_are_those_of_ci() -> None:
    """The workflow starts the same commands, may only read, and names every action by commit."""
    text = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    flow: dict[str, Any] = yaml.safe_load(text)
    steps = [step for job in flow["jobs"].values() for step in job["steps"]]
    assert [s["run"] for s in steps if "run" in s] == ["make demo", "make test"]
    assert flow["permissions"] == {}
    assert [job["permissions"] for job in flow["jobs"].values()] == [{"contents": "read"}]
    for step in steps:
        if "uses" in step:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"])
            assert step["with"].get("persist-credentials", False) is False


@pytest.mark.parametrize("name", ["QUICK", "LONG"])
def test_what_a_command_runs_exists(name: str) -> None:
    """Every folder and file that a command names is there."""
    assert not [word for word in variable(name) if not (ROOT / word).exists()]


def test_three_systems_and_every_kind_of_client_are_tried() -> None:
    """Each action by commit, nothing written; the clients are those that the package allows."""
    text = (ROOT / ".github" / "workflows" / "systems.yml").read_text(encoding="utf-8")
    document = yaml.safe_load(text)
    job = document["jobs"]["systems"]
    assert document["permissions"] == {}
    assert job["permissions"] == {"contents": "read"}
    systems = job["strategy"]["matrix"]["system"]
    assert [name.partition("-")[0] for name in systems] == ["ubuntu", "macos", "windows"]
    assert [c.partition(".")[0] for c in job["strategy"]["matrix"]["client"]] == [
        "0",
        "0",
        "1",
        "2",
    ]
    for step in job["steps"]:
        assert "uses" not in step or re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"])
    package = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert '"huggingface_hub>=0.34,<3"' in package


def test_a_long_run_takes_every_table() -> None:
    """Whoever takes rows of a table stands where ``make long`` goes."""
    places = [ROOT / word for word in variable("LONG")]
    takers = [
        path
        for path in sorted((ROOT / "tests").rglob("*.py"))
        if path != Path(__file__) and "import taken" in path.read_text(encoding="utf-8")
    ]
    assert len(takers) >= 5
    assert not [p for p in takers if not any(p.is_relative_to(place) for place in places)]


def test_a_run_takes_a_part_and_a_long_run_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable decides, and only the value that ``make long`` gives it."""
    monkeypatch.setenv(VARIABLE, "1")
    assert taken(3, 12) == 12
    monkeypatch.setenv(VARIABLE, "0")
    assert taken(3, 12) == 3
    assert not is_long({})
    assert f"{VARIABLE}=1" in MAKEFILE


@pytest.mark.parametrize("name", ["long", "fuzz"])
def test_the_last_run_is_kept_and_found_nothing(name: str) -> None:
    """The results of the commands that CI does not run are in the repository, with their seeds."""
    runs = kept(name)
    seeds = ["fixed"] if name == "long" else variable("FUZZ_SEEDS")
    assert set(runs) >= {f"seed {seed}" for seed in seeds}
    for run in runs.values():
        assert run["failed"] == []
        assert isinstance(run["passed"], dict)
        assert sum(run["passed"].values()) > 100


def test_a_failure_is_kept_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that failed replaces the one with its seed; the others stay."""
    monkeypatch.setattr("tests.results.FOLDER", tmp_path)
    for seed, failed in ((1, []), (2, []), (2, ["tests/a.py::b"])):
        keep(
            "fuzz",
            Run(passed=["tests/a.py::c"], failed=failed, seed=seed, day="2024-05-17", seconds=1.4),
        )
    assert {seed: run["failed"] for seed, run in kept("fuzz").items()} == {
        "seed 1": [],
        "seed 2": ["tests/a.py::b"],
    }
    assert kept("fuzz")["seed 1"]["passed"] == {"tests/a.py": 1}


def test_make_reads_the_makefile() -> None:
    """Every target can be planned: no variable is missing and no line is malformed."""
    wanted = ["make", "--dry-run", *sorted(TARGETS - {"clean"})]
    done = subprocess.run(wanted, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "-n 2 --dist loadfile --hypothesis-profile=ci\n" in done.stdout
