"""Run hubcheck as ``python -m hubcheck``."""

import sys

from hubcheck.cli.main import main

sys.exit(main())
