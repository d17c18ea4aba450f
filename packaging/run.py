"""Sets everything up on a fresh machine and starts Viewfinder: python3 packaging/run.py [arguments of the program].

Until the version is checked this file keeps to words that an old Python understands too.
"""

import sys

if sys.version_info < (3, 10):  # noqa: UP036 - an old Python shall say so, not end in a SyntaxError
    sys.exit(
        "Viewfinder needs Python 3.10 or newer; this is Python %d.%d (%s). "  # noqa: UP031
        "Install a newer one, then: python3.12 packaging/run.py"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )

import setup_environment

if __name__ == "__main__":
    sys.exit(setup_environment.run_program(sys.argv[1:]))
