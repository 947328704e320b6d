"""Do imports point downwards only, and stay as light as the start of a program needs?"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

import hubcheck

PACKAGE: Final = Path(hubcheck.__file__).parent
PROGRAMS: Final = ("__main__", "cli", "demo", "api")
"""The command line and the functions: what the user asked, and where the answer goes."""
FRONT_DOOR: Final = ("__init__", "api")
"""``hubcheck.check`` hands a call on to the floor of the programs, late: at once it loads nothing."""
LAYERS: Final[tuple[tuple[str, ...], ...]] = (
    PROGRAMS,
    ("serve", "audit"),
    ("publish", "export"),
    ("card",),
    ("check",),
    ("request",),
    ("catalogue", "behaviour"),
    ("model", "verdict"),
    ("laid_out",),
    ("evidence",),
    ("statistics", "candidates", "devices"),
    ("anatomy",),
    ("signed",),
    ("checkpoint",),
    ("source",),
    ("report",),
    ("errors", "installation", "computed_once", "frozen", "system", "__init__"),
)
"""The flow of DESIGN section 4, from the top; a part may import what stands below it."""
PIPELINE: Final = ("check", "request", "model", "evidence", "devices")
"""What a report is made by; what shows a report knows nothing of it."""
NOT_THOUGH_BELOW: Final = {
    **{
        ("card", part): "a card is rendered from a report and nothing else"
        for part in (*PIPELINE, "verdict")
    },
    **{
        ("publish", part): "publishing answers where a card goes, not how it came about"
        for part in PIPELINE
    },
    **{
        ("export", part): "an export is rendered from a report and nothing else"
        for part in (*PIPELINE, "verdict", "publish")
    },
    ("evidence", "candidates"): "which bases to test is decided before any test",
    ("anatomy", "source"): "the checkpoint stands between roles and bytes",
    **{
        ("statistics", part): "statistics are pure functions of arrays"
        for part in ("anatomy", "checkpoint", "source", "errors", "__init__")
    },
}
A_CHECK: Final = (
    "import hubcheck.cli.entry, hubcheck.cli.carry_out, hubcheck.cli.launch, hubcheck.cli.places, "
    "hubcheck.request.build, hubcheck.publish.files"
)
"""All that ``hubcheck check`` of two folders imports."""
OF_OTHER_COMMANDS: Final = frozenset(
    f"hubcheck.{name}"
    for name in (
        "card.answer", "card.comparison", "card.heat_png", "card.history", "card.order_png",
        "check.compare", "check.history", "cli.candidate_table", "report.comparison",
        "report.history", "source.hub",
    )
)  # fmt: skip
SIX_METHODS: Final = frozenset(
    {
        "dataclass(frozen=True, slots=True)",
        "dataclass(frozen=True, slots=True, kw_only=True)",
    }
)
HEAVY: Final = ("numpy", "pydantic", "huggingface_hub", "yaml", "requests", "torch", "accelerate")


def modules() -> dict[str, Path]:
    """Return every module of the package by its name below ``hubcheck``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)
        found[name] = path
    return found


MODULES: Final = modules()


@cache
def parsed(path: Path) -> ast.Module:
    """Return the syntax tree of a file; every rule here walks all of them."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imports_of(node: ast.AST) -> Iterator[str]:
    """Yield the modules of hubcheck that one statement imports."""
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names if alias.name.split(".")[0] == "hubcheck")
        case ast.ImportFrom(module=str(module), names=names, level=0):
            if module.split(".")[0] != "hubcheck":
                return
            for alias in names:
                below = f"{module}.{alias.name}".removeprefix("hubcheck.")
                yield f"hubcheck.{below}" if below in MODULES else module
        case ast.ImportFrom(level=level) if level:
            message = "a relative import"
            raise AssertionError(message)


def imported(path: Path) -> Iterator[str]:
    """Yield the modules of hubcheck that a file imports anywhere, late imports included."""
    for node in ast.walk(parsed(path)):
        yield from imports_of(node)


def part_of(module: str) -> str:
    """Return the folder or file of the package that a module belongs to."""
    below = module.removeprefix("hubcheck").removeprefix(".")
    return below.split(".")[0] or "__init__"


def rank(part: str) -> int:
    """Return how deep a part stands; an unknown part fails the test."""
    found = [depth for depth, layer in enumerate(LAYERS) if part in layer]
    assert found, f"'{part}' stands in no layer: add it to LAYERS and to DESIGN section 4"
    return found[0]


def allowed(importer: str, target: str) -> bool:
    """Return whether one part may import another."""
    if importer == target or (importer, target) == FRONT_DOOR:
        return True
    if importer in PROGRAMS and target in PROGRAMS:
        return True
    return rank(importer) < rank(target) and (importer, target) not in NOT_THOUGH_BELOW


@pytest.mark.parametrize("name", MODULES)
def test_a_module_imports_only_what_stands_below_it(name: str) -> None:
    """No module imports a layer above its own, or one that DESIGN section 4 bars it from."""
    wrong = [t for t in imported(MODULES[name]) if not allowed(part_of(name), part_of(t))]
    assert not wrong


def at_once(path: Path) -> Iterator[str]:
    """Yield what importing a file imports: no late import, none for annotations alone."""
    tree = parsed(path)
    late = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom) and id(node) not in late:
            yield from imports_of(node)


def test_no_module_imports_itself_in_a_circle() -> None:
    """Whatever module is imported first, the others follow: the graph has no cycle."""
    graph = {
        name: {t.removeprefix("hubcheck.") for t in at_once(path)} for name, path in MODULES.items()
    }
    done: set[str] = set()

    def walk(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way, name))
        if name in done:
            return
        for target in graph.get(name, ()):
            walk(target, (*way, name))
        done.add(name)

    for name in graph:
        walk(name, ())


def test_the_front_door_loads_nothing_at_once() -> None:
    """What hands out the calls imports no module of hubcheck before one of them is used."""
    assert not list(at_once(MODULES["__init__"]))


def test_the_package_knows_nothing_of_the_action() -> None:
    """The wheel imports neither the action's folder nor tests nor benchmarks."""
    outside = {"action", "tests", "benchmarks"}
    for path in MODULES.values():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Import):
                assert not outside & {alias.name.split(".")[0] for alias in node.names}, path
            if isinstance(node, ast.ImportFrom) and node.module:
                assert node.module.split(".")[0] not in outside, path


