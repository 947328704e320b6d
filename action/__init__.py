"""What ran, and where is it answered? The GitHub Action around hubcheck.

Runs from its own folder in the image, not from the wheel. ``inputs`` and ``runner`` read the
environment, ``event`` says what happened, ``stage_check`` and ``stage_publish`` do the work, and
``results`` writes what was found, each place on its own.
"""
