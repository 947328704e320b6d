"""Run hubcheck as ``python -m hubcheck.cli``, as before it was a folder."""

import sys

from hubcheck.cli import main

sys.exit(main())
