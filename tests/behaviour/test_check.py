"""Are models run as asked, is nothing of a repository executed, and does it stay out of verdicts?

SLOW for what it is: transformers is imported once here, by the first test that runs a model.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from hubcheck.behaviour.comparison import same_texts
from hubcheck.behaviour.endpoint import heard
from hubcheck.behaviour.interface import NotRun, NotRunError, Seen, Wanted
from hubcheck.behaviour.places import laid_out
from hubcheck.behaviour.prompts import beginnings, prompts, random_rows
from hubcheck.behaviour.running import loaded, relative_depths
from hubcheck.card.behaviour_section import WHY
from hubcheck.check.run import check
from hubcheck.model import open_model
from hubcheck.report.behaviour import Behaviour
from hubcheck.report.schema import Report
from hubcheck.source.reference import parse_reference
from tests.behaviour.server import serving, with_top
from tests.evidence.laboratory import frozen_clock, model, request
from tests.material.formats.folder import read_floats, stored_tokens
from tests.material.formats.gguf_file import write_gguf


class Stub:
    """A model of three tokens that would go on with the first."""

    def ids(self, _text: str) -> list[int]:
        """Return one token for any text."""
        return [0]

    def text(self, token: int) -> str:
        """Return a word for each token."""
        return ("one", "two", "three")[token]

    def seen(self, rows: list[list[int]], _counted: object) -> Seen:
        """Return the same answer for all."""
        return Seen(scores=np.array([[3.0, 2.0, 1.0]] * len(rows)), states=())


def run(subject: Path, *bases: Path, wanted: Wanted | None) -> Report:
    """Check a model, and run it."""
    asked = replace(request(subject, bases), behaviour=wanted)
    return check(asked, now=frozen_clock, progress=lambda _text: None).report


def only(report: Report) -> Behaviour:
    """Return the one thing that was seen."""
    (one,) = report.behaviour
    return one


RUN_ALONE: Final = """
import sys
from pathlib import Path
from hubcheck.behaviour.interface import Wanted
from tests.behaviour.test_check import only, run
print(only(run(Path(sys.argv[1]), Path(sys.argv[2]), wanted=Wanted())).model_dump_json())
"""
"""A check that runs two models, and says what was seen."""


def copied(folder: Path, name: str = "base") -> Path:
    """Return a copy of a shipped model that a test may change."""
    return Path(shutil.copytree(model(name), folder))


def test_a_fine_tune_behaves_like_its_base_and_a_stranger_less(tmp_path: Path) -> None:
    """Both rows are there, the fine-tune's nearer in every number; findings are as without it."""
    report = run(model("finetune"), model("base"), model("twin"), wanted=Wanted())
    tuned, stranger = report.behaviour
    assert (tuned.one_vocabulary, tuned.not_run) == (True, "")
    assert [kind.prompts for kind in tuned.kinds] == ["texts", "random tokens"]
    for near, far in zip(tuned.kinds, stranger.kinds, strict=True):
        assert near.agreement > far.agreement
        assert 0 <= near.js < far.js <= 1
        assert np.median(near.cka[1:]) > np.median(far.cka[1:])
    assert {known.relation for known in tuned.known} == {"family", "strangers"}
    without = run(model("finetune"), model("base"), model("twin"), wanted=None)
    assert without.behaviour == ()
    assert report.findings == without.findings
    assert report.conclusion == without.conclusion


def test_layers_on_disk_answer_as_layers_in_memory(tmp_path: Path) -> None:
    """With memory for some of the weights accelerate offloads the others: equal answers."""
    opened = open_model(parse_reference(str(model("base"))), request(model("base")).access)
    answers = []
    for memory in (0, 900_000):
        folder = tmp_path / str(memory)
        folder.mkdir()
        assert laid_out(opened, folder, all_bytes=True) == ""
        with loaded(folder, "", memory=memory) as runner:
            answers.append(same_texts(runner).seen["beginnings"].scores)
            placed = getattr(runner.model, "hf_device_map", {})
            places = set(map(str, placed.values()))
        assert ("disk" in places) is bool(memory)
    np.testing.assert_array_equal(answers[0], answers[1])


