"""A record of long runs: a file in docs/ with one run a line, and tables of it in a page beside it."""

from __future__ import annotations

import fcntl
import json
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent

Runs = Sequence[dict[str, Any]]


class RunRecord(NamedTuple):
    """See the module.

    :param under_test: folders whose code a run tries.
    :param page: has the tables between the lines ``begin`` and ``end``.
    :param tables: the runs as Markdown.
    """

    file: Path
    under_test: Sequence[str]
    page: Path
    begin: str
    end: str
    tables: Callable[[Runs], str]

    def commit(self) -> str:
        """The commit under test, with a plus where the tree differs from it; empty outside a repository."""
        head = _git("rev-parse", "--short=10", "HEAD")
        changed = head and _git("status", "--porcelain", "--untracked-files=no", "--", *self.under_test)
        return f"{head}+" if changed else head

    def append(self, path: Path, entry: dict[str, Any]) -> None:
        """Adds a run; two that end at the same time wait for each other. The page shows those of the record's own file."""
        with open(path, "a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            runs = [*json.loads(file.read() or "[]"), entry]
            file.truncate(0)
            file.write("[\n" + ",\n".join(json.dumps(run) for run in runs) + "\n]\n")
            if path == self.file:
                self.write_page(runs)

    def write_page(self, runs: Runs) -> None:
        """Puts the tables into the page."""
        before, _, rest = self.page.read_text(encoding="utf-8").partition(self.begin)
        _, _, after = rest.partition(self.end)
        self.page.write_text(before + self.begin + self.tables(runs) + self.end + after, encoding="utf-8")


def read(path: Path) -> list[dict[str, Any]]:
    """All runs; none where there is no record yet."""
    if not path.exists():
        return []
    runs: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return runs


def _git(*words: str) -> str:
    return subprocess.run(["git", "-C", str(CHECKOUT), *words], capture_output=True, text=True).stdout.strip()
