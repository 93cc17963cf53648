"""Entry for atheris (libFuzzer): ``python -m tests.fuzz.atheris_entry build/fuzz/atheris -runs=1000000``.

libFuzzer changes octets without knowing their meaning, and follows coverage where the codec was built by clang with
``-fsanitize=fuzzer-no-link`` (docs/fuzzing.md). The first two octets of an input choose the type. The laws are those of
:mod:`tests.fuzz`: the compiled driver checks the input, and a fault is raised here for libFuzzer to save.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

from .calls import CALLS
from .session import Plan, Session

CHOICE_OCTETS = 2


class BrokenLaw(Exception):
    """What the driver found, with the octets and the type."""


class Entry:
    """The function under test, and the seeds as its inputs."""

    def __init__(self) -> None:
        self.session = Session(Plan(0, 0, calls=CALLS))
        self.session.last.finish()

    def __call__(self, data: bytes) -> None:
        number = int.from_bytes(data[:CHOICE_OCTETS], "big") % len(self.session.names)
        self.session.fuzzer.check(number, data[CHOICE_OCTETS:])
        if self.session.fuzzer.faults:
            raise BrokenLaw(self.session.fuzzer.faults)

    def write_seeds(self, folder: Path) -> None:
        """The seeds as files, which is how libFuzzer takes them; what it found in an earlier run stays."""
        folder.mkdir(parents=True, exist_ok=True)
        for place, (number, data) in enumerate(self.session.seeds()):
            (folder / f"seed-{place:05}").write_bytes(number.to_bytes(CHOICE_OCTETS, "big") + data)


def main() -> None:
    entry = Entry()
    folders = [Path(word) for word in sys.argv[1:] if not word.startswith("-")]
    if folders:
        entry.write_seeds(folders[0])
    atheris.Setup(sys.argv, entry, enable_python_coverage=False)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
