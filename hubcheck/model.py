"""What is a model once it is opened: where it lies, what it says, what its weights are?

Everything is opened once and kept, so that a subject held against twenty bases is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.read import anatomy_of
from hubcheck.candidates.declared import NOTHING_SAID, Declaration, read_declaration
from hubcheck.candidates.documents import Absent, JsonDocument, Malformed, read_json_object
from hubcheck.candidates.gguf_bases import with_header_bases
from hubcheck.candidates.token_rows import RowAlignment, align_rows, reserved_rows
from hubcheck.candidates.tokenizer import (
    Vocabulary,
    read_vocabulary,
    same_tokenizer,
    tokenizer_files,
    vocabulary_of,
)
from hubcheck.checkpoint.disagreement import Disagreement
from hubcheck.checkpoint.gguf import SUFFIX as GGUF_SUFFIX
from hubcheck.checkpoint.gguf import tower_files
from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.checkpoint.opening import loaded_files, open_checkpoint
from hubcheck.checkpoint.packed import packed_storage
from hubcheck.checkpoint.unread import UnreadFile, unread_files
from hubcheck.errors import (
    BudgetExceededError,
    HubcheckError,
    UnreadableError,
    UnsupportedFormatError,
)
from hubcheck.evidence.looks.equality.files import (
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
        if declared.bases or not any(_is_gguf(f.path) for f in self.files):
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
    def config(self) -> Mapping[str, object]:
        """``config.json``, or ``params.json`` as Meta and Mistral publish it; hostile values.

        Empty when both are absent or unusable.
        """
        paths = {f.path for f in self.files}
        only_params = "params.json" in paths and "config.json" not in paths
        name = "params.json" if only_params else "config.json"
        document = read_json_object(self.source, name)
        return document.values if isinstance(document, JsonDocument) else {}

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """Every tensor of the weights, located by the headers, whatever role it plays.

        Raises:
            UnsupportedFormatError: the weights are in a format that is not read here.
            UnreadableError: the headers contradict themselves.
        """
        return open_checkpoint(self.source, self.config)

    @property
    def disagreements(self) -> tuple[Disagreement, ...]:
        """In what its files disagree about its weights, as far as they were opened."""
        opened = self.__dict__.get("checkpoint")
        return opened.disagreements if isinstance(opened, Checkpoint) else ()

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
        return Reader(anatomy_of(checkpoint, self.config))

    @property
    def anatomy(self) -> Anatomy:
        """Which tensor plays which role."""
        return self.reader.anatomy

    @cached_property
    def vocabulary(self) -> Vocabulary | Absent | Malformed:
        """The token strings, or why there are none; the same whatever was asked for before.

        Tokenizer files come first. Where none can be used and the weights are GGUF, their header is
        read: it holds tokens itself.

        Raises:
            HubcheckError: the source failed (network, access, read budget).
        """
        found = read_vocabulary(self.source)
        if isinstance(found, Vocabulary) or not any(_is_gguf(f.path) for f in self.loaded_files):
            return found
        try:
            checkpoint = self.checkpoint
        except UnreadableError:
            return found  # why is told where the weights are needed
        tokens = checkpoint.tokens
        return vocabulary_of(tokens, checkpoint.special_tokens) if tokens else found

    @property
    def weight_files(self) -> tuple[FileEntry, ...]:
        """The files that hold weights, sorted by path."""
        return weight_files(self.files)

    @cached_property
    def loaded_files(self) -> tuple[FileEntry, ...]:
        """The weight files that a loader loads, sorted by path: what every finding speaks of.

        No header is read, an index may be; only beside a GGUF's tower the headers are, because one
        that cannot be opened is left out. Empty where there is no one set of files: the refusal
        says why, once the weights are asked for.
        """
        try:
            paths = set(loaded_files(self.source, self.config))
        except HubcheckError:
            return ()
        if any(_is_gguf(p) for p in paths) and tower_files({f.path: f.size for f in self.files}):
            with suppress(HubcheckError):
                paths = set(self.checkpoint.paths)
        return tuple(f for f in self.files if f.path in paths)

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
    whole: bool = False,
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
        whole: All weight files stand for each: the subject cannot be read.
    """
    sizes = [{f.size for f in m.weight_files} for m in (base, subject)]
    if all(sizes) and sizes[0].isdisjoint(sizes[1]):  # no index has to be read to know this
        return WholeFiles(state=FileState.DIFFERENT, basis=FileBasis.SIZES)
    # What is loaded of a model that cannot be read is not known: then all its weight files count.
    files = [(() if whole else m.loaded_files) or m.weight_files for m in (base, subject)]
    sets = [FileSet(source=m.source, files=f) for m, f in zip((base, subject), files, strict=True)]
    return compare_files(*sets, seed=seed, reading=reading, hash_limit=hash_limit)


def align_tokens(base: Model, subject: Model) -> SharedTokens:
    """Return which embedding rows stand for the same token in both models.

    Tokenizer files with equal digests are not read, unless they are small. Any alignment keeps the
    tests exact; a good one gives them power.
    """
    rows = [_embedding_rows(m) for m in (base, subject)]
    if 0 in rows:
        return SharedTokens(note="a model has no embedding that is understood")
    if not needs_vocabularies(base, subject):
        ids = tuple(range(min(rows)))
        return SharedTokens(base_ids=ids, subject_ids=ids, note="equal tokenizer files")
    aligned = align_rows(base.vocabulary, subject.vocabulary, rows_a=rows[0], rows_b=rows[1])
    if not isinstance(aligned, RowAlignment):
        return SharedTokens(note=aligned.reason)
    reserved = reserved_rows(base.vocabulary, subject.vocabulary, rows_a=rows[0], rows_b=rows[1])
    return SharedTokens(
        base_ids=tuple(aligned.ids_a.tolist()),
        subject_ids=tuple(aligned.ids_b.tolist()),
        base_reserved=tuple(a for a, _ in reserved),
        subject_reserved=tuple(b for _, b in reserved),
        note=aligned.basis,
    )


def needs_vocabularies(base: Model, subject: Model) -> bool:
    """Return whether aligning the tokens of two models reads their vocabularies.

    Raises:
        UnreadableError: the weights of one cannot be read.
    """
    if 0 in (_embedding_rows(base), _embedding_rows(subject)):
        return False
    size = sum(f.size for f in tokenizer_files(base.files))
    return size <= CHEAP_TOKENIZER or not same_tokenizer(base.files, subject.files)


def _is_gguf(path: str) -> bool:
    return path.lower().endswith(GGUF_SUFFIX)


def _embedding_rows(model: Model) -> int:
    embed = model.anatomy.get(Role.EMBED)
    return 0 if embed is None else embed.n_out
