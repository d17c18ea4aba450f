"""Builds the program that needs no Python and tries it: python3 packaging/test_app.py [--program PATH] [--skip-mac].

Until the version is checked this file keeps to words that an old Python understands too.
"""

import os
import sys

if sys.version_info < (3, 10):  # noqa: UP036 - an old Python shall say so, not end in a SyntaxError
    sys.exit(
        "Viewfinder needs Python 3.10 or newer; this is Python %d.%d (%s). "  # noqa: UP031
        "Install a newer one, then: python3.12 packaging/test_app.py"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "app_bundle"))  # noqa: PTH100, PTH118, PTH120

import app_trials

if __name__ == "__main__":
    sys.exit(app_trials.main(sys.argv[1:]))
