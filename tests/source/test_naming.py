"""Does every way of naming a model work that a message, a card or a page offers?"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from hubcheck.card.wording import words
from hubcheck.check.run import Outcome
from hubcheck.cli import main
from hubcheck.demo.run import MODELS
from hubcheck.errors import ExitCode
from hubcheck.report.words import DeclarationVerdict, RelationKind, Verdict
from tests.check.components_made import CONFIG, pipeline
from tests.evidence.laboratory import outcome_of, request
from tests.hubserver import LocalHub
from tests.material.formats.folder import read_floats, stored_tokens
from tests.material.formats.gguf_file import write_gguf

Files = dict[str, bytes]
QUANTS: Final = ("Q4_0", "Q8_0")
CARD: Final = b"---\nbase_model: zoo/base\nbase_model_relation: quantized\n---\n"


def quantised(folder: Path, name: str) -> bytes:
    """Return a demo model as a GGUF file."""
    path = folder / f"{name}.gguf"
    tokens, special = stored_tokens(MODELS / "base")
    write_gguf(path, read_floats(MODELS / "base"), CONFIG, name, tokens, special)
    return path.read_bytes()


@pytest.fixture(scope="module")
def quants(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Return a demo model in two quantisations, by their names."""
    folder = tmp_path_factory.mktemp("quants")
    return {name: quantised(folder, name) for name in QUANTS}


@pytest.fixture
def zoo(hub: LocalHub, quants: Files, monkeypatch: pytest.MonkeyPatch) -> LocalHub:
    """Return a Hub with a base, its quantisations in folders, and a checkpoint in one."""
    hub.add_repo("zoo/base", MODELS / "base")
    hub.add_repo(
        "acme/gguf",
        {"README.md": CARD, **{f"{q}/model-{q}.gguf": raw for q, raw in quants.items()}},
    )
    hub.add_repo(
        "acme/flat", {"README.md": CARD, **{f"model.{q}.gguf": raw for q, raw in quants.items()}}
    )
    tuned = {f"checkpoint-500/{p.name}": p for p in (MODELS / "finetune").iterdir() if p.is_file()}
    tuned.pop("checkpoint-500/README.md", None)
    hub.add_repo("acme/ck", {"README.md": CARD, **{n: p.read_bytes() for n, p in tuned.items()}})
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    return hub


def checked(hub: LocalHub, subject: str, *bases: str) -> Outcome:
    """Return a check of a model on the local Hub."""
    wanted = request(subject, bases, seed=11)
    return outcome_of(
        replace(wanted, access=replace(wanted.access, endpoint=hub.endpoint, token=None))
    )


def test_gguf_files_in_folders_are_read_and_the_others_are_named(zoo: LocalHub) -> None:
    """The quantisation that lost least speaks; a warning holds a reference to each."""
    outcome = checked(zoo, "acme/gguf")
    report = outcome.report
    assert outcome.exit_code is ExitCode.OK
    assert report.verdict is DeclarationVerdict.CONFIRMED
    assert report.subject.read == ("Q8_0/model-Q8_0.gguf",)
    assert [u.path for u in report.subject.unread] == ["Q4_0/model-Q4_0.gguf"]
    named = re.findall(r"acme/gguf:\w+", " ".join(map(words, report.warnings)))
    assert named == ["acme/gguf:Q4_0", "acme/gguf:Q8_0"]
    for ref in named:
        again = checked(zoo, ref).report
        assert again.verdict is DeclarationVerdict.CONFIRMED, ref
        assert len(again.subject.read) == 1


@pytest.mark.parametrize(
    ("ref", "read"),
    [
        ("acme/flat:Q4_0", "model.Q4_0.gguf"),
        ("acme/flat:q8_0", "model.Q8_0.gguf"),
        ("acme/flat:Q4_0@main", "model.Q4_0.gguf"),
        ("hf.co/acme/flat:Q4_0", "model.Q4_0.gguf"),
        ("https://huggingface.co/acme/flat/blob/main/model.Q4_0.gguf", "model.Q4_0.gguf"),
        ("https://huggingface.co/acme/gguf/tree/main/Q8_0", "model-Q8_0.gguf"),
        ("acme/gguf:Q8_0/model-Q8_0.gguf", "model-Q8_0.gguf"),
    ],
)
def test_a_quantisation_is_named_by_tag_folder_file_or_page(
    zoo: LocalHub, ref: str, read: str
) -> None:
    """Each spelling reads that file alone, and the card at top level speaks for it."""
    report = checked(zoo, ref).report
    assert report.subject.read == (read,)
    assert report.verdict is DeclarationVerdict.CONFIRMED
    assert report.findings[0].base.ref == "zoo/base"


