"""Which phase of the MAP a controller's lamp is: the table ``phases`` of its configuration.

An empty table takes the controller's own numbers; a table leaves out what it does not name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rsu.signals import Light, Phase

PHASE_MAX = 255
_SHOWS_NOTHING = ("dark", "unavailable")


def phase_id(keys: Iterable[str], number: int, phases: Mapping[str, int]) -> int | None:
    """The phase of a lamp; None where it has none.

    :param keys: what the table may call it, the most exact first.
    :param number: its own number.
    """
    if not phases:
        return number if 0 < number <= PHASE_MAX else None
    return next((phases[key] for key in keys if key in phases), None)


def one_a_phase(phases: Iterable[Phase]) -> list[Phase]:
    """Of several lamps of one phase the first that is lit, in the order of the ids."""
    kept: dict[int, Phase] = {}
    for phase in phases:
        known = kept.get(phase.id)
        if known is None or (known.light in _SHOWS_NOTHING and phase.light not in _SHOWS_NOTHING):
            kept[phase.id] = phase
    return [kept[number] for number in sorted(kept)]


def is_go(light: Light) -> bool:
    """Whether the lamp lets somebody move."""
    return light in ("green", "permissive-green", "flashing-green")
