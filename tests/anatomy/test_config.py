"""Is a hostile config.json read without a crash and without belief in absurd values?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.anatomy.config import MAX_HEADS, MAX_SIZE, read_config

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        *("hidden_size", "num_attention_heads", "num_key_value_heads", "head_dim", "model_type"),
        *("text_config", "architectures", "num_hidden_layers", "attn_config", "v_head_dim"),
    ]
)


@given(st.dictionaries(NAMES, JSON))
def test_any_json_is_read(config: dict[str, object]) -> None:
    """Whatever a config.json holds, every fact is a believable size, a short text or absent."""
    facts = read_config(config)
    for size in (facts.hidden, facts.layers, facts.head_dim, facts.qk_nope_dim, facts.v_head_dim):
        assert type(size) is int
        assert 0 <= size <= MAX_SIZE
    assert 0 <= facts.heads <= MAX_HEADS
    assert 0 <= facts.kv_heads <= MAX_HEADS
    assert len(facts.architecture) <= 200


@pytest.mark.parametrize("absurd", ["16", 16.0, True, -16, 0, 10**40, [16], {"n": 16}, None])
def test_wrong_types_count_as_absent(absurd: object) -> None:
    """A head count that is no believable plain integer is absent, not guessed."""
    assert read_config({"num_attention_heads": absurd}).heads == 0


@pytest.mark.parametrize("name", ["text_config", "llm_config", "language_config"])
def test_inner_configuration_speaks_for_the_language_model(name: str) -> None:
    """Facts of a nested text configuration go before those of the wrapper around it."""
    facts = read_config(
        {
            "architectures": ["Wrapper"],
            "model_type": "wrapper",
            "hidden_size": 1,
            "num_hidden_layers": 5,
            name: {"model_type": "gemma3_text", "hidden_size": 2},
        }
    )
    assert (facts.hidden, facts.layers) == (2, 5)
    assert (facts.architecture, facts.model_type) == ("Wrapper", "gemma3_text")


def test_endless_nesting_ends() -> None:
    """A configuration nested in itself a thousand times is read in a few steps."""
    config: dict[str, object] = {"hidden_size": 7}
    for _ in range(1000):
        config = {"text_config": config}
    assert read_config(config).hidden == 0


@pytest.mark.parametrize("config", [None, [], "x", 3])
def test_a_file_that_is_no_object_is_empty(config: object) -> None:
    """A config.json that holds no object gives no facts."""
    assert read_config(config).architecture == ""  # type: ignore[arg-type]


def test_ties_must_be_said_plainly() -> None:
    """Only a true tie_word_embeddings counts; the text 'true' does not."""
    assert read_config({"text_config": {"tie_word_embeddings": True}}).tied
    assert not read_config({"tie_word_embeddings": "true"}).tied