def in_one_gguf_file(folder: Path, *, merges: bool) -> Path:
    """Write the base at 8 bits as a GGUF file, whose tokens can be put together or not."""
    folder.mkdir()
    base = model("base")
    tokens, special = stored_tokens(base)
    known = json.loads((base / "tokenizer.json").read_text())["model"]["merges"]
    write_gguf(
        folder / "model.gguf", read_floats(base), json.loads((base / "config.json").read_text()),
        "Q8_0", tokens, special, merges=[" ".join(pair) for pair in known] if merges else (),
    )  # fmt: skip
    return folder


def test_a_gguf_file_without_usable_tokens_is_a_reason_of_its_side(tmp_path: Path) -> None:
    """Nothing is run, and the card says whose file it is."""
    folder = in_one_gguf_file(tmp_path / "gguf", merges=False)
    one = only(run(folder, model("base"), wanted=Wanted()))
    assert (one.not_run, one.whose) == (NotRun.FAILED, "subject")


def test_a_gguf_file_is_run_as_it_lies(tmp_path: Path) -> None:
    """It holds its own tokens, and answers as the model it was made of: nearly, at 8 bits.

    No library draws on the terminal. In a process of its own, as a command is: of what other tests
    did to transformers in this one, something once left weights of such a file unfound.
    """
    folder, base = in_one_gguf_file(tmp_path / "gguf", merges=True), model("base")
    ended = subprocess.run(
        [sys.executable, "-c", RUN_ALONE, str(folder), str(base)],
        capture_output=True, text=True, check=True, timeout=120, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert ended.stderr == ""
    one = Behaviour.model_validate_json(ended.stdout)  # and nothing else is there
    assert (one.not_run, one.one_vocabulary) == ("", True)
    for kind in one.kinds:
        assert kind.agreement > 0.9
        assert kind.js < 0.01
        assert min(kind.cka) > 0.99


def with_code(folder: Path) -> None:
    """Make the class one that only the repository's code has."""
    (folder / "evil.py").write_text("open('ran', 'w').close()\nclass A: pass\n")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "evil", "architectures": ["EvilForCausalLM"]}
    config["auto_map"] = {"AutoConfig": "evil.A", "AutoModelForCausalLM": "evil.A"}
    (folder / "config.json").write_text(json.dumps(config))


def without_head(folder: Path) -> None:
    """Claim a further layer, whose weights are missing."""
    config = json.loads((folder / "config.json").read_text())
    config["num_hidden_layers"] += 1
    (folder / "config.json").write_text(json.dumps(config))


def without_tokenizer(folder: Path) -> None:
    """Take the tokenizer away."""
    for path in folder.glob("tokenizer*"):
        path.unlink()


def an_encoder(folder: Path) -> None:
    """Claim to be an encoder."""
    config = json.loads((folder / "config.json").read_text())
    config["architectures"] = ["BertForMaskedLM"]
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (with_code, NotRun.OWN_CODE),
        (without_head, NotRun.INCOMPLETE),
        (without_tokenizer, NotRun.NO_TOKENIZER),
        (an_encoder, NotRun.NOT_CAUSAL),
    ],
)
def test_what_cannot_be_run_is_a_reason_and_nothing_is_executed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], None], why: NotRun
) -> None:
    """The reason is of the side that has it; the check goes on."""
    monkeypatch.chdir(tmp_path)
    subject = copied(tmp_path / "subject")
    change(subject)
    one = only(run(subject, model("base"), wanted=Wanted()))
    assert (one.not_run, one.whose) == (why, "subject")
    assert not (tmp_path / "ran").exists()


