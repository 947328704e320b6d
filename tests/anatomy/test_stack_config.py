"""Does each stack get what the configuration says of it?"""

from __future__ import annotations

import pytest

from hubcheck.anatomy.stack_config import stack_config
from hubcheck.anatomy.stack_names import Kind


def test_facts_of_each_stack() -> None:
    """Head counts are those of the stack; a nested configuration outranks the whole's."""
    config = {"encoder_attention_heads": 4, "decoder_attention_heads": 8, "d_model": 32}
    assert stack_config(config, Kind.ENCODER)["num_attention_heads"] == 4
    assert stack_config(config, Kind.DECODER)["num_attention_heads"] == 8
    nested = {"encoder": {"num_attention_heads": 2}, "decoder": "x", "d_model": ["?"]}
    assert stack_config(nested, Kind.ENCODER)["num_attention_heads"] == 2
    assert stack_config(nested, Kind.DECODER)["num_attention_heads"] is None


@pytest.mark.parametrize(
    ("config", "tied"),
    [
        ({"model_type": "t5"}, True),
        ({"model_type": "t5", "tie_word_embeddings": False}, False),
        ({"model_type": "t5", "tie_word_embeddings": "yes"}, False),
        ({"model_type": ["t5"]}, True),
    ],
)
def test_these_families_tie_unless_they_say_otherwise(
    config: dict[str, object], tied: bool
) -> None:
    """Only the word itself says otherwise; a model type of a wrong kind raises nothing."""
    assert stack_config(config, Kind.DECODER)["tie_word_embeddings"] is tied