def test_the_layers_are_told_apart() -> None:
    """The rule itself refuses what it must refuse: upward, sideways and barred imports."""
    assert allowed("check", "verdict")
    assert allowed("cli", "demo")
    assert not allowed("verdict", "check")
    assert not allowed("verdict", "model")
    assert not allowed("statistics", "candidates")
    assert not allowed("statistics", "errors")
    assert not allowed("card", "check")
    assert all(rank(high[0]) < rank(low[0]) for high, low in pairwise(LAYERS))


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_first_what_it_answers(name: str) -> None:
    """Every module begins with a docstring whose first line is a sentence or a question."""
    text = ast.get_docstring(parsed(MODULES[name]))
    assert text
    assert text.splitlines()[0].endswith((".", "?")), text.splitlines()[0]


@pytest.mark.parametrize("name", MODULES)
def test_a_module_can_be_read_in_one_sitting(name: str) -> None:
    """No module is longer than 350 lines, but for those that are argued here."""
    # One enumeration, which cannot be split: a list of names, looked up and not read through.
    argued = {"report.phrase_codes": 480}
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) <= argued.get(name, 350)


@cache
def modules_after(statement: str) -> frozenset[str]:
    """Return which modules a fresh interpreter has loaded after a statement."""
    code = f"import json, sys\n{statement}\nprint(json.dumps([*sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return frozenset(json.loads(done.stdout))


def loaded_by(statement: str) -> set[str]:
    """Return which heavy packages a fresh interpreter has loaded after a statement."""
    return {m.split(".")[0] for m in modules_after(statement)} & set(HEAVY)


def test_the_command_line_starts_without_any_heavy_package() -> None:
    """``--help`` must not wait for NumPy, pydantic or the Hub's client."""
    assert not loaded_by("import hubcheck.cli.entry")


def test_the_functions_cost_nothing_before_one_is_called() -> None:
    """``import hubcheck`` in a notebook or a server loads no heavy package; nor do the names."""
    names = "hubcheck.check, hubcheck.compare, hubcheck.suspects, hubcheck.load_report"
    assert not loaded_by("import hubcheck")
    assert not loaded_by(f"import hubcheck; {names}; dir(hubcheck)")


def test_a_local_check_starts_without_torch_and_without_the_client() -> None:
    """The commands load NumPy, and none of the packages that cost seconds."""
    assert not loaded_by(A_CHECK) & {"torch", "accelerate", "huggingface_hub"}


def test_the_command_line_knows_its_words_and_no_more() -> None:
    """``--version`` and ``explain`` begin with what a command line is made of: no part below it."""
    loaded = modules_after("import hubcheck.cli.entry")
    parts = {part_of(m) for m in loaded if m.split(".")[0] == "hubcheck"}
    # ``request`` and ``report`` for the options and their words alone.
    assert parts == {"__init__", "cli", "errors", "frozen", "installation", "report", "request"}
    assert not loaded & {"subprocess", "hubcheck.report.schema"}


def test_a_check_loads_what_a_check_uses() -> None:
    """No other command's cards, documents or servers, and no picture that was not asked for."""
    loaded = modules_after(A_CHECK)
    parts = {part_of(m) for m in loaded if m.split(".")[0] == "hubcheck"}
    assert not parts & {"serve", "audit", "export", "catalogue", "api", "demo"}
    assert sorted(loaded & OF_OTHER_COMMANDS) == []
    assert {name.removeprefix("hubcheck.") for name in OF_OTHER_COMMANDS} <= MODULES.keys()


@pytest.mark.parametrize("name", MODULES)
def test_classes_of_values_cost_one_method_each(name: str) -> None:
    """What is frozen is made by ``frozen``: a check loads hundreds of such classes."""
    if name == "frozen":
        return
    for node in ast.walk(parsed(MODULES[name])):
        if isinstance(node, ast.ClassDef):
            written = {ast.unparse(one) for one in node.decorator_list}
            assert not written & SIX_METHODS, node.name


def test_statistics_import_nothing_but_numpy() -> None:
    """The statistics are pure functions of arrays: the standard library and NumPy, no more."""
    for name, path in MODULES.items():
        if part_of(name) != "statistics":
            continue
        for node in ast.walk(parsed(path)):
            roots: list[str] = []
            if isinstance(node, ast.Import):
                roots = [alias.name.split(".")[0] for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                roots = [node.module.split(".")[0]]
            for root in roots:
                if root == "hubcheck":
                    continue  # the test above knows which of these are allowed
                assert root in sys.stdlib_module_names | {"numpy"}, (name, root)
