"""A whole view walked part by part in the order of the message, and the Python value rebuilt from it."""

from __future__ import annotations

from typing import Any

from rsu._codec import MessageView


def rebuilt(part: Any) -> Any:
    """The value of a view from its parts alone, in the form that ``decode`` gives."""
    if not isinstance(part, MessageView):
        return part
    kind = repr(part).partition(": ")[2].partition(",")[0]
    if kind == "value":
        return part()
    if kind == "list":
        return [rebuilt(element) for element in part]
    if kind == "SEQUENCE":
        return {name: rebuilt(part[name]) for name in part}
    (name,) = part
    return name, rebuilt(part[name])


def walked(view: MessageView) -> Any:
    """As :func:`rebuilt`, with what ``view()`` says of the message's end."""
    value = rebuilt(view)
    view()
    return value


def ordered(value: Any) -> Any:
    """A value that compares equal only where the keys of its dicts have the same order as well."""
    if isinstance(value, dict):
        return [(name, ordered(item)) for name, item in value.items()]
    if isinstance(value, list | tuple):
        return [type(value).__name__, *[ordered(item) for item in value]]
    return value
