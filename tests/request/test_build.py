"""Do options make one request, whoever asks and from wherever the printed line is run?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubcheck.errors import MissingModelError, UsageError
from hubcheck.model import Model
from hubcheck.report.words import Depth
from hubcheck.request.build import Means, build_request
from hubcheck.request.discovery import Discovery
from hubcheck.request.interface import BUDGETS, ESCALATION, BaseRequest, Request
from hubcheck.request.options import Options, line_of, read_line
from hubcheck.request.policy_file import PolicyFile
from hubcheck.request.settled import settled
from hubcheck.source.reference import HubReference, LocalReference
from hubcheck.verdict.policy import FAILABLE
from tests.memory_source import MemorySource

BY_ITSELF = [word for word in FAILABLE if word != "require-signature"]
"""Words of a policy that ask for nothing beside themselves; that one is refused without signers."""

FOLDERS: Final = (
    "./m", "m", "a b/c", "-dash", "it's", '"q"', "$HOME", "a;b", "*", "./auto", "grüße", "x=y", "..n",
)  # fmt: skip
"""What a shell, the parser or the rules for names could take for something else."""
HUB: Final = ("org/a", "org/b@v1", "org/c:folder", "org/d:folder@refs/pr/3")
NAMED: Final = st.sampled_from((*FOLDERS, *HUB))
CARD: Final = b"---\nbase_model: [zoo/base, org/declared]\n---\n"
OPTIONS: Final = st.builds(
    Options,
    subject=NAMED,
    bases=st.lists(NAMED, max_size=2, unique=True).map(tuple),
    suspects=st.lists(
        st.one_of(NAMED, st.sampled_from(["auto", "files"])), max_size=3, unique=True
    ).map(tuple),
    depth=st.one_of(st.none(), st.sampled_from(Depth)),
    max_read=st.one_of(st.none(), st.integers(1, 10**10)),
    seed=st.one_of(st.none(), st.integers(0, 2**63 - 1)),
    fail_on=st.one_of(
        st.none(), st.just("none"), st.lists(st.sampled_from(BY_ITSELF), min_size=1).map(",".join)
    ),
    mirrors=st.lists(
        st.tuples(st.sampled_from(["zoo/base", "org/declared"]), st.sampled_from(FOLDERS)),
        max_size=2,
        unique_by=lambda pair: pair[0],
    ).map(tuple),
    policy_file=st.sampled_from(["", "it's a policy.yml"]),
)
FILES: Final = st.builds(
    PolicyFile.model_validate,
    st.fixed_dictionaries(
        {},
        optional={
            "bases": st.lists(NAMED, max_size=2, unique=True),
            "suspects": st.lists(
                st.one_of(NAMED, st.sampled_from(["auto", "none"])), max_size=2, unique=True
            ),
            "fail-on": st.lists(st.sampled_from(BY_ITSELF), max_size=2, unique=True),
            "depth": st.sampled_from([d.value for d in Depth]),
            "max-read": st.sampled_from(["5MB", "1 GB"]),
            "warn-only": st.booleans(),
            "allow": st.just([{"base": "org/a", "reason": "known and agreed"}]),
        },
    ),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds every model of ``FOLDERS``."""
    root = tmp_path_factory.mktemp("secret-place")
    for name in FOLDERS:
        (root / name).mkdir(parents=True, exist_ok=True)
    return root


def declaring() -> Model:
    """Return a subject that declares two bases and leaks a name."""
    config = b'{"_name_or_path": "org/leaked"}'
    source = MemorySource({"README.md": CARD, "config.json": config}, ref="org/subject")
    return Model(source, source.files())


def bases_of(request: Request) -> Sequence[BaseRequest] | str:
    """Return the bases that a request tests before any search, or why it tests none."""
    rule = request.bases.bases if isinstance(request.bases, Discovery) else request.bases
    try:
        return rule(declaring())
    except UsageError as error:
        return error.what


def contents(request: Request) -> tuple[object, ...]:
    """Return everything that a request says, rules by what they give."""
    return (
        request.subject, request.depth, request.seed, request.policy, request.allow,
        request.warn_only, request.escalate_to, request.access.max_read, request.replay,
        type(request.bases), bases_of(request), request.searched().kind,
    )  # fmt: skip


