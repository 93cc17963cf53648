"""The documents tell the truth: their code blocks run, in order, in a folder of their own, and print what they say.

- ```` ```python ```` runs, in one namespace a document. With ``<!-- file: NAME -->`` on the line before, a block of any
  language is written to that file instead; a ``pyproject.toml`` with entry points counts as installed.
- ```` ```console ````: a line that begins with ``$ `` is a command, ending with exit code 0 or with the one its comment
  ``# exit N`` names; what follows is its output, where ``…`` stands for anything, and ``…`` alone on a line for any lines.
- Other blocks are not run. The folder has the repository's ``replay_logs/``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*CHECKOUT.glob("README*.md"), *(CHECKOUT / "docs").glob("*.md")])
COMMAND_SECONDS_MAX = 300
FENCE = re.compile(r"^(?:<!-- file: (?P<file>\S+) -->\n)?```(?P<language>\w+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
EXIT = re.compile(r"\s+# exit (\d+)$")


class Block(NamedTuple):
    """One fenced block: the line it begins on, its language, the file it is to be written to, its text."""

    line: int
    language: str
    file: str | None
    body: str


class Command(NamedTuple):
    """One command of a console block, its exit code and what it prints."""

    words: str
    exit_code: int
    output: str


def blocks(text: str) -> Iterator[Block]:
    for match in FENCE.finditer(text):
        yield Block(text.count("\n", 0, match.start()) + 1, match["language"], match["file"], match["body"])


def commands(body: str) -> Iterator[Command]:
    for part in re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]:
        words, _, output = part.partition("\n")
        said = EXIT.search(words)
        yield Command(EXIT.sub("", words), int(said[1]) if said else 0, output)


def pattern(output: str) -> re.Pattern[str]:
    """What the output must match: trailing blanks do not count."""
    lines = []
    for line in output.rstrip("\n").split("\n"):
        any_text = r"[^\n]*".join(re.escape(piece) for piece in line.rstrip().split("…"))
        lines.append(r"(?:[^\n]*\n)*?" if line.strip() == "…" else any_text + r"\n")
    return re.compile("".join(lines))


def run(command: Command, folder: Path) -> None:
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": tools, "PYTHONPATH": str(folder), "COLUMNS": "110", "NO_COLOR": "1"}
    done = subprocess.run(
        command.words,
        shell=True,
        executable="/bin/bash",
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
    )
    assert done.returncode == command.exit_code, f"$ {command.words}\n{done.stdout}"
    printed = "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())
    if command.output.strip():
        assert pattern(command.output).fullmatch(printed), f"$ {command.words}\n{printed}"


def install(folder: Path, pyproject: str) -> None:
    """What pip leaves of a package with entry points, so that they are found."""
    project = tomllib.loads(pyproject)["project"]
    info = folder / f"{project['name'].replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 1.0\n", encoding="utf-8")
    groups = (
        f"[{group}]\n" + "".join(f"{name} = {place}\n" for name, place in points.items())
        for group, points in project["entry-points"].items()
    )
    (info / "entry_points.txt").write_text("\n".join(groups), encoding="utf-8")


def run_block(block: Block, folder: Path, names: dict[str, Any]) -> None:
    if block.file:
        (folder / block.file).write_text(block.body, encoding="utf-8")
        if block.file == "pyproject.toml":
            install(folder, block.body)
    elif block.language == "python":
        exec(compile(block.body, "<document>", "exec"), names)
    elif block.language == "console":
        for command in commands(block.body):
            run(command, folder)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_code_blocks_run(document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "replay_logs").symlink_to(CHECKOUT / "replay_logs")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, Any] = {"__name__": "document"}
    for block in blocks(document.read_text(encoding="utf-8")):
        try:
            run_block(block, tmp_path, names)
        except Exception as error:
            error.add_note(f"{document.relative_to(CHECKOUT)}, line {block.line}")
            raise


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_that_exist(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", document.read_text(encoding="utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize(
    ("said", "printed", "fits"),
    [
        ("a\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("a…c\n", "a b c\n", True),
        ("a…c\n", "a\nc\n", False),
        ("a\n…\nd\n", "a\nb\nc\nd\n", True),
        ("a\n…\nd\n", "a\nd\n", True),
        ("(1.5)\n", "(1x5)\n", False),
    ],
)
def test_output_is_compared_but_for_what_the_dots_stand_for(said: str, printed: str, fits: bool) -> None:
    assert bool(pattern(said).fullmatch(printed)) is fits


def test_a_command_that_fails_or_prints_something_else_is_found(tmp_path: Path) -> None:
    run(Command("echo one; exit 3", 3, "one\n"), tmp_path)
    with pytest.raises(AssertionError):
        run(Command("exit 3", 0, ""), tmp_path)
    with pytest.raises(AssertionError):
        run(Command("echo one", 0, "two\n"), tmp_path)
