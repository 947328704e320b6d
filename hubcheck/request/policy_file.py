"""What does ``.github/hubcheck.yml`` say?

The policy of a repository: which bases to test, what fails, what is accepted and until when. A bad
file is an error that names its line and key; nothing in it is guessed.
"""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from hubcheck.errors import HubcheckError, UsageError, printable
from hubcheck.report.words import Depth
from hubcheck.source.reference import parse_hub_reference
from hubcheck.verdict.allowance import Allowance
from hubcheck.verdict.policy import FAILABLE

DEFAULT_PATH: Final = ".github/hubcheck.yml"
MAX_BYTES: Final = 200_000
"""Bytes of a policy file; a thousand allowances are well below."""
MAX_ITEMS: Final = 200
SIZE: Final = r"^\d+(\.\d+)?\s?([kKMG]i?)?B?$"

Name = Annotated[str, Field(min_length=1, max_length=250)]


class _Strict(BaseModel):
    """Base of every part: an unknown key is a typing error, not an extension."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Allowed(_Strict):
    """A base that is accepted although the policy would fail on it."""

    base: Name = Field(description="org/name, or a folder as the report names it")
    reason: str = Field(min_length=5, max_length=500, description="why; shown on every card")
    expires: date | None = Field(default=None, description="last day on which it holds, YYYY-MM-DD")


class PolicyFile(_Strict):
    """The policy of a repository."""

    model: str = Field(
        default="",
        max_length=250,
        description="folder, or org/name, org/name:folder, org/name:Q4_K_M on the Hub",
    )
    models: tuple[Name, ...] = Field(
        default=(), max_length=MAX_ITEMS, description="models that an event from outside may name"
    )
    bases: tuple[Name, ...] = Field(
        default=(), max_length=MAX_ITEMS, description="replace what the card declares"
    )
    suspects: tuple[Name, ...] = Field(
        default=(), max_length=MAX_ITEMS, description="further bases to test; auto: names leaked"
    )
    fail_on: tuple[str, ...] = Field(
        default=("undeclared", "contradicted"),
        alias="fail-on",
        max_length=len(FAILABLE),
        description="verdicts that fail; an empty list never fails",
        json_schema_extra={"items": {"enum": list(FAILABLE)}},
    )
    signers: tuple[Name, ...] = Field(
        default=(),
        max_length=MAX_ITEMS,
        description="who may have signed model.sig, for require-signature: files of public keys "
        "or certificates, or identity=NAME issuer=URL",
    )
    warn_only: bool = Field(
        default=False, alias="warn-only", description="say what failed, end with exit code 0"
    )
    depth: Depth = Field(default=Depth.SAMPLE, description="how much is read")
    max_read: str = Field(
        default="64MB", alias="max-read", pattern=SIZE, description="hard limit per model"
    )
    allow: tuple[Allowed, ...] = Field(
        default=(), max_length=MAX_ITEMS, description="accepted bases, each with a reason"
    )

    allow_private: tuple[Name, ...] = Field(
        default=(),
        alias="allow-private",
        max_length=MAX_ITEMS,
        description="private models of the Hub that a public answer may speak of, where a card "
        "names them and the token may read them",
    )

    @field_validator("fail_on")
    @classmethod
    def _can_fail(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if word not in FAILABLE:
                message = f"{printable(word)!r} is none of {', '.join(FAILABLE)}"
                raise ValueError(message)
        return words

    @field_validator("models", "allow_private")
    @classmethod
    def _on_the_hub(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            try:
                parse_hub_reference(name)
            except HubcheckError as error:
                message = f"{printable(name)!r} is no repository of the Hub"
                raise ValueError(message) from error
        return names

    @property
    def allowances(self) -> tuple[Allowance, ...]:
        """What is accepted, as the verdict takes it."""
        return tuple(Allowance(base=a.base, reason=a.reason, expires=a.expires) for a in self.allow)


def read_policy_file(path: Path, *, shown: str) -> PolicyFile:
    """Read a policy file.

    Args:
        path: Where it is.
        shown: How it is called in messages.

    Raises:
        UsageError: it cannot be read, or something in it is wrong; line and key are named.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"The policy file '{printable(shown)}' cannot be read: {error.strerror}.",
            cause="the path is wrong, or the repository was not checked out.",
            next_step="name the file in config-file, or check out the repository first.",
        ) from error
    return parse_policy(data, shown=shown)


def parse_policy(data: bytes, *, shown: str) -> PolicyFile:
    """Return the policy that a file's bytes hold; see ``read_policy_file``."""
    if len(data) > MAX_BYTES:
        raise _wrong(shown, 1, "", f"it has more than {MAX_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig")
        node = yaml.compose(text, Loader=_Loader)
        values = yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader with fewer tags
    except UnicodeDecodeError as error:
        raise _wrong(shown, data[: error.start].count(b"\n") + 1, "", "it is not UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "it is not YAML"
        raise _wrong(shown, mark.line + 1 if mark else 1, "", str(problem)) from error
    except (RecursionError, ValueError) as error:
        raise _wrong(shown, 1, "", "it is not YAML that is understood") from error
    if values is None:
        return PolicyFile()
    if not isinstance(values, dict):
        raise _wrong(shown, 1, "", "it holds no keys")
    try:
        return PolicyFile.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = tuple(first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            message = "there is no such key"
        raise _wrong(shown, _line(node, where), _key(where), message) from error


def schema() -> str:
    """Return the JSON Schema of the policy file, as it is published."""
    document = PolicyFile.model_json_schema(by_alias=True)
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    document["title"] = "hubcheck policy (.github/hubcheck.yml)"
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


class _Loader(yaml.SafeLoader):
    """YAML without aliases (a few lines could grow to gigabytes) and without repeated keys."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse aliases; see ``yaml.SafeLoader``."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call,unused-ignore]
        if isinstance(event, yaml.AliasEvent):
            mark: Any = event.start_mark
            raise yaml.composer.ComposerError(None, None, "aliases are not read", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """Refuse a key that is written twice; see ``yaml.SafeLoader``."""
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                problem = f"{printable(name)} is written twice"
                raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


def _line(node: Any, where: tuple[int | str, ...]) -> int:
    """Return the line on which a key stands, as far as the file has it."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in where:
        following = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    line, following = key.start_mark.line + 1, value
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            following = node.value[part] if part < len(node.value) else None
            line = following.start_mark.line + 1 if following is not None else line
        if following is None:
            break
        node = following
    return line


def _key(where: tuple[int | str, ...]) -> str:
    text = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in where)
    return re.sub(r"^\.", "", text)


def _wrong(shown: str, line: int, key: str, problem: str) -> UsageError:
    named = f", key {printable(key)}" if key else ""
    return UsageError(
        f"{printable(shown)} line {line}{named}: {printable(problem, limit=300)}.",
        cause="a typing error, or a key of another version.",
        next_step="see docs/action.md for every key, or check the file against the schema.",
    )
