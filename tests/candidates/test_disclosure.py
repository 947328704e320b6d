"""What counts as disclosure, and what only sounds like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.candidates.disclosure import read_disclosure
from hubcheck.candidates.disclosure_signs import Item
from hubcheck.card.wording import words
from tests.memory_source import MemorySource


def found_in(card: str, *files: str) -> dict[Item, str]:
    """Return where each item is disclosed by a card and file names."""
    contents = {"README.md": card.encode(), **dict.fromkeys(files, b"never read")}
    source = MemorySource(contents)
    answers = read_disclosure(source)
    assert [a.item for a in answers] == list(Item)
    assert source.ledger.bytes_read == len(contents["README.md"])
    return {a.item: words(a.where) for a in answers if a.where is not None}


DISCLOSED = {
    "It was trained on 15T tokens of web text.": Item.DATA,
    "The model was fine-tuned on the [SlimOrca](https://x/y) dataset.": Item.DATA,
    "The training data consists of Common Crawl and code.": Item.DATA,
    "# Training Data\n\nCommon Crawl, filtered for quality and language.": Item.DATA,
    "We trained for 3 days on 64 H100 GPUs.": Item.COMPUTE,
    "Pre-training took 1.2M GPU hours.": Item.COMPUTE,
    "Total compute: 3.8e25 FLOPs": Item.COMPUTE,
    "- **Hardware Type:** TPU v4": Item.COMPUTE,
    "See https://arxiv.org/abs/2401.12345 for details.": Item.TECHNICAL_REPORT,
    "[Technical Report](https://example.org/report.pdf)": Item.TECHNICAL_REPORT,
    "Curves: https://wandb.ai/acme/base": Item.TRAINING_LOGS,
    "We release all training logs and code.": Item.TRAINING_LOGS,
    "Training logs are available here.": Item.TRAINING_LOGS,
    "We release intermediate checkpoints every 1000 steps.": Item.CHECKPOINTS,
    '```python\nload("a/b", revision="step1000")\n```': Item.CHECKPOINTS,
    "The tokenizer was trained on the same corpus.": Item.TOKENIZER,
    "We train our own BPE tokenizer.": Item.TOKENIZER,
}


@pytest.mark.parametrize("text", DISCLOSED)
def test_plain_statements_are_found(text: str) -> None:
    """A sentence or section that says how the model was made is found."""
    assert DISCLOSED[text] in found_in(text)


NOT_DISCLOSED = [
    "We do not disclose the training data.",
    "We do not\ndisclose that it was trained on 2T tokens.",
    "The training data consists of proprietary sources.",
    "The model was trained on an undisclosed dataset.",
    "It wasn't trained on user tokens.",
    "Training logs will be released soon.",
    "We don't release training logs.",
    "Intermediate checkpoints are not available.",
    "We plan to release intermediate checkpoints.",
    "The GPU hours used for training are confidential.",
    "# Training Data\n\n[More Information Needed]",
    "# Training Data\n",
    "# Training Data\n\nTBD",
    "# Training Data\n\n<!-- A link to the data the model was trained on: tokens -->\n",
    "# Training Data\n\nWe cannot share details about our training data at this time.",
    "# Tokenizer training\n\n# Usage\n\nLoad it with the library and run it on a GPU.",
    "Use the tokenizer with the chat template.",
    "Runs on one GPU.",
    "",
]


@pytest.mark.parametrize("text", NOT_DISCLOSED)
def test_negations_promises_and_templates_do_not_count(text: str) -> None:
    """What is withheld, promised or left as a template is not disclosure."""
    assert found_in(text) == {}


def test_negation_reaches_its_own_clause_only() -> None:
    """A sentence that withholds one thing and gives another is credited for the second."""
    text = "The data mix is not disclosed, but the model was trained on 64 H100 GPUs."
    assert found_in(text) == {Item.COMPUTE: "README.md line 1"}


def test_line_numbers_count_the_front_matter() -> None:
    """The line is that of the file, for a sentence in a paragraph and for a heading."""
    card = (
        "---\nlicense: mit\n---\n# Model\n\nA model.\nPre-training took 9 GPU hours.\n\n"
        "## Training data\n\nEnglish books and encyclopedias.\n"
    )
    assert found_in(card) == {Item.COMPUTE: "README.md line 7", Item.DATA: "README.md line 9"}


def test_datasets_of_the_front_matter_are_data() -> None:
    """The datasets key of a card discloses data, with its line."""
    assert found_in("---\ndatasets:\n- acme/corpus\n---\n") == {Item.DATA: "README.md line 3"}
    assert found_in("---\ndatasets: []\n---\n") == {}


FILES = {
    "trainer_state.json": Item.TRAINING_LOGS,
    "training_args.bin": Item.TRAINING_LOGS,
    "trainer_log.jsonl": Item.TRAINING_LOGS,
    "logs/events.out.tfevents.17.host": Item.TRAINING_LOGS,
    "runs/Jan01/x": Item.TRAINING_LOGS,
    "checkpoint-500/config.json": Item.CHECKPOINTS,
    "global_step1000/model.safetensors": Item.CHECKPOINTS,
    "docs/Base_Technical_Report.pdf": Item.TECHNICAL_REPORT,
}


@pytest.mark.parametrize("path", FILES)
def test_file_names_disclose_without_being_opened(path: str) -> None:
    """A file that is itself the disclosure counts by name; only the card is read."""
    assert found_in("", path) == {FILES[path]: path}


@pytest.mark.parametrize("path", ["model.safetensors", "step.py", "truns/x", "checkpoint/x"])
def test_other_files_disclose_nothing(path: str) -> None:
    """Ordinary files do not count."""
    assert found_in("", path) == {}


def test_model_without_a_card_is_answered() -> None:
    """Without README.md every item is answered, none found."""
    assert not any(a.found for a in read_disclosure(MemorySource({})))


@pytest.mark.parametrize(
    "unit",
    ["trained ", "using ", "[paper ", "# ", "<!--", "1", " ", "a. ", "train our x ", "\n- x"],
)
def test_hostile_cards_are_answered(unit: str) -> None:
    """A megabyte made to trip the patterns is answered; one that backtracks would never end."""
    answers = read_disclosure(MemorySource({"README.md": (unit * 1_000_000)[:1_000_000].encode()}))
    assert [a.item for a in answers] == list(Item)


@given(st.text(alphabet="# -`~<!>.\n\r|ab:", max_size=80) | st.text(max_size=60))
def test_any_card_is_answered(text: str) -> None:
    """No text raises, and every line named exists."""
    for where in found_in(text.encode("utf-8", "replace").decode()).values():
        assert where.startswith("README.md line ")
