"""Runs the action: ``python -P -m action``."""

import sys

from action.run import main

if __name__ == "__main__":
    sys.exit(main())
