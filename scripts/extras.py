"""Print the requirements of one extra of pyproject.toml, or of the build, one a line.

So that `make test` can install what an extra names without building the package a second time.
"""

import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def requirements(what: str) -> list[str]:
    """The requirement strings of extra *what*; ``--build`` names those of the build."""
    declared = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))
    if what == "--build":
        return list(declared["build-system"]["requires"])
    return list(declared["project"]["optional-dependencies"][what])


if __name__ == "__main__":
    print("\n".join(requirements(sys.argv[1])))
