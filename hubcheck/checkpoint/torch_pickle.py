"""Which tensors does the ``data.pkl`` of a PyTorch file describe?

A pickle is a program. This module never runs one: it walks the instructions that ``torch.save``
writes for a state dictionary and knows exactly five callables, each of which only builds a
description here. Any other instruction or callable ends the reading with its name. Nothing of the
file is ever imported or called.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable
from typing import Any, Final, NoReturn

from hubcheck.checkpoint.header import MAX_TENSORS
from hubcheck.checkpoint.header_limits import MAX_DIMENSION, MAX_NAME_LENGTH, MAX_RANK
from hubcheck.checkpoint.torch_names import STORAGE_DTYPES, runs_something
from hubcheck.checkpoint.torch_nested import weights_in
from hubcheck.errors import HostileCheckpointError, UnsupportedFormatError, printable
from hubcheck.frozen import frozen

_REBUILD: Final = ("torch._utils", "_rebuild_tensor_v2")
_PARAMETER: Final = ("torch._utils", "_rebuild_parameter")
_DICTIONARY: Final = ("collections", "OrderedDict")
_KNOWN: Final = frozenset({_REBUILD, _PARAMETER, _DICTIONARY})
MAX_STACK: Final = 100_000
"""Most objects on the stack at once; ``torch.save`` fills a dictionary a thousand items a time."""
MAX_INSTRUCTIONS: Final = 5_000_000
"""Most instructions that are followed: a tensor takes about forty, and a hundred thousand tensors
are more than models have. A file of sixty megabytes holds sixty million, a microsecond each."""
LONGEST_KEY: Final = 64
"""Characters of the name of a storage; ``torch.save`` numbers them from 0."""
MAX_OBJECTS: Final = 3_000_000
"""Most objects in all, because an empty list of one byte costs sixty in memory. A tensor takes
about eight."""


@frozen(kw_only=False)
class StorageRef:
    """A persistent id: the file ``data/<key>`` of the archive."""

    dtype: str
    key: str
    n_values: int


@frozen(kw_only=False)
class TensorRef:
    """A tensor as described, nothing read."""

    storage: StorageRef
    offset: int
    """First value in the storage."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def contiguous(self) -> bool:
        """Whether the values lie row after row without gaps."""
        expected = 1
        for size, stride in zip(reversed(self.shape), reversed(self.strides), strict=True):
            if size != 1 and stride != expected:
                return False
            expected *= size
        return True


@frozen(kw_only=False)
class _Callable:
    """The name of something a pickle wants to call."""

    module: str
    name: str


_MARK: Final = object()
_INSTRUCTIONS: Final = frozenset(op.code.encode("latin-1") for op in pickletools.opcodes)
"""All that a pickle can hold: any other byte is no program."""


def read_state(raw: bytes, *, path: str) -> dict[str, TensorRef]:
    """Return the tensors of a state dictionary.

    Args:
        raw: The whole ``data.pkl``.
        path: The file it comes from, for messages.

    Raises:
        UnsupportedFormatError: the pickle asks for a callable or an instruction that a state
            dictionary does not need, and is not run; or it holds no dictionary.
        HostileCheckpointError: it is malformed or describes impossible tensors.
    """
    try:
        found = _Walk(raw, path).run()
    except (IndexError, KeyError, TypeError, ValueError, struct.error) as error:
        _refuse(path, f"holds a malformed pickle ({type(error).__name__})", error)
    if isinstance(found, dict):
        found = weights_in(found, TensorRef) or found
    if not isinstance(found, dict):
        raise UnsupportedFormatError(
            f"'{printable(path)}' holds no dictionary of tensors.",
            cause="it is a single tensor or a list: an embedding, a voice, a data set.",
            next_step="name the file that holds the weights.",
            format_name="PyTorch file without a dictionary of tensors",
        )
    tensors = {k: v for k, v in found.items() if isinstance(v, TensorRef)}
    if len(tensors) > MAX_TENSORS:
        _refuse(path, f"lists {len(tensors)} tensors, over the cap of {MAX_TENSORS}")
    for name in tensors:
        if not isinstance(name, str) or len(name) > MAX_NAME_LENGTH:
            _refuse(path, f"names a tensor '{printable(name, limit=60)}'")
    return tensors


