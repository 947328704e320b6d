"""Run hubcheck as ``python -m hubcheck``."""

import sys

from hubcheck.cli import main

sys.exit(main())
