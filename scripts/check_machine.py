"""Say what this machine lacks for building rsu, and how to get it; exit code 1 when something is missing.

Runs before there is a .venv, under whatever `python3` is, so it keeps to what an old Python 3 knows.
"""

import os
import shlex
import shutil
import sys
import sysconfig

OLDEST_PYTHON = (3, 11)


def missing():
    """One line for each thing that is missing."""
    if sys.version_info < OLDEST_PYTHON:
        yield f"Python {sys.version.split()[0]} is too old, 3.11 or newer is needed: make PYTHON=python3.12 …"
        return
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        yield "python3 cannot make a virtual environment: on Debian and Ubuntu,  apt install python3-venv"
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0]
    if shutil.which(compiler) is None:
        yield f"no C compiler ({compiler}): on Debian and Ubuntu,  apt install gcc libc6-dev"
    if not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")):
        yield "Python's headers are missing (Python.h): on Debian and Ubuntu,  apt install python3-dev"


if __name__ == "__main__":
    found = list(missing())
    for line in found:
        print(line, file=sys.stderr)
    sys.exit(1 if found else 0)