class _Walk:
    """Follows the instructions with a stack of descriptions."""

    def __init__(self, raw: bytes, path: str) -> None:
        self.raw, self.path, self.at = raw, path, 0
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.n_objects = 0
        self.n_instructions = 0

    def take(self, n: int) -> bytes:
        """Return the next bytes."""
        if n < 0 or self.at + n > len(self.raw):
            _refuse(self.path, "holds a pickle that ends too early")
        self.at += n
        return self.raw[self.at - n : self.at]

    def number(self, layout: str) -> int:
        """Return one stored integer."""
        return int(struct.unpack(layout, self.take(struct.calcsize(layout)))[0])

    def line(self) -> str:
        """Return text up to a line break."""
        end = self.raw.index(b"\n", self.at)
        return self.take(end - self.at + 1)[:-1].decode("ascii")

    def run(self) -> object:
        """Return what is on the stack when the program stops."""
        while True:
            code = self.take(1)
            if code == b".":
                return self.stack.pop()
            step = _STEPS.get(code)
            if step is None and code in _INSTRUCTIONS:
                raise UnsupportedFormatError(
                    f"'{printable(self.path)}' is a pickle with the instruction {code!r}, which no"
                    " dictionary of tensors needs; nothing was run.",
                    cause="it holds more than weights.",
                    next_step="ask for safetensors; do not load this file with pickle.",
                    format_name="PyTorch pickle of more than tensors",
                )
            if step is None:
                _refuse(self.path, f"holds a pickle with the instruction {code!r}")
            step(self)
            self.n_instructions += 1
            if self.n_instructions > MAX_INSTRUCTIONS:
                _refuse(self.path, f"holds a pickle of more than {MAX_INSTRUCTIONS} instructions")
            if len(self.stack) > MAX_STACK:
                _refuse(self.path, "holds a pickle whose stack grows without end")

    def pop_to_mark(self) -> list[Any]:
        """Return what was put on the stack since the last mark."""
        at = len(self.stack) - 1
        while self.stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise IndexError
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items

    def push(self, value: object) -> None:
        """Put a value on the stack."""
        self.n_objects += isinstance(value, dict | list | tuple | str | TensorRef | StorageRef)
        if self.n_objects > MAX_OBJECTS or len(self.memo) > MAX_OBJECTS:
            _refuse(self.path, f"holds a pickle of more than {MAX_OBJECTS} objects")
        self.stack.append(value)

    def called(self) -> None:
        """Replace a callable and its arguments by the description they make."""
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, _Callable) or not isinstance(arguments, tuple):
            _refuse(self.path, "holds a pickle that calls something unnamed")
        key = (function.module, function.name)
        if key == _DICTIONARY and arguments == ():
            self.push({})
        elif key == _REBUILD:
            self.push(self.tensor(*arguments[:4]))
        elif key == _PARAMETER:
            self.push(arguments[0])
        else:
            self.forbid(function)

    def tensor(self, storage: object, offset: object, shape: object, strides: object) -> TensorRef:
        """Return the description of a tensor, or refuse its numbers."""
        numbers_ok = all(
            isinstance(ns, tuple)
            and len(ns) <= MAX_RANK
            and all(type(n) is int and 0 <= n <= MAX_DIMENSION for n in ns)
            for ns in (shape, strides, (offset,))
        )
        if not numbers_ok or not isinstance(storage, StorageRef) or not isinstance(shape, tuple):
            _refuse(self.path, "describes a tensor by impossible numbers")
        if not isinstance(strides, tuple) or len(strides) != len(shape):
            _refuse(self.path, "describes a tensor by impossible numbers")
        assert isinstance(offset, int)
        return TensorRef(storage, offset, shape, strides)

    def persistent(self) -> None:
        """Replace a persistent id by its storage."""
        what = self.stack.pop()
        if not isinstance(what, tuple) or len(what) != 5 or what[0] != "storage":  # noqa: PLR2004 - torch's five fields
            _refuse(self.path, "holds a persistent id that is no storage")
        kind, key, n_values = what[1], what[2], what[4]
        fits = isinstance(kind, _Callable) and isinstance(key, str) and type(n_values) is int
        plain = fits and key.isascii() and key.isdecimal() and len(key) <= LONGEST_KEY
        if not plain or not 0 <= n_values <= MAX_DIMENSION:
            _refuse(self.path, "holds a persistent id that is no storage")
        self.push(StorageRef(STORAGE_DTYPES[kind.name], key, n_values))

    def global_name(self) -> None:
        """Put the name of a callable on the stack, if it is one of the known."""
        self.known(self.line(), self.line())

    def stacked_name(self) -> None:
        """Do the same with names from the stack (protocol 4)."""
        name, module = self.stack.pop(), self.stack.pop()
        self.known(module, name)

    def known(self, module: object, name: object) -> None:
        """Put a known name on the stack; end the reading at any other."""
        if not isinstance(module, str) or not isinstance(name, str):
            _refuse(self.path, "holds a pickle that names a callable by no text")
        found = _Callable(module, name)
        storage = module in ("torch", "torch.storage") and name in STORAGE_DTYPES
        if (module, name) not in _KNOWN and not storage:
            self.forbid(found)
        self.push(found)

    def forbid(self, what: _Callable) -> NoReturn:
        """End the reading at a callable that is not known."""
        named = printable(f"{what.module}.{what.name}", limit=80)
        if runs_something(what.module, what.name):
            _refuse(self.path, f"is a pickle that wants to call '{named}'; nothing was run")
        raise UnsupportedFormatError(
            f"'{printable(self.path)}' is a pickle that wants to call '{named}'; nothing was run.",
            cause="it holds more than weights, or was built to run code where it is loaded.",
            next_step="ask for safetensors; do not load this file with pickle.",
            format_name=f"PyTorch pickle that calls {named}",
        )

    def set_items(self, items: list[Any]) -> None:
        """Add keys and values to the dictionary on the stack."""
        target = self.stack[-1]
        if not isinstance(target, dict) or len(items) % 2:
            raise TypeError
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str | int):
                raise TypeError
            target[key] = value

    def extend(self, items: list[Any]) -> None:
        """Add items to the list on the stack."""
        target = self.stack[-1]
        if not isinstance(target, list):
            raise TypeError
        target.extend(items)

    def pop_pair(self) -> list[Any]:
        """Return the two topmost values, the older one first."""
        value, key = self.stack.pop(), self.stack.pop()
        return [key, value]

    def tuple_of(self, n: int) -> None:
        """Replace the topmost values by a tuple."""
        if len(self.stack) < n:
            raise IndexError
        items = tuple(self.stack[-n:])
        if _MARK in items:
            raise TypeError
        del self.stack[-n:]
        self.push(items)

    def long(self) -> int:
        """Return an integer of up to eight bytes."""
        n = self.number("<B")
        if n > 8:  # noqa: PLR2004 - no size of a tensor is longer
            _refuse(self.path, f"holds an integer of {n} bytes")
        return int.from_bytes(self.take(n), "little", signed=True)

    def text(self, layout: str) -> str:
        """Return a text with its length in front."""
        return self.take(self.number(layout)).decode("utf-8", "replace")