def test_only_plain_files_are_laid_out(tmp_path: Path) -> None:
    """No pickle, no code, no adapter that names another model, and no key that names code."""
    folder = copied(tmp_path / "model")
    for name in ("pytorch_model.bin", "modeling.py", "adapter_config.json", "chat_template.jinja"):
        (folder / name).write_text("{}")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "x.Y"}}))
    out = tmp_path / "out"
    out.mkdir()
    opened = open_model(parse_reference(str(folder)), request(folder).access)
    laid_out(opened, out, all_bytes=True)
    lying = {path.name for path in out.iterdir()}
    assert lying == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"}
    assert "auto_map" not in json.loads((out / "config.json").read_text())


def test_pickles_alone_are_not_run(tmp_path: Path) -> None:
    """A folder of PyTorch weights has nothing that is loaded here."""
    folder = copied(tmp_path / "model")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    opened = open_model(parse_reference(str(folder)), request(folder).access)
    with pytest.raises(NotRunError) as caught:
        laid_out(opened, tmp_path, all_bytes=True)
    assert caught.value.why is NotRun.FORMAT


def test_a_server_is_held_against_the_model_by_its_top_tokens() -> None:
    """Asked for one token of each text, with the key; what it tells is compared as text."""
    asked: list[dict[str, Any]] = []
    keys = set()

    def answer(said: dict[str, Any], headers: dict[str, str]) -> tuple[int, bytes, dict[str, str]]:
        asked.append(said)
        keys.add(headers.get("Authorization"))
        return 200, with_top({" zzqx": -0.1, " qqxz": -2.0}), {}

    with serving(lambda _asked, _headers: (200, with_top({"two": -2.0, " on": -1.0}), {})) as there:
        said = heard(Wanted(endpoint=f"{there}#small"), Stub())  # type: ignore[arg-type]
    assert (said.agreement, said.overlap) == (1.0, 1.0)

    with serving(answer) as address:
        wanted = Wanted(bases=False, endpoint=f"{address}#small", key="secret")
        one = only(run(model("base"), wanted=wanted))
    assert (one.against, one.base, one.not_run) == ("endpoint", "small", "")
    assert one.heard is not None
    assert (one.heard.positions, one.heard.agreement) == (len(beginnings()), 0.0)
    assert {said["path"] for said in asked} == {"/v1/completions"}
    assert [said["prompt"] for said in asked] == list(beginnings())
    assert {(said["model"], said["max_tokens"]) for said in asked} == {("small", 1)}
    assert keys == {"Bearer secret"}


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (500, b"", {}),
        (200, b"[]", {}),
        (200, b'{"choices": [{"logprobs": null}]}', {}),
        (200, with_top({}), {}),
        (200, b"[" * 100_000, {}),
        (200, b" " * (2 << 20), {}),
        (302, b"", {"Location": "http://127.0.0.1:9/elsewhere"}),
    ],
)
def test_a_server_that_answers_anything_else_is_a_reason(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    """Errors, no tokens, deep or endless JSON, and a way to another host, which is not followed."""
    with serving(lambda _asked, _headers: (status, body, headers)) as address:
        wanted = Wanted(bases=False, endpoint=f"{address}#m")
        with pytest.raises(NotRunError) as caught:
            heard(wanted, Stub())  # type: ignore[arg-type]  # all that is asked of a runner
    assert caught.value.why is NotRun.ENDPOINT


def test_the_prompts_are_a_fixed_set_of_many_languages() -> None:
    """Ten languages and code at least; random rows are the same in every check."""
    assert len({prompt.language for prompt in prompts()}) > 10
    assert all(text for text in beginnings())
    assert random_rows(tuple(range(100))) == random_rows(tuple(range(100)))
    assert {n for row in random_rows((5, 9)) for n in row} == {5, 9}


def test_layers_of_different_depths_stand_beside_each_other_by_share() -> None:
    """First beside first, last beside last."""
    assert relative_depths(3, 3) == [(0, 0), (1, 1), (2, 2)]
    assert relative_depths(3, 5) == [(0, 0), (1, 2), (2, 4)]
    assert relative_depths(5, 3)[-1] == (4, 2)


def test_every_reason_has_words() -> None:
    """The card knows every code that a look at behaviour may leave."""
    assert set(WHY) == {why.value for why in NotRun}
