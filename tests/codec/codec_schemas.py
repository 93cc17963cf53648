"""The ASN.1 texts under test: the built-in schemas and the small ones of this folder."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILT_IN = HERE.parent.parent / "asn1"
SMALL = HERE / "schemas"
# csae-157 is csae-53 with its own modules laid over it by module name.
FOLDERS = {"csae-53": ("csae-53",), "csae-157": ("csae-53", "csae-157"), "sae-j2735": ("sae-j2735",)}


def built_in_texts(standard: str) -> list[str]:
    """The texts of a built-in schema, later folders over earlier ones."""
    modules: dict[str, str] = {}
    for folder in FOLDERS[standard]:
        for path in sorted((BUILT_IN / folder).glob("*.asn")):
            text = path.read_text(encoding="utf-8")
            modules[module_name(text)] = text
    return list(modules.values())


def module_name(text: str) -> str:
    """The name before DEFINITIONS."""
    found = re.search(r"([A-Z][\w-]*)\s*(?:\{[^}]*\}\s*)?DEFINITIONS\b", re.sub(r"--.*", "", text))
    assert found, "no ASN.1 module in the text"
    return found.group(1)


def type_names(standard: str) -> list[str]:
    """``Module.Type`` of every type assignment of a built-in schema, read from the text alone.

    A class says CLASS after the mark; a parameterised type has braces before it; a value or an object set has its governor.
    """
    names = []
    for text in built_in_texts(standard):
        found = re.findall(r"^([A-Z][\w-]*)\s*::=(?!\s*CLASS\b)", re.sub(r"--.*", "", text), re.MULTILINE)
        names += [f"{module_name(text)}.{name}" for name in found]
    return names


def every_type() -> list[tuple[str, str]]:
    """(schema, Module.Type) of all built-in schemas, for `pytest.mark.parametrize`."""
    return [(standard, name) for standard in FOLDERS for name in type_names(standard)]
