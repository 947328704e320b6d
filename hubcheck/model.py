"""What is a model once it is opened: where it lies, what it says, what its weights are?

Everything is opened once and kept, so that a subject held against twenty bases is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Final

import numpy as np

from hubcheck.anatomy.components import with_components
from hubcheck.anatomy.config import text_of
from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.read import anatomy_of
from hubcheck.candidates.declared import NOTHING_SAID, Declaration, read_declaration
from hubcheck.candidates.documents import Absent, JsonDocument, Malformed, read_json_object
from hubcheck.candidates.gguf_bases import with_header_bases
from hubcheck.candidates.token_rows import RowAlignment, align_rows, reserved_ids
from hubcheck.candidates.tokenizer import (
    Vocabulary,
    build_vocabulary,
    read_vocabulary,
    same_tokenizer,
    tokenizer_files,
)
from hubcheck.candidates.vocabulary_formats import TokenTable
from hubcheck.checkpoint.composite import Piece, joined
from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.checkpoint.layout import Layout, LayoutKind, layout_of
from hubcheck.checkpoint.opening import loaded_files, open_checkpoint
from hubcheck.checkpoint.packed import packed_storage
from hubcheck.checkpoint.unread import UnreadFile, unread_files
from hubcheck.checkpoint.weights_below import refuse_below
from hubcheck.errors import (
    BudgetExceededError,
    HubcheckError,
    NoWeightsError,
    UnreadableError,
    UnsupportedFormatError,
)
from hubcheck.evidence.equal_files import (
    HASH_LIMIT,
    FileBasis,
    FileSet,
    FileState,
    WholeFiles,
    compare_files,
)
from hubcheck.evidence.reading import Reader
from hubcheck.evidence.side import SharedTokens
from hubcheck.source.cache import SpanCache
from hubcheck.source.folder import FolderSource
from hubcheck.source.interface import FileEntry, Pin, Source
from hubcheck.source.opening import open_reference
from hubcheck.source.reference import HubReference, Reference
from hubcheck.source.remembering import RememberingSource
from hubcheck.source.selected import SelectedSource
from hubcheck.source.weight_files import weight_files, weights_digest

CHEAP_TOKENIZER: Final = 2_000_000
"""Bytes; a tokenizer up to this size is read even when digests already prove it shared, because
its reserved tokens are a test of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How models are reached: limits and credentials, never logged."""

    max_read: int
    token: str | None
    endpoint: str | None
    cache: SpanCache | None = None
    """Where bytes read from the Hub are kept from run to run, if anywhere."""
    authorise: Callable[[str], str] | None = None
    """From a server's origin to the ``Authorization`` header for it, to read what the Git LFS
    pointers of a checked-out repository stand for; without one they are not available."""
    find_token: Callable[[], str | None] | None = None
    """Asked for a token when a model turns out to lie on the Hub (a card may name one) and none was
    given: looking for one costs the import of the Hub's client, which local checks never pay."""

    def hub_token(self) -> str | None:
        """Return the token for the Hub, looked for now if none was given."""
        if self.token is not None or self.find_token is None:
            return self.token
        return self.find_token()

    def __repr__(self) -> str:
        """Show everything but the token."""
        return f"Access(max_read={self.max_read}, endpoint={self.endpoint!r})"


