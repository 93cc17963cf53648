"""Write the table of parameters in docs/fusion.md from rsu.fusion.Parameters; with --check, only say whether it is current."""

from __future__ import annotations

import re
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PAGE = CHECKOUT / "docs" / "fusion.md"
SOURCE = CHECKOUT / "rsu" / "fusion" / "parameters.py"
BEGIN, END = "<!-- parameters: scripts/fusion_page.py -->\n", "<!-- end of parameters -->\n"
FIELD = re.compile(r"^    (?P<name>\w+): [^=]+ = (?P<default>.+?)(?:  # (?P<why>.*))?$")


def table() -> str:
    """A row a parameter, with its default and the comment beside it; a heading for each group."""
    lines = ["| parameter | default | where it comes from |", "|---|---|---|"]
    for line in SOURCE.read_text(encoding="utf-8").splitlines():
        if match := FIELD.match(line):
            why = (match["why"] or "").replace("|", "\\|")
            lines.append(f"| `{match['name']}` | `{match['default']}` | {why} |")
        elif line.startswith("    # "):
            lines.append(f"| **{line.removeprefix('    # ')}** | | |")
    return "\n".join(lines) + "\n"


def page() -> str:
    """The page with the table as it should be."""
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    return head + BEGIN + table() + END + rest.partition(END)[2]


def main() -> int:
    current = page() == PAGE.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        print(f"{PAGE.name} is {'current' if current else 'not current: run python scripts/fusion_page.py'}")
        return 0 if current else 1
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
