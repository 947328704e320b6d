"""Tests of keeping signed addresses out of the log."""

from __future__ import annotations

import logging

import pytest

from hubcheck.source.redaction import CLIENT_LOGGERS, install_redaction


@pytest.mark.parametrize("name", CLIENT_LOGGERS)
def test_queries_are_cut_off(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """An address keeps its host and path and loses its signature; other text stays as it was."""
    install_redaction()
    install_redaction()
    logger = logging.getLogger(name)
    assert len(logger.filters) == 1
    with caplog.at_level(logging.DEBUG, logger=name):
        logger.info('HTTP Request: %s %s "%d"', "GET", "https://s.host/a/b?X-Sig=secret&e=1", 206)
        logger.debug("headers=%r", [(b"Location", b"https://s.host/a?sig=secret")])
        logger.info("what? %d", 3)
    assert caplog.messages == [
        'HTTP Request: GET https://s.host/a/b?… "206"',
        "headers=[(b'Location', b'https://s.host/a?…')]",
        "what? 3",
    ]
