"""Under which name does a base go into the report, and may it stand for its repository?

A pull request's commit is read from the repository it is proposed to. It is never called by that
repository's name: ``org/name@refs/pr/9`` is a model of its own, and no declared base.
"""

from __future__ import annotations

from hubcheck.frozen import frozen
from hubcheck.model import Model
from hubcheck.report.phrases import Clauses
from hubcheck.report.schema import BaseModelRef
from hubcheck.request.interface import BaseRequest
from hubcheck.source.belonging import Standing, belonging_of, proposed_by_name
from hubcheck.source.reference import HubReference, Reference, name_of


@frozen
class Identity:
    """What a base is called, and why it is not tested, if so."""

    base: BaseModelRef
    refused: Clauses = ()


def unopened(base: BaseRequest) -> Identity:
    """Return what a base is called before it is opened, or where it cannot be.

    A declared base that is a pull request by its name is refused here, with no request made.
    """
    reference = base.reference
    asked = asked_of(reference)
    named = BaseModelRef(ref=name_of(reference), revision="", created="", asked=asked)
    proposal = proposed_by_name(named.ref, asked)
    if proposal is None:
        return Identity(base=named)
    named = BaseModelRef(
        ref=f"{named.ref}@{asked}",
        revision="",
        created="",
        asked=asked,
        belongs=proposal.standing.value,
    )
    return Identity(base=named, refused=proposal.reason if base.declared else ())


def opened(base: BaseRequest, model: Model) -> Identity:
    """Return what an opened base is called; the model is renamed where it is a proposal.

    Raises:
        NetworkFaultError: the host does not say which commits are the repository's own.
    """
    asked = asked_of(base.reference)
    belonging = belonging_of(model.source)
    if belonging.standing is not Standing.OWN:
        model.source.rename(f"{model.pin.ref}@{asked or model.pin.revision}")
    pin = model.pin
    named = BaseModelRef(
        ref=pin.ref,
        revision=pin.revision,
        created=pin.created,
        asked=asked,
        belongs=belonging.standing.value,
        weights_digest=model.weights_digest,
    )
    return Identity(base=named, refused=belonging.reason if base.declared else ())


def asked_of(reference: Reference) -> str:
    """Return the revision that was named, empty for a folder and for the default one."""
    return reference.asked if isinstance(reference, HubReference) else ""
