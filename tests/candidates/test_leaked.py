"""Tests of the names that a repository leaks."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.candidates.leaked import MAX_LEAKS, MAX_LINKS, card_names, names_in, read_leaks
from hubcheck.card.wording import words
from hubcheck.source.reference import is_repo_id
from tests.memory_source import MemorySource

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=30,
)


def leaks(files: dict[str, bytes], **metadata: str) -> dict[str, str]:
    """Return what leaks from files and header metadata: name to where it stands."""
    return {b.ref: words(b.why) for b in read_leaks(MemorySource(files), metadata=metadata)}


@pytest.mark.parametrize(
    ("path", "values", "where"),
    [
        ("config.json", {"_name_or_path": "acme/base"}, "config.json _name_or_path"),
        (
            "config.json",
            {"text_config": {"_name_or_path": "acme/base"}},
            "config.json text_config._name_or_path",
        ),
        (
            "config.json",
            {"auto_map": {"AutoModel": "acme/base--modeling_x.Model"}},
            "config.json auto_map.AutoModel",
        ),
        (
            "config.json",
            {"quantization_config": {"model_name_or_path": "acme/base"}},
            "config.json quantization_config.model_name_or_path",
        ),
        ("quantize_config.json", {"model_name_or_path": "acme/base"},
         "quantize_config.json model_name_or_path"),
        ("tokenizer_config.json", {"name_or_path": "acme/base"},
         "tokenizer_config.json name_or_path"),
        (
            "tokenizer_config.json",
            {"extra": "/root/.cache/hub/models--acme--base/snapshots/x/tokenizer.json"},
            "tokenizer_config.json extra",
        ),
        ("tokenizer_config.json", {"auto_map": {"AutoTokenizer": ["acme/base--tok.Tok", None]}},
         "tokenizer_config.json auto_map.AutoTokenizer"),
        ("training_args.json", {"model_name_or_path": "acme/base"},
         "training_args.json model_name_or_path"),
    ],
)  # fmt: skip
def test_a_name_in_a_config_is_found(path: str, values: object, where: str) -> None:
    """Every place in which programs leave a name is read, and said."""
    assert leaks({path: json.dumps(values).encode()}) == {"acme/base": where}


def test_header_metadata_names_a_base() -> None:
    """Free key-value pairs of a header count, plain and as nested JSON."""
    assert leaks({}, base_model="acme/base") == {"acme/base": "weights metadata base_model"}
    nested = json.dumps({"model": {"name_or_path": "acme/deep"}})
    assert leaks({}, config=nested) == {"acme/deep": "weights metadata config model.name_or_path"}
    assert leaks({}, **{"general.base_model.0.repo_url": "https://huggingface.co/acme/g"}) == {
        "acme/g": "weights metadata general.base_model.0.repo_url"
    }
    assert leaks({}, format="pt", note="see org/other") == {}


def test_the_prose_of_a_card_names_models() -> None:
    """Links, loading calls and sentences count, with their line; front matter does not."""
    card = (
        b"---\nlicense: mit\nbase_model: acme/declared\n---\n"
        b"Thanks to [them](https://huggingface.co/acme/linked)!\n"
        b'model = AutoModel.from_pretrained("acme/loaded")\n'
        b"This was fine-tuned from `acme/told` on our data.\n"
        b"Data: https://huggingface.co/datasets/acme/data and https://hf.co/blog/acme\n"
    )
    assert leaks({"README.md": card}) == {
        "acme/linked": "README.md line 5 (link)",
        "acme/loaded": "README.md line 6 (code)",
        "acme/told": "README.md line 7 (text)",
    }


def test_a_notice_names_a_model() -> None:
    """A link in NOTICE or LICENSE counts."""
    text = b"Derived from https://huggingface.co/acme/base under its terms."
    assert leaks({"NOTICE": text}) == {"acme/base": "NOTICE line 1"}


@pytest.mark.parametrize(
    "value",
    [
        "/home/user/model",
        "../up",
        "output/checkpoint-500",
        "./x/y",
        "gpt2",
        "C:\\models\\x",
        "file:///etc/passwd",
        "a/b/c/d",
        "org/" + "x" * 200,
        "org/na me",
        "https://example.com/acme/base",
        "",
        "org/model",
    ],
)
def test_what_is_no_repository_is_no_leak(value: str) -> None:
    """Paths, other hosts, bare words and the model's own name are left alone."""
    assert leaks({"config.json": json.dumps({"_name_or_path": value}).encode()}) == {}


@pytest.mark.parametrize("data", [b"", b"[1]", b"{", b"\xff\xfe", b"null", b'{"a":' * 5000])
def test_a_broken_file_leaks_nothing(data: bytes) -> None:
    """A file that is no JSON object is passed over."""
    assert leaks({"config.json": data, "tokenizer_config.json": data}) == {}


@given(values=JSON)
def test_any_json_gives_names_or_nothing(values: object) -> None:
    """Whatever a config holds, what comes out is a repository id of the Hub's grammar."""
    for name, where in names_in(values):
        assert is_repo_id(name.ref)
        assert where.isprintable()


@given(data=st.binary(max_size=400))
def test_any_card_gives_names_or_nothing(data: bytes) -> None:
    """Whatever a card holds, nothing but repository ids come out."""
    assert all(is_repo_id(name.ref) for name, _ in card_names(data))


def test_a_flood_of_names_is_capped() -> None:
    """A card of thousands of links and a config of thousands of keys stay within the caps."""
    card = "\n".join(f"https://huggingface.co/org/model-{i}" for i in range(5000)).encode()
    config = {f"k{i}": {"_name_or_path": f"acme/base-{i}"} for i in range(5000)}
    assert len(leaks({"README.md": card})) == MAX_LINKS
    assert len(leaks({"config.json": json.dumps(config).encode()})) == MAX_LEAKS
