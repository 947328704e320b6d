"""How does every part of a report behave, whatever it holds?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import NoneType
from typing import Any, Final, Self, get_args

from pydantic import BaseModel, ConfigDict, model_validator

NUMBERS: Final = frozenset({int, float, bool, NoneType, Ellipsis})
"""Types of a field that holds numbers, flags, or none."""


class Part(BaseModel):
    """Base of every part of the report: immutable; unknown fields of a newer minor are kept out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    @model_validator(mode="before")
    @classmethod
    def _numbers_are_no_texts(cls, values: Any) -> Any:
        """Refuse a number or flag that is written as a text: what is read is what stands there."""
        if isinstance(values, dict):
            for name in _of_numbers(cls) & values.keys():
                if _holds_text(values[name]):
                    raise ValueError(f"{name} is written as a text")
        return values

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with some fields changed, checked like those of a new one.

        Raises:
            KeyError: there is no such field.
            ValidationError: a value is none that its field takes.
        """
        if not update:
            return super().model_copy(deep=deep)
        unknown = update.keys() - type(self).model_fields.keys()
        if unknown:
            raise KeyError(*sorted(unknown))
        fields = {name: getattr(self, name) for name in self.model_fields_set}
        return type(self).model_validate({**fields, **update})


@cache
def _of_numbers(part: type[Part]) -> frozenset[str]:
    """Return the fields of a part that hold numbers and flags alone."""
    return frozenset(
        name for name, field in part.model_fields.items() if _types_in(field.annotation) <= NUMBERS
    )


def _types_in(annotation: Any) -> frozenset[Any]:
    inner = get_args(annotation)
    return frozenset().union(*map(_types_in, inner)) if inner else frozenset({annotation})


def _holds_text(value: object) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_text, value))
    return isinstance(value, str)
