"""What does a report hold of signatures that lie beside weights?"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hubcheck.report.part import Part


class SignedFiles(Part):
    """What a signature of OpenSSF Model Signing covers, held against the weights that were read."""

    files: int = Field(default=0, ge=0, description="files that it lists")
    covered: tuple[str, ...] = Field(
        default=(), description="weight files that were read, listed with the digest they have"
    )
    other: tuple[str, ...] = Field(
        default=(), description="weight files that were read, listed with another digest"
    )
    unlisted: tuple[str, ...] = Field(
        default=(), description="weight files that were read and that it does not list"
    )
    undecided: tuple[str, ...] = Field(
        default=(), description="listed, and one of the two digests is not a sha256 of the file"
    )
    state: Literal["unchecked", "valid", "other"] = Field(
        default="unchecked",
        description="who signed: not asked; one of the policy's signers; none of them",
    )
    signer: str = Field(default="", description="the policy's signer that signed, where one did")
    fault: str = Field(default="", description="why it was not read; the rest says nothing then")

    @property
    def holds(self) -> bool:
        """Whether a signer of the policy signed all weight files that were read, as they are."""
        left = self.other or self.unlisted or self.undecided
        return self.state == "valid" and bool(self.covered) and not left and not self.fault


class Signature(Part):
    """A file that its name calls a signature."""

    path: str
    kind: str = Field(
        description="by its name: oms (OpenSSF Model Signing), sigstore, in-toto, pgp, detached"
    )
    signed: SignedFiles | None = Field(
        default=None, description="of model.sig: what it covers; null for what was not opened"
    )