class Model:
    """One opened model. Documents are read at once, weights only where a test asks."""

    def __init__(
        self,
        source: Source,
        files: tuple[FileEntry, ...],
        *,
        left_out: Mapping[str, str] = MappingProxyType({}),
        is_subject: bool = False,
    ) -> None:
        """Wrap an opened source.

        Args:
            source: Where the bytes come from.
            files: Its files, digests filled in where they are known.
            left_out: Paths that were not listed (a link out of the folder), with the reason.
            is_subject: Whether this is the model under test: values that cannot be used are then
                its own fault, whichever base it is held against.
        """
        self.source = RememberingSource(source)
        self.files = files
        self.left_out = left_out
        self.is_subject = is_subject

    @property
    def pin(self) -> Pin:
        """The model and the state it is fixed to."""
        return self.source.pin

    @cached_property
    def declaration(self) -> Declaration:
        """What the model says about its origin: card, configs, and a GGUF header if they do not."""
        declared = read_declaration(self.source)
        if declared.bases or not any(f.path.lower().endswith(".gguf") for f in self.files):
            return declared
        try:
            metadata = self.anatomy.checkpoint.metadata
        except (UnreadableError, BudgetExceededError):
            return declared  # why the weights cannot be read is told where they are needed
        return with_header_bases(declared, metadata, own=self.pin.ref)

    @property
    def known_declaration(self) -> Declaration:
        """What the model says, or nothing where that cannot be read any more (budget, network)."""
        try:
            return self.declaration
        except HubcheckError:
            return NOTHING_SAID

    @cached_property
    def layout(self) -> Layout:
        """Where the weights lie: at top level, in a folder, in a folder a component."""
        return layout_of(self.source)

    @property
    def lies_in_folders(self) -> bool:
        """Whether this is a model although no weights lie at its top level."""
        return self.layout.kind is not LayoutKind.PLAIN

    @property
    def layout_notes(self) -> tuple[str, ...]:
        """What was chosen or left out among several folders, one sentence each."""
        try:
            refused = self._refusals
        except HubcheckError:
            return self.layout.notes  # why the weights cannot be read is told where they are needed
        left_out = (f"The component '{n}' was not read: {e.what}" for n, e in refused.items())
        return (*self.layout.notes, *left_out)

    @cached_property
    def body_source(self) -> Source:
        """The files of the model itself, without those of other components and variants."""
        body = self.layout.body
        if body is None:
            return self.source
        return SelectedSource(self.source, body, ref=self.pin.ref, files=self.files)

    @cached_property
    def components(self) -> Mapping[str, Model]:
        """The components beside the body, each a model of its own, by name; often none."""
        found: dict[str, Model] = {}
        for one in self.layout.components:
            ref = f"{self.pin.ref}:{one.name}"
            source = SelectedSource(self.source, one.shown, ref=ref, files=self.files)
            found[one.name] = Model(source, source.files(), is_subject=self.is_subject)
        return found

    @cached_property
    def body(self) -> Model:
        """The model without the components beside it; of a pipeline nothing is left."""
        if not self.components:
            return self
        shown = self.layout.body or {f.path: f.path for f in self.files if "/" not in f.path}
        source = SelectedSource(self.source, shown, ref=self.pin.ref, files=self.files)
        return Model(source, source.files(), is_subject=self.is_subject)

    @cached_property
    def config(self) -> Mapping[str, object]:
        """``config.json``, or ``params.json`` as Meta and Mistral publish it; hostile values.

        Empty when both are absent or unusable.
        """
        if self.layout.kind is LayoutKind.PIPELINE:
            return {}
        paths = {f.path for f in self.body_source.files()}
        only_params = "params.json" in paths and "config.json" not in paths
        name = "params.json" if only_params else "config.json"
        document = read_json_object(self.body_source, name)
        return document.values if isinstance(document, JsonDocument) else {}

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """Every tensor of the weights, located by the headers, whatever role it plays.

        Raises:
            UnsupportedFormatError: the weights are in a format that is not read here.
            UnreadableError: the headers contradict themselves.
        """
        body, parts = self.body_checkpoint, self.readable_components
        if body is not None and body.source is self.source and not parts:
            return body
        where = {one.name: one.shown for one in self.layout.components}
        pieces = [
            Piece(name=name, checkpoint=m.checkpoint, real_paths=where[name])
            for name, m in parts.items()
        ]
        if body is not None:
            pieces.insert(0, Piece(name="", checkpoint=body, real_paths=self.layout.body or {}))
        return joined(self.source, pieces, notes=self.layout_notes)

    @cached_property
    def body_checkpoint(self) -> Checkpoint | None:
        """The tensors of the model itself, as its own files name them; None for a pipeline.

        Raises:
            UnsupportedFormatError: as ``checkpoint``.
            UnreadableError: as ``checkpoint``.
        """
        if self.layout.kind is LayoutKind.PIPELINE:
            return None
        if self.layout.kind is LayoutKind.PLAIN:
            refuse_below(self.pin, (f.path for f in self.files))
        return open_checkpoint(self.body_source, self.config)

    @cached_property
    def _refusals(self) -> Mapping[str, UnreadableError]:
        """Why components cannot be read that are no weights of a known kind, by name.

        Raises:
            UnreadableError: a component contradicts itself, or none of a pipeline can be read.
        """
        refused: dict[str, UnreadableError] = {}
        for name, part in self.components.items():
            try:
                _ = part.reader
            except (UnsupportedFormatError, NoWeightsError) as error:
                refused[name] = error
        if refused and len(refused) == len(self.components) and self.body_checkpoint is None:
            raise next(iter(refused.values()))
        return refused

    @property
    def readable_components(self) -> Mapping[str, Model]:
        """The components whose weights are of a kind that is read."""
        return {n: m for n, m in self.components.items() if n not in self._refusals}

    @cached_property
    def reader(self) -> Reader:
        """The weights, headers read and roles found.

        Raises:
            UnsupportedFormatError: the weights are in a format that is not read here.
            UnreadableError: the headers contradict themselves.
        """
        checkpoint = self.checkpoint
        packed = packed_storage(checkpoint)
        if packed:
            raise UnsupportedFormatError(
                f"The weights of {self.pin.ref} are stored as {packed}.",
                cause="packed storage cannot be compared value by value.",
                next_step="check the unpacked model, or wait for support of this storage.",
                format_name=packed,
            )
        checkpoint = replace(checkpoint, of_subject=self.is_subject)
        parts = self.readable_components
        if not parts:
            return Reader(anatomy_of(checkpoint, self.config))
        own = self.body_checkpoint.tensors if self.body_checkpoint is not None else {}
        located = {name: checkpoint.tensors[name] for name in own}
        body = anatomy_of(replace(checkpoint, tensors=located), self.config)
        anatomies = {name: part.anatomy for name, part in parts.items()}
        title = text_of(self.layout.title)
        return Reader(with_components(body, checkpoint, anatomies, title=title))

    @property
    def anatomy(self) -> Anatomy:
        """Which tensor plays which role."""
        return self.reader.anatomy

    @cached_property
    def vocabulary(self) -> Vocabulary | Absent | Malformed:
        """The token strings, or why there are none."""
        found = read_vocabulary(self.body_source)
        if isinstance(found, Vocabulary) or "reader" not in self.__dict__:
            return found
        checkpoint = self.anatomy.checkpoint  # a GGUF file holds its tokens itself
        tokens, special = [*checkpoint.tokens], checkpoint.special_tokens
        table = TokenTable(tokens=tokens, ids=[*range(len(tokens))], special=special, kind="GGUF")
        return build_vocabulary(table, "tokenizer.ggml.tokens", added={}) if tokens else found

    @property
    def weight_files(self) -> tuple[FileEntry, ...]:
        """The files that hold weights, sorted by path."""
        return weight_files(self.files)

    @cached_property
    def loaded_files(self) -> tuple[FileEntry, ...]:
        """The weight files that a loader loads, sorted by path: what every finding speaks of.

        No header is read, an index may be. Empty where there is no one set of files: the refusal
        says why, once the weights are asked for.
        """
        if "checkpoint" in self.__dict__:  # it knows what could not be opened and was left out
            paths = set(self.checkpoint.paths)
        else:
            try:
                paths = self._loaded_paths()
            except HubcheckError:
                return ()
        return tuple(f for f in self.files if f.path in paths)

    def _loaded_paths(self) -> set[str]:
        """Return the paths of all files that a loader loads, of every component."""
        found: set[str] = set()
        if self.layout.kind is not LayoutKind.PIPELINE:
            real = self.layout.body or {}
            found = {real.get(p, p) for p in loaded_files(self.body_source, self.config)}
        for one in self.layout.components:
            part = self.components[one.name]
            found |= {one.shown[f.path] for f in part.loaded_files}
        return found

    @property
    def unread(self) -> tuple[UnreadFile, ...]:
        """The weight files that are there and are not loaded, what could be loaded first."""
        return unread_files(self.files, {f.path for f in self.loaded_files})

    @property
    def weights_digest(self) -> str:
        """sha256 over the sorted (path, sha256) of the weight files; empty if one is unknown."""
        return weights_digest(self.files)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all weight files."""
        return sum(f.size for f in self.weight_files)


def open_model(reference: Reference, access: Access, *, is_subject: bool = False) -> Model:
    """Open a model: resolve its revision, list its files.

    Args:
        reference: Where it lies.
        access: Limits and credentials.
        is_subject: Whether it is the model under test.

    Raises:
        UnreachableError: a subclass says why.
    """
    source = open_reference(
        reference,
        max_read=access.max_read,
        token=access.hub_token() if isinstance(reference, HubReference) else None,
        endpoint=access.endpoint,
        cache=access.cache,
        authorise=access.authorise,
    )
    files = source.files()
    if isinstance(source, FolderSource):
        known = source.digests()
        files = tuple(replace(f, sha256=known.get(f.path, "")) for f in files)
        return Model(source, files, left_out=source.refused, is_subject=is_subject)
    return Model(source, files, is_subject=is_subject)


def same_weights(a: Model, b: Model) -> bool:
    """Return whether stated digests prove that what is loaded is equal, names aside."""
    return compare_weights(a, b, seed=0, reading=False).state is FileState.EQUAL


def compare_weights(
    base: Model,
    subject: Model,
    *,
    seed: int,
    reading: bool = True,
    hash_limit: int | None = HASH_LIMIT,
) -> WholeFiles:
    """Return whether the weight files that a loader loads are equal in both, names aside.

    Files beside them decide nothing: a copy with a stray file is a copy, and two repositories that
    hold the same files and load different ones are not the same. Where a model has no one set of
    files that can be read, all its weight files stand for it.

    Args:
        base: The base.
        subject: The subject.
        seed: Decides which ranges are read.
        reading: Whether bytes may be read and local files hashed; else stated digests decide.
        hash_limit: Most bytes hashed for each of the two; None for no limit.
    """
    sizes = [{f.size for f in m.weight_files} for m in (base, subject)]
    if all(sizes) and sizes[0].isdisjoint(sizes[1]):  # no index has to be read to know this
        return WholeFiles(state=FileState.DIFFERENT, basis=FileBasis.SIZES)
    sets = [
        FileSet(source=m.source, files=m.loaded_files or m.weight_files) for m in (base, subject)
    ]
    return compare_files(*sets, seed=seed, reading=reading, hash_limit=hash_limit)


def align_tokens(base: Model, subject: Model) -> SharedTokens:
    """Return which embedding rows stand for the same token in both models.

    Tokenizer files with equal digests are not read, unless they are small. Any alignment keeps the
    tests exact; a good one gives them power.
    """
    rows = [_embedding_rows(m) for m in (base, subject)]
    if 0 in rows:
        return SharedTokens(note="a model has no embedding that is understood")
    same = same_tokenizer(base.files, subject.files)
    if same and sum(f.size for f in tokenizer_files(base.files)) > CHEAP_TOKENIZER:
        ids = tuple(range(min(rows)))
        return SharedTokens(base_ids=ids, subject_ids=ids, note="equal tokenizer files")
    aligned = align_rows(base.vocabulary, subject.vocabulary, rows_a=rows[0], rows_b=rows[1])
    if not isinstance(aligned, RowAlignment):
        return SharedTokens(note=aligned.reason)
    reserved = _reserved(base.vocabulary, subject.vocabulary, rows)
    return SharedTokens(
        base_ids=tuple(aligned.ids_a.tolist()),
        subject_ids=tuple(aligned.ids_b.tolist()),
        base_reserved=tuple(a for a, _ in reserved),
        subject_reserved=tuple(b for _, b in reserved),
        note=aligned.basis,
    )


def _embedding_rows(model: Model) -> int:
    embed = model.anatomy.get(Role.EMBED)
    return 0 if embed is None else embed.n_out


def _reserved(
    base: Vocabulary | Absent | Malformed, subject: Vocabulary | Absent | Malformed, rows: list[int]
) -> list[tuple[int, int]]:
    """Return ids of the reserved tokens that both vocabularies spell alike."""
    if not isinstance(base, Vocabulary) or not isinstance(subject, Vocabulary):
        return []
    there = {subject.strings[int(i)]: int(i) for i in reserved_ids(subject)}
    pairs = [
        (int(i), there[base.strings[int(i)]])
        for i in np.asarray(reserved_ids(base))
        if base.strings[int(i)] in there
    ]
    return [(a, b) for a, b in pairs if a < rows[0] and b < rows[1]]
