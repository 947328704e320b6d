"""The job of the Action, for attacks on it."""

from tests.action.conftest import job

__all__ = ["job"]
