"""The pipeline: how a request becomes a report.

Called, ``hubcheck.check(model, ...)`` checks a model: see ``hubcheck.api.calls.check``.
"""

import sys

from hubcheck import CheckPackage

sys.modules[__name__].__class__ = CheckPackage