def test_the_advice_for_weights_in_a_folder_works_when_pasted(
    zoo: LocalHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Weights in a folder alone: no failure, and the reference in the message is a model."""
    code = main(["check", "acme/ck", "--seed", "11", "--out", str(tmp_path / "a")])
    said = capsys.readouterr()
    assert code == ExitCode.OK
    card = (tmp_path / "a" / "card.md").read_text()
    found = re.search(r"acme/ck:[\w-]+", said.out + said.err + card)
    assert found is not None
    code = main(["check", found[0], "--seed", "11", "--out", str(tmp_path / "b")])
    assert code == ExitCode.OK
    assert "zoo/base" in (tmp_path / "b" / "card.md").read_text().splitlines()[0]


def test_a_slash_instead_of_a_colon_is_told_what_to_write(
    zoo: LocalHub, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """``org/name/folder`` is no reference; the message names the one that works."""
    code = main(["check", "acme/ck/checkpoint-500", "--out", str(tmp_path)])
    said = capsys.readouterr().err
    assert code == ExitCode.USAGE
    assert "acme/ck:checkpoint-500" in said
    assert checked(zoo, "acme/ck:checkpoint-500").report.verdict is DeclarationVerdict.CONFIRMED


@pytest.mark.parametrize(
    "base",
    [
        "acme/all:v1",
        "https://huggingface.co/acme/all/tree/main/v1",
        "acme/all:v1@main",
    ],
)
def test_a_card_and_an_option_name_a_folder_of_a_repository(hub: LocalHub, base: str) -> None:
    """``base_model`` and ``--base`` take what the subject takes."""
    files = {f"v1/{p.name}": p.read_bytes() for p in (MODELS / "base").iterdir() if p.is_file()}
    hub.add_repo("acme/all", {"README.md": b"# all\n", **files})
    tuned = {p.name: p.read_bytes() for p in (MODELS / "finetune").iterdir() if p.is_file()}
    tuned["README.md"] = f"---\nbase_model: {base}\n---\n".encode()
    hub.add_repo("acme/tuned", tuned)
    for bases in ((), (base,)):
        report = checked(hub, "acme/tuned", *bases).report
        assert report.findings[0].base.ref == "acme/all:v1"
        assert report.findings[0].verdict is Verdict.RELATED
        assert report.verdict is DeclarationVerdict.CONFIRMED


def test_what_is_not_there_is_answered_with_what_is(
    zoo: LocalHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A quantisation that the repository lacks: the message lists references that exist."""
    code = main(["check", "acme/flat:Q2_K", "--out", str(tmp_path)])
    assert code == ExitCode.UNREACHABLE
    named = re.findall(r"acme/flat:\w+", capsys.readouterr().err.partition("next:")[2])
    assert sorted(named) == ["acme/flat:Q4_0", "acme/flat:Q8_0"]


def test_help_explains_every_spelling(capsys: pytest.CaptureFixture[str]) -> None:
    """``hubcheck check --help`` shows folder, quantisation and page address."""
    with pytest.raises(SystemExit):
        main(["check", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for form in ("org/name@revision", "org/name:folder", "org/name:Q4_K_M", "address"):
        assert form in text


def files_of(folder: Path) -> Files:
    """Return every file of a folder by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_a_pipeline_on_the_hub_is_one_model(hub: LocalHub, tmp_path: Path) -> None:
    """A copy costs no weight byte of the base; equal components are known by their digests."""
    base = files_of(pipeline(tmp_path / "base"))
    hub.add_repo("acme/base", base)
    hub.add_repo("acme/copy", base | {"README.md": b"---\nbase_model: acme/base\n---\n"})
    report = checked(hub, "acme/copy").report
    assert report.verdict is DeclarationVerdict.CONFIRMED
    assert report.findings[0].verdict is Verdict.IDENTICAL
    assert report.findings[0].bytes_read < 10_000  # the list of components, the index of files
    hub.add_repo("acme/tuned", files_of(pipeline(tmp_path / "tuned", text_encoder="finetune")))
    report = checked(hub, "acme/tuned", "acme/base").report
    assert report.verdict is DeclarationVerdict.CONFIRMED
    found = {p.name: p.relation for p in report.findings[0].parts}
    assert found["unet"] is found["vae"] is RelationKind.IDENTICAL
    assert found["text_encoder"] is RelationKind.FINE_TUNE


def test_a_component_of_a_pipeline_is_a_model_by_its_folder(hub: LocalHub, tmp_path: Path) -> None:
    """``org/name:text_encoder`` against the same folder of another pipeline, and against it all."""
    hub.add_repo("acme/base", files_of(pipeline(tmp_path / "base")))
    hub.add_repo("acme/tuned", files_of(pipeline(tmp_path / "tuned", text_encoder="finetune")))
    for base in ("acme/base:text_encoder", "acme/base"):
        finding = checked(hub, "acme/tuned:text_encoder", base).report.findings[0]
        assert finding.verdict is Verdict.RELATED
        assert finding.base.ref == base
