"""What is said beside an outcome: the type an error lies in, and what is odd about a record that is stored all the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rsu.errors import Finding
from rsu.standards import Standard, aid_name, psid_name

ROOT = "MessageFrame"
FINDINGS_SHOWN = 8  # of relaxed decoding, in a record's warning


def type_of_path(standard: Standard, path: str) -> str:
    """The message type an error's path leads into; the frame's type where it does not reach one."""
    for message in standard.messages:
        if path == message.path or path.startswith(f"{message.path}."):
            return message.name
    return ROOT


def unknown(standard: str, decoded: Any) -> str:
    """What an unknown message is called: the id of its frame, or the alternative."""
    inner = decoded[1] if isinstance(decoded, tuple) else decoded
    what = f"message id {inner['messageId']}" if isinstance(inner, dict) else f"alternative {decoded[0]}"
    return f"{what} has no message type in {standard}"


def mismatch(standard: Standard, aids: Mapping[str, tuple[int, ...]], type_name: str, aid: int | None) -> str | None:
    """A warning where the announced service is not this message's. Both are seen in the field."""
    known = aids.get(type_name)
    if aid is None or not known or aid in known:
        return None
    label, name = ("AID", aid_name(aid)) if standard.header == "dsmp" else ("PSID", psid_name(aid))
    return f"{label} {aid} ({name or 'not in the table'}) does not announce {type_name}"


def warning(odd: tuple[str | None, str], findings: Sequence[Finding]) -> str | None:
    """What is odd about a record that is stored all the same: its service, its time, and what relaxed decoding accepted."""
    if odd == (None, "") and not findings:
        return None
    said = [what for what in odd if what]
    said += [f"{found.path or ROOT}: {found.reason} (bit {found.offset})" for found in findings[:FINDINGS_SHOWN]]
    if len(findings) > FINDINGS_SHOWN:
        said.append(f"and {len(findings) - FINDINGS_SHOWN} more")
    return "; ".join(said)
