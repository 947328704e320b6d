"""The words of every phrase, one module for each subject; put together by ``card.wording``."""
