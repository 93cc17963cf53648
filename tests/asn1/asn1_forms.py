"""One comparable form for what a set of ``.asn`` files defines and for what a facts table says.

asn1tools parses the files. It loses the rows of object sets and the names of actual parameters, so these two
come from a small scan of the text. A definition's key is its name (``csae-*``, where names are unique) or
``Module.name`` (``sae-j2735``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import asn1tools

from rsu.units import schema_folders

Form = dict[str, Any]
MARKER = "..."

COMMENT = re.compile(r"--.*?(?:--|$)", re.MULTILINE)
ASSIGNMENT = re.compile(r"^([A-Z][\w-]*)(?: *\{[^}\n]*\})? *(?:[A-Z][A-Z-]*)? *::=", re.MULTILINE)
OBJECT_SET = re.compile(r"^([A-Z][\w-]*) +([A-Z][A-Z-]+) *::= *\{((?:[^{}]|\{[^{}]*\})*)\}", re.MULTILINE)
ROW = re.compile(r"\{\s*([\w-]+)\s+IDENTIFIED\s+BY\s+([\w-]+)\s*\}")
PARAMETER = re.compile(r"([A-Z][\w-]*) *\{ *\{ *(?:[A-Z][\w-]*\.)?([A-Z][\w-]*) *\} *\}")

#: The parameterised types, which the tables leave empty, as facts/README.md gives them in words. That of the
#: cooperative control message is built like that of the BSM.
PART_II = {
    "kind": "SEQUENCE",
    "members": [
        {"name": "partII-Id", "kind": "INTEGER", "range": [[0, 63]]},
        {"name": "partII-Value", "kind": "OPEN TYPE", "table": "Set", "by": "partII-Id"},
    ],
}
PARAMETERISED: dict[str, Form] = {
    "PartIIcontent": PART_II,
    "CCMPartIIcontent": PART_II,
    "RegionalExtension": {
        "kind": "SEQUENCE",
        "members": [
            {"name": "regionId", "kind": "INTEGER", "range": [[0, 255]]},
            {"name": "regExtValue", "kind": "OPEN TYPE", "table": "Set", "by": "regionId"},
        ],
    },
}


def schema_files(standard: str) -> tuple[Path, ...]:
    """The ``.asn`` files of a standard, sorted by name, without those that a higher folder replaces."""
    files = {path.name: path for folder in schema_folders(standard) for path in folder.glob("*.asn")}
    return tuple(files[name] for name in sorted(files))


def uncommented(path: Path) -> str:
    """The text of a file without its comments."""
    return COMMENT.sub("", path.read_text(encoding="utf-8"))


def assigned_names(path: Path) -> list[str]:
    """Names of the types, classes and object sets that a file assigns, in its order."""
    return ASSIGNMENT.findall(uncommented(path))


# What the facts say


def facts_forms(table: Path, qualified: bool) -> dict[str, Form]:
    """Each line of a facts table by key."""
    forms: dict[str, Form] = {}
    for line in table.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        name = next(row[key] for key in ("type", "value", "class", "object_set") if key in row)
        form = facts_form(row, row["module"])
        forms[f"{row['module']}.{name}" if qualified else name] = form
    return forms


def facts_form(row: Form, module: str) -> Form:
    """A line without its module and name."""
    if "value" in row:
        return {"constant": row["is"], "of": row["of"]}
    if "class" in row:
        return {"class": row["fields"]}
    if "object_set" in row:
        rows = {item["id"]: [item.get("from", module), item["Type"]] for item in row["rows"]}
        return {"object set": row["of"], "rows": rows}
    if row.get("parameters"):
        return PARAMETERISED[row["type"]]
    return _facts_type({key: value for key, value in row.items() if key not in ("module", "type")})


def _facts_type(row: Any) -> Any:
    if row == MARKER:
        return MARKER
    form = {key: value for key, value in row.items() if key != "addition"}
    if "members" in form:
        form["members"] = [_facts_type(member) for member in form["members"]]
    if isinstance(form.get("of"), dict):
        form["of"] = _facts_type(form["of"])
    if "default" in form:
        form["default"] = str(form["default"])
    return form


# What the modules say


class Modules:
    """A set of ``.asn`` files, parsed."""

    def __init__(self, files: Iterable[Path]) -> None:
        self.texts = {path.stem: uncommented(path) for path in files}
        self.parsed = asn1tools.parse_files([str(path) for path in files])

    def forms(self, qualified: bool) -> dict[str, Form]:
        """Every definition by key; a name that two modules define must be asked for with ``qualified``."""
        forms: dict[str, Form] = {}
        for module, name, form in self._definitions(qualified):
            key = f"{module}.{name}" if qualified else name
            assert key not in forms, f"{key} is defined twice"
            forms[key] = form
        return forms

    def home(self, module: str, name: str) -> str:
        """The module that defines a name used in ``module``: itself, or one that it imports the name from."""
        if self._defines(module, name):
            return module
        source = next((other for other, names in self.parsed[module]["imports"].items() if name in names), None)
        assert source is not None, f"{module} uses {name} and neither defines nor imports it"
        assert self._defines(source, name), f"{module} imports {name} from {source}, which does not define it"
        return source

    def actual_parameters(self) -> Iterator[tuple[str, str, str, str]]:
        """(module, type, parameterised type, object set) for each place where a parameter is given."""
        for module, text in self.texts.items():
            starts = [(match.start(), match[1]) for match in ASSIGNMENT.finditer(text)]
            for match in PARAMETER.finditer(text):
                owner = max((start, name) for start, name in starts if start <= match.start())[1]
                yield module, owner, match[1], match[2]

    def _defines(self, module: str, name: str) -> bool:
        parts = ("types", "values", "object-classes", "object-sets")
        return any(name in self.parsed[module][part] for part in parts)

    def _definitions(self, qualified: bool) -> Iterator[tuple[str, str, Form]]:
        for module, parsed in self.parsed.items():
            for name, row in parsed["types"].items():
                yield module, name, self._type(module, row, qualified)
            for name, row in parsed["values"].items():
                yield module, name, {"constant": row["value"], "of": row["type"]}
            for name, row in parsed["object-classes"].items():
                yield module, name, {"class": [member["name"].lstrip("&") for member in row["members"]]}
            for name, of, body in OBJECT_SET.findall(self.texts[module]):
                if name in parsed["object-sets"]:
                    assert body.split(",")[-1].strip() == MARKER, f"object set {name} is not extensible"
                    yield module, name, {"object set": of, "rows": self._rows(module, body, qualified)}

    def _rows(self, module: str, body: str, qualified: bool) -> dict[int, list[str]]:
        rows: dict[int, list[str]] = {}
        for kind, identifier in ROW.findall(body):
            home = self.home(module, kind)
            number = int(identifier) if identifier.isdigit() else self._constant(module, identifier)
            assert number not in rows, f"id {number} stands twice"
            rows[number] = [home if qualified else "DayII-flat", kind]
        return rows

    def _constant(self, module: str, name: str) -> int:
        return int(self.parsed[self.home(module, name)]["values"][name]["value"])

    def _type(self, module: str, row: Any, qualified: bool) -> Form:
        form: Form = {"name": row["name"]} if "name" in row else {}
        class_name, _, field = row["type"].partition(".&")
        if field == "Type":
            by = row["table"][1][0].lstrip(".")
            return form | {"kind": "OPEN TYPE", "table": row["table"][0], "by": by}
        if field:
            return form | self._class_field(module, class_name, field)
        form["kind"] = row["type"]
        form |= _constraints(row)
        if "members" in row:
            form["members"] = [MARKER if member is None else self._type(module, member, qualified) for member in row["members"]]
        if "element" in row:
            form["of"] = self._type(module, row["element"], qualified)
        if any(row["type"] in parsed["types"] for parsed in self.parsed.values()):
            home = self.home(module, row["type"])
            if qualified and home != module:
                form["from"] = home
        return form

    def _class_field(self, module: str, class_name: str, field: str) -> Form:
        """``CLASS.&id`` down to the built-in type: that is what counts on the wire."""
        home = self.home(module, class_name)
        fields = self.parsed[home]["object-classes"][class_name]["members"]
        row = next(member for member in fields if member["name"] == f"&{field}")
        while not row["type"].isupper():
            home = self.home(home, row["type"])
            row = self.parsed[home]["types"][row["type"]]
        return {"kind": row["type"]} | _constraints(row)


def _constraints(row: Any) -> Form:
    """Ranges, sizes, names and marks of one parsed type, spelt as the tables spell them."""
    form: Form = {}
    if "restricted-to" in row:
        form["range"] = [_bound(item) for item in row["restricted-to"]]
    if "size" in row:
        form["size"] = [_bound(item) for item in row["size"]]
    if "values" in row:
        form["values"] = [MARKER if item in (None, MARKER) else list(item) for item in row["values"]]
    if "named-bits" in row:
        form["bits"] = [[name, int(bit)] for name, bit in row["named-bits"]]
    if "named-numbers" in row:
        form["named"] = [[name, number] for name, number in row["named-numbers"].items()]
    if row.get("optional"):
        form["optional"] = True
    if "default" in row:
        form["default"] = str(row["default"])
    return form


def _bound(item: Any) -> Any:
    if item is None:
        return MARKER
    return list(item) if isinstance(item, tuple) else item
