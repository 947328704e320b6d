"""What is a model once it is opened: where it lies, what it says, what its weights are?

Everything is opened once and kept, so that a subject held against twenty bases is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from hubcheck.anatomy.interface import Role
from hubcheck.candidates.declared import (
    ADAPTER_PATH,
    CONFIG_PATH,
    NOTHING_SAID,
    Declaration,
    read_declaration,
)
from hubcheck.candidates.documents import Absent, Malformed
from hubcheck.candidates.front_matter import CARD_PATH
from hubcheck.candidates.gguf_bases import with_header_bases
from hubcheck.candidates.token_rows import RowAlignment, align_rows, reserved_rows
from hubcheck.candidates.tokenizer import (
    Vocabulary,
    read_vocabulary,
    same_tokenizer,
    tokenizer_files,
    vocabulary_of,
)
from hubcheck.checkpoint.gguf import SUFFIX as GGUF_SUFFIX
from hubcheck.checkpoint.unread import UnreadFile
from hubcheck.checkpoint.unread_folders import unread_beside
from hubcheck.computed_once import computed_once
from hubcheck.errors import (
    BudgetExceededError,
    HubcheckError,
    UnreadableError,
)
from hubcheck.evidence.looks.equality.files import (
    HASH_LIMIT,
    FileBasis,
    FileSet,
    FileState,
    WholeFiles,
    compare_files,
)
from hubcheck.evidence.side import SharedTokens
from hubcheck.frozen import frozen
from hubcheck.laid_out import LaidOut
from hubcheck.source.cache import SpanCache
from hubcheck.source.folder import FolderSource
from hubcheck.source.interface import FileEntry
from hubcheck.source.opening import open_reference
from hubcheck.source.reference import HubReference, Reference
from hubcheck.source.weight_files import weight_files, weights_digest

SAID: Final = (CARD_PATH, CONFIG_PATH, ADAPTER_PATH)
"""What is always asked of a subject and of a base that it declares."""
SHORT: Final = 200_000
"""Bytes up to which these are read before anything asks: they must not use a budget up."""
SIZES: Final = (CONFIG_PATH,)
"""What is always asked of a model that is compared."""
CHEAP_TOKENIZER: Final = 2_000_000
"""Bytes; a tokenizer up to this size is read even when digests already prove it shared, because
its reserved tokens are a test of their own."""


@frozen
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
    spoken_of: frozenset[str] | None = None
    """Repositories, in lower case, that the answer may speak of although only a token can read
    them; every other is asked for without one first. None: only the token's owner reads it."""

    def hub_token(self) -> str | None:
        """Return the token for the Hub, looked for now if none was given."""
        if self.token is not None or self.find_token is None:
            return self.token
        return self.find_token()

    def __repr__(self) -> str:
        """Show everything but the token."""
        return f"Access(max_read={self.max_read}, endpoint={self.endpoint!r})"


class Model(LaidOut):
    """One opened model. Documents are read at once, weights only where a test asks."""

    @computed_once
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

    @computed_once
    def vocabulary(self) -> Vocabulary | Absent | Malformed:
        """The token strings, or why there are none; the same whatever was asked for before.

        Tokenizer files come first. Where none can be used and the weights are GGUF, their header is
        read: it holds tokens itself.

        Raises:
            HubcheckError: the source failed (network, access, read budget).
        """
        found = read_vocabulary(self.body_source)
        if isinstance(found, Vocabulary) or not any(_is_gguf(f.path) for f in self.loaded_files):
            return found
        try:
            checkpoint = self.body_checkpoint
        except UnreadableError:
            return found  # why is told where the weights are needed
        if checkpoint is None:
            return found
        tokens = checkpoint.tokens
        return vocabulary_of(tokens, checkpoint.special_tokens) if tokens else found

    def let_go(self) -> None:
        """Forget rows, documents and token strings; what is asked for again is read again."""
        if "reader" in vars(self):
            self.reader.let_go()
        vars(self).pop("vocabulary", None)
        self.source.forget()

    def forget_headers(self) -> None:
        """Forget all that was read, but for which files disagree; nothing is asked of it again."""
        known = vars(self)
        self.let_go()
        checkpoint = known.get("checkpoint")
        for name in (
            "reader", "body_checkpoint", "_opened", "_several_in_file", "components", "body",
            "_models_in_file", "_refusals", "config", "declaration",
        ):  # fmt: skip
            known.pop(name, None)
        if checkpoint is not None:
            known["checkpoint"] = replace(checkpoint, tensors={})

    @property
    def weight_files(self) -> tuple[FileEntry, ...]:
        """The files that hold weights, sorted by path."""
        return weight_files(self.files)

    @property
    def unread(self) -> tuple[UnreadFile, ...]:
        """The weight files that are there and are not loaded, what could be loaded first."""
        return unread_beside(self.files, {f.path for f in self.loaded_files})

    @property
    def weights_digest(self) -> str:
        """sha256 over the sorted (path, sha256) of the weight files; empty if one is unknown."""
        return weights_digest(self.files)

    @property
    def weight_bytes(self) -> int:
        """Bytes of all weight files."""
        return sum(f.size for f in self.weight_files)


def open_model(
    reference: Reference,
    access: Access,
    *,
    is_subject: bool = False,
    documents: Sequence[str] = (),
) -> Model:
    """Open a model: resolve its revision, list its files.

    Args:
        reference: Where it lies.
        access: Limits and credentials.
        is_subject: Whether it is the model under test.
        documents: Small files that will be asked for one after the other: of a model on the Hub
            they are read at once. What keeps them from being read is told where they are needed.

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
        public_first=access.spoken_of is not None
        and isinstance(reference, HubReference)
        and reference.repo_id.casefold() not in access.spoken_of,
    )
    files = source.files()
    if isinstance(source, FolderSource):
        known = source.digests()
        files = tuple(replace(f, sha256=known.get(f.path, "")) for f in files)
        return Model(source, files, left_out=source.refused, is_subject=is_subject)
    model = Model(source, files, is_subject=is_subject)
    with suppress(HubcheckError):
        model.source.remember(documents, limit=SHORT)
    return model


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
        return SharedTokens()
    if not needs_vocabularies(base, subject):
        ids = tuple(range(min(rows)))
        return SharedTokens(base_ids=ids, subject_ids=ids)
    aligned = align_rows(base.vocabulary, subject.vocabulary, rows_a=rows[0], rows_b=rows[1])
    if not isinstance(aligned, RowAlignment):
        return SharedTokens()
    reserved = reserved_rows(base.vocabulary, subject.vocabulary, rows_a=rows[0], rows_b=rows[1])
    return SharedTokens(
        base_ids=tuple(aligned.ids_a.tolist()),
        subject_ids=tuple(aligned.ids_b.tolist()),
        base_reserved=tuple(a for a, _ in reserved),
        subject_reserved=tuple(b for _, b in reserved),
        one_vocabulary=_is_one(base, subject),
    )


def _is_one(base: Model, subject: Model) -> bool:
    """Return whether two vocabularies that can be read hold the same pairs of id and text."""
    ours, theirs = base.vocabulary, subject.vocabulary
    if not (isinstance(ours, Vocabulary) and isinstance(theirs, Vocabulary)):
        return False
    return ours.digest == theirs.digest


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
