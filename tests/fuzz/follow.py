"""``python -m tests.fuzz.follow``: libFuzzer over a codec whose branches it sees; arguments are those of libFuzzer.

Needs atheris and clang (``CC=clang-14`` names another one). The package is built a third time, into ``build/atheris``, with
clang's marks at each branch; atheris' own library, loaded before all others, reads them and brings the sanitizer's allocator.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from .build import CHECKOUT, build_folder
from .sanitize import build, run

FOLDER = CHECKOUT / "build" / "atheris"
LIBRARY = "asan_with_fuzzer.so"


def library() -> Path | None:
    """atheris' library; None where atheris is not installed."""
    found = importlib.util.find_spec("atheris")
    if found is None or found.origin is None:
        return None
    return Path(found.origin).parent.parent / LIBRARY


def main(words: list[str]) -> int:
    """Builds, and runs the entry in a process of its own."""
    compiler, preload = os.environ.get("CC", "clang"), library()
    if preload is None or shutil.which(compiler) is None:
        print(f"needs atheris (pip install atheris) and {compiler} (or CC=clang-14)", file=sys.stderr)
        return 1
    build(FOLDER, preload, "-fsanitize=fuzzer-no-link", CC=compiler, LDSHARED=f"{compiler} -shared", LDFLAGS="")
    return run(FOLDER, preload, "tests.fuzz.atheris_entry", [str(build_folder() / "atheris"), *words])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
