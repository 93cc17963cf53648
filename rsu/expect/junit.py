"""A comparison as JUnit XML, the form that CI systems show."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from rsu.expect.compare import Comparison, Difference

CHECKS = ("counts", "rejects", "rows")
SHOWN = 50  # differences in one failure's text


def junit_xml(comparison: Comparison, seconds: float) -> bytes:
    """One test suite for each log, one test case for each check of it."""
    root = ElementTree.Element("testsuites", name="rsu replay", time=f"{seconds:.3f}")
    for log in comparison.logs:
        suite = ElementTree.SubElement(root, "testsuite", name=log, tests=str(len(CHECKS)))
        failures = 0
        for check in CHECKS:
            found = [item for item in comparison.differences if item.log == log and item.check == check]
            case = ElementTree.SubElement(suite, "testcase", classname=log, name=check)
            if found:
                failures += 1
                _failure(case, found)
        suite.set("failures", str(failures))
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _failure(case: ElementTree.Element, found: list[Difference]) -> None:
    failure = ElementTree.SubElement(case, "failure", message=_printable(found[0].text))
    lines = [item.text for item in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"… and {len(found) - SHOWN} more")
    failure.text = _printable("\n".join(lines))


def _printable(text: str) -> str:
    """Without the characters that XML 1.0 forbids."""
    return "".join(letter for letter in text if letter in "\n\t" or (letter >= " " and letter not in "\ufffe\uffff"))
