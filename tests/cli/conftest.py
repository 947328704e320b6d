"""What the tests of the command line start from."""

from tests.hubserver.conftest import git_hub

__all__ = ["git_hub"]
