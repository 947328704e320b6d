"""Does every layout that people publish end as it must: read, or named, or refused?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from hubcheck.card.wording import sentence, words
from hubcheck.card.wordings.reasons import FORMATS
from hubcheck.checkpoint.disagreement import DisagreementCode
from hubcheck.checkpoint.unread import Why as Unread
from hubcheck.cli import main
from hubcheck.errors import ExitCode
from hubcheck.report.load import load_report
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.report.words import Conclusion, NothingCompared, ReasonCode, Verdict
from hubcheck.source.weight_files import formats_of
from tests.checkpoint.layouts import LAYOUTS, SINGLE, VARIANT, Layout, safe
from tests.evidence.laboratory import outcome_of, request
from tests.hubserver import LocalHub
from tests.hubserver.session import reached

NAMED: Final = [layout for layout in LAYOUTS if layout.named]
IDS: Final = [layout.name for layout in LAYOUTS]


def written(folder: Path, layout: Layout) -> Path:
    """Write a layout to a folder."""
    for path, raw in layout.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(raw)
    (folder / "README.md").write_text("# a model\n")
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small model of another kind to hold every layout against."""
    folder = tmp_path_factory.mktemp("base")
    (folder / SINGLE).write_bytes(safe("other", "another", "one", "more"))
    return folder


def shown(layout: Layout) -> str:
    """Return how the card calls the format of a layout."""
    return FORMATS.get(layout.named, layout.named)


@pytest.mark.parametrize("layout", LAYOUTS, ids=IDS)
def test_every_layout_ends_as_it_must(tmp_path: Path, base: Path, layout: Layout) -> None:
    """What loaders load is read, with a warning for each disagreement; the rest is named.

    What is not read ends neutral with 0, what contradicts itself with 4.
    """
    outcome = outcome_of(request(written(tmp_path / "subject", layout), [base]))
    report, (finding,) = outcome.report, outcome.report.findings
    assert outcome.exit_code is layout.exit_code
    assert report.conclusion is Conclusion.NEUTRAL
    if layout.read:
        assert report.subject.read == layout.read
        assert finding.code is not ReasonCode.SUBJECT
    else:
        assert finding.verdict is Verdict.NOT_TESTED
        assert finding.code is ReasonCode.SUBJECT
    if layout.named:
        assert sentence(finding.reason).partition("; ")[0] == f"subject: format: {shown(layout)}"
        assert report.nothing_compared is NothingCompared.NOT_READABLE
    codes = [told.code for told in report.subject.disagreements]
    assert sorted(codes) == sorted(layout.codes)
    assert all(any(f"({code})" in words(w) for w in report.warnings) for code in codes)


def test_a_variant_is_told_among_what_was_not_read(tmp_path: Path, base: Path) -> None:
    """Loaders pass it over by its name: nothing disagrees, and the card says what was not read."""
    layout = next(one for one in LAYOUTS if VARIANT in one.files)
    subject = outcome_of(request(written(tmp_path / "subject", layout), [base])).report.subject
    (told,) = subject.unread
    assert (told.path, told.why) == (VARIANT, Unread.OTHER_SET)
    assert not subject.disagreements


@pytest.mark.parametrize("layout", NAMED, ids=[layout.name for layout in NAMED])
def test_a_copy_of_what_is_not_read_is_identical(tmp_path: Path, layout: Layout) -> None:
    """Equality by digest needs no reader: the same files under another name are the same model."""
    one, two = (written(tmp_path / name, layout) for name in ("one", "two"))
    outcome = outcome_of(request(one, [two]))
    assert outcome.exit_code is ExitCode.OK
    assert outcome.report.findings[0].verdict is Verdict.IDENTICAL


def test_a_changed_byte_in_what_is_not_read_is_no_copy(tmp_path: Path) -> None:
    """The digest decides, not the name of the format."""
    for layout in NAMED:
        path = max(formats_of(layout.files))
        changed = {**layout.files, path: layout.files[path] + b"\1"}
        folders = [tmp_path / layout.name.replace("/", "-") / side for side in ("a", "b")]
        one = written(folders[0], layout)
        two = written(folders[1], Layout(name=layout.name, files=changed))
        finding = outcome_of(request(one, [two])).report.findings[0]
        assert finding.verdict is not Verdict.IDENTICAL, layout.name


@pytest.mark.parametrize("layout", NAMED[:10], ids=[layout.name for layout in NAMED[:10]])
def test_a_base_that_is_not_read_is_named_too(tmp_path: Path, base: Path, layout: Layout) -> None:
    """One base in another format is a finding of its own, and no fault of the subject."""
    outcome = outcome_of(request(base, [written(tmp_path / "base", layout)]))
    (finding,) = outcome.report.findings
    assert outcome.exit_code is ExitCode.OK
    assert finding.code is ReasonCode.FORMAT
    # An adapter is told besides what would let it be added to its base.
    said = sentence(finding.reason)
    assert said.partition("; the adapter ")[0] == f"format: {shown(layout)}"


def test_a_base_whose_files_disagree_is_named_with_the_warning(tmp_path: Path, base: Path) -> None:
    """The reader is told whose index is stale."""
    layout = next(one for one in LAYOUTS if DisagreementCode.INDEX_STALE in one.codes)
    folder = written(tmp_path / "stale", layout)
    report = outcome_of(request(base, [folder])).report
    warned = [words(one) for one in report.warnings]
    assert any(w.startswith(f"{folder}: ") and "(index-stale)" in w for w in warned)
    assert not report.subject.disagreements


def test_two_adapters_with_one_value_head_are_no_copies(tmp_path: Path) -> None:
    """Where an adapter is all there is, the file beside it does not speak for the model."""
    layout = next(one for one in LAYOUTS if one.name == "an adapter beside a value head")
    other = {**layout.files, "adapter_model.safetensors": safe("x.lora_A.weight")}
    one = written(tmp_path / "one", layout)
    two = written(tmp_path / "two", Layout(name="another", files=other))
    finding = outcome_of(request(one, [two])).report.findings[0]
    assert finding.verdict is Verdict.NOT_TESTED


@pytest.mark.parametrize("name", ["ggml-model-q4_0.bin", "ppo-CartPole-v1.zip", "model.onnx"])
def test_a_container_on_the_hub_is_named_for_a_few_bytes(
    tmp_path: Path, base: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same name as in a folder, by range."""
    layout = next(one for one in LAYOUTS if one.name == name)
    with reached(LocalHub(), monkeypatch) as hub:
        hub.add_repo("zoo/packed", written(tmp_path / "packed", layout))
        out = tmp_path / "out"
        code = main(["check", "zoo/packed", "--base", str(base), "--out", str(out), "--seed", "5"])
        report = load_report(out / "report.json")
    assert code == ExitCode.OK
    assert words(report.findings[0].reason[0]) == f"subject: format: {shown(layout)}"
    assert report.coverage.subject_bytes_read < 70_000


@pytest.mark.parametrize("code", DisagreementCode)
def test_every_disagreement_has_words_of_bounded_length(code: DisagreementCode) -> None:
    """Names come from the repository: none is unbounded (what they hold, renderers escape)."""
    hostile = "\x1b[2J" + "x" * 1000
    said = words(
        phrase(
            PhraseCode.FILES_DISAGREE, ref="", kind=code.value, file=hostile, count=2,
            example=hostile, instead=hostile,
        )
    )  # fmt: skip
    assert len(said) < 500
    assert said.endswith(f"({code.value})")