@settings(max_examples=300)
@given(asked=OPTIONS, file=FILES)
def test_the_printed_line_builds_the_same_request(
    place: Path, asked: Options, file: PolicyFile
) -> None:
    """Subject, bases, search, depth, limits, seed, policy: all of it, and no path of the machine.

    A policy file that the line does not name is not needed for it.
    """
    means = Means(root=place)
    file = file if asked.policy_file else PolicyFile()
    options = settled(asked, file, draw=lambda: 5)
    request = build_request(options, means, file=file)
    said = read_line(request.replay)
    read = file if said.policy_file else PolicyFile()
    again = build_request(settled(said, read, draw=lambda: 6), means, file=read)
    assert contents(again) == contents(request)
    assert str(place) not in request.replay
    assert request.replay == line_of(options)


def test_folders_are_counted_from_the_root_and_called_as_typed(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From any working folder the same model is opened, and the report calls it by its name."""
    monkeypatch.chdir(tmp_path)
    options = Options(
        subject="./m", bases=("a b/c",), suspects=("it's",), mirrors=(("zoo/base", "$HOME"),)
    )
    request = build_request(options, Means(root=place))
    assert request.subject == LocalReference(path=place / "m", typed="./m")
    assert [b.reference for b in request.bases(declaring())] == [
        LocalReference(path=place / "a b/c", typed="a b/c"),
        LocalReference(path=place / "it's", typed="it's"),
    ]
    mirrored = build_request(Options(subject="m", mirrors=options.mirrors), Means(root=place))
    assert [b.reference for b in mirrored.bases(declaring())] == [
        LocalReference(path=place / "$HOME", typed="$HOME"),
        HubReference(repo_id="org/declared"),
    ]
    with pytest.raises(MissingModelError):
        build_request(options, Means())


@pytest.mark.parametrize("depth", Depth)
def test_a_named_limit_is_never_raised(depth: Depth) -> None:
    """Without one the depth has its own, and an honest declaration may cost more."""
    named = build_request(Options(subject="org/m", depth=depth, max_read=9), Means())
    assert (named.access.max_read, named.escalate_to) == (9, 0)
    own = build_request(Options(subject="org/m", depth=depth), Means())
    assert (own.access.max_read, own.escalate_to) == (BUDGETS[depth], ESCALATION)


@pytest.mark.parametrize(
    ("suspects", "kind", "names"),
    [
        ((), "", []),
        (("files",), "files", ["org/leaked"]),
        (("org/x", "files"), "files", ["org/x", "org/leaked"]),
    ],
)
def test_what_the_files_name_is_tested_where_that_is_asked_for(
    suspects: tuple[str, ...], kind: str, names: list[str]
) -> None:
    """``files`` adds names that the subject leaks; a search is made for ``auto`` alone."""
    request = build_request(Options(subject="org/m", bases=("org/b",), suspects=suspects), Means())
    found = [b.reference for b in request.bases(declaring())]
    assert found == [HubReference(repo_id=n) for n in ("org/b", *names)]
    assert request.searched().kind == kind


def test_a_search_is_made_for_auto() -> None:
    """It looks into the files, too."""
    for suspects in (("auto",), ("auto", "files")):
        request = build_request(Options(subject="org/m", suspects=suspects), Means())
        assert isinstance(request.bases, Discovery)


def test_every_seed_is_another(tmp_path: Path) -> None:
    """Nothing that is asked for decides where a check will look."""
    seeds = {build_request(Options(subject="org/m"), Means()).seed for _ in range(8)}
    assert len(seeds) == 8


@pytest.mark.parametrize(
    "options",
    [
        Options(subject="no such name"),
        Options(subject="org/m", bases=("not a name",)),
        Options(subject="org/m", suspects=("https://x.example",)),
        Options(subject="org/m", fail_on="confirmed"),
    ],
)
def test_what_is_no_question_is_refused(options: Options) -> None:
    """Before anything is opened."""
    with pytest.raises(UsageError):
        build_request(options, Means())


def test_means_show_no_token() -> None:
    """Credentials have no representation."""
    assert "tkn" not in repr(Means(read_token="tkn", github_token="tkn2"))
