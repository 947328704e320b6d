"""How does every part of a report behave, whatever it holds?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Base of every part of the report: immutable; unknown fields of a newer minor are kept out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

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