_STEPS: Final[dict[bytes, Callable[[_Walk], Any]]] = {
    b"\x80": lambda w: w.take(1),  # protocol
    b"\x95": lambda w: w.take(8),  # frame
    b"(": lambda w: w.push(_MARK),
    b"}": lambda w: w.push({}),
    b"]": lambda w: w.push([]),
    b")": lambda w: w.push(()),
    b"N": lambda w: w.push(None),
    b"\x88": lambda w: w.push(True),
    b"\x89": lambda w: w.push(False),
    b"K": lambda w: w.push(w.number("<B")),
    b"M": lambda w: w.push(w.number("<H")),
    b"J": lambda w: w.push(w.number("<i")),
    b"\x8a": lambda w: w.push(w.long()),
    b"G": lambda w: w.push(struct.unpack(">d", w.take(8))[0]),
    b"X": lambda w: w.push(w.text("<I")),
    b"\x8c": lambda w: w.push(w.text("<B")),
    b"c": lambda w: w.global_name(),
    b"\x93": lambda w: w.stacked_name(),
    b"Q": lambda w: w.persistent(),
    b"R": lambda w: w.called(),
    b"b": lambda w: w.stack.pop(),  # attributes of a dictionary (``_metadata``): not weights
    b"0": lambda w: w.stack.pop(),
    b"q": lambda w: w.memo.__setitem__(w.number("<B"), w.stack[-1]),
    b"r": lambda w: w.memo.__setitem__(w.number("<I"), w.stack[-1]),
    b"\x94": lambda w: w.memo.__setitem__(len(w.memo), w.stack[-1]),
    b"h": lambda w: w.push(w.memo[w.number("<B")]),
    b"j": lambda w: w.push(w.memo[w.number("<I")]),
    b"t": lambda w: w.push(tuple(w.pop_to_mark())),
    b"\x85": lambda w: w.tuple_of(1),
    b"\x86": lambda w: w.tuple_of(2),
    b"\x87": lambda w: w.tuple_of(3),
    b"a": lambda w: w.extend([w.stack.pop()]),
    b"e": lambda w: w.extend(w.pop_to_mark()),
    b"s": lambda w: w.set_items(w.pop_pair()),
    b"u": lambda w: w.set_items(w.pop_to_mark()),
}
"""The instructions that a state dictionary needs, by their byte."""


def _refuse(path: str, what: str, source: Exception | None = None) -> NoReturn:
    raise HostileCheckpointError(
        f"'{printable(path)}' {what}.",
        cause="the file was damaged or built to mislead.",
        next_step="ask for safetensors; do not load this file with pickle.",
    ) from source
