"""Raw integers → values in the standard's unit, with the codes for "unavailable" taken out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rsu._asn1.info import op_at
from rsu._asn1.lower import ANYINT, ENUM, INT, SEMIINT, UNSIGNED, Lowered
from rsu._codec import REASONS
from rsu.columns.compile import Wanted
from rsu.columns.storage import Array
from rsu.units import DECIMALS, Unit

UNAVAILABLE = REASONS.index("unavailable")


@dataclass(frozen=True)
class Scale:
    """What one column's row of units.toml does to it.

    :param unit: the row. One without a unit of measure (a code, a count) only takes out what is unavailable.
    """

    unit: Unit

    @property
    def measures(self) -> bool:
        """Whether cells become float64."""
        return bool(self.unit.unit)

    def apply(self, raw: Array, why: Array) -> None:
        """Empties unavailable cells, and turns int64 cells of a measure into float64 ones in their place: (rows,) each."""
        gone = np.zeros(len(raw), np.bool_)
        if self.unit.unavailable is not None:
            gone |= raw == self.unit.unavailable
        for first, last in self.unit.reserved:
            gone |= (raw >= first) & (raw <= last)
        why[gone & (why == 0)] = UNAVAILABLE
        if self.measures:
            raw.view(np.float64)[:] = np.where(why == 0, self._measured(raw), np.nan)
        else:
            raw[gone] = 0

    def _measured(self, raw: Array) -> Array:
        """As :meth:`Unit.value`. One part of ten, fifty, 10**7 is applied by dividing, which needs no rounding."""
        unit = self.unit
        parts = round(1 / unit.scale) if unit.scale else 0
        if parts > 0 and abs(parts * unit.scale - 1) < 1e-12 and not unit.offset:
            quotient: Array = raw / parts
            return quotient
        return np.round(raw * unit.scale + unit.offset, DECIMALS)


def scale_of(lowered: Lowered, wanted: Wanted, units: Mapping[str, Unit]) -> Scale | None:
    """What ``units`` has for a column of numbers or of an ENUMERATED's items; ``None`` where it has nothing to say.

    The code of an item is its place among the items in the order of their numbers.
    """
    op = op_at(lowered, wanted.op)
    if op.code not in (INT, ANYINT, SEMIINT, ENUM) or op.flags & UNSIGNED:
        return None
    name, module, _, _ = lowered.infos[wanted.op]
    keys = [f"{lowered.names[module]}.{lowered.names[name]}", lowered.names[name]]
    if not lowered.names[name] and wanted.owner >= 0:
        keys = [f"{lowered.names[lowered.infos[wanted.owner][0]]}.{wanted.member}"]
    unit = next((units[key] for key in keys if key in units), None)
    if unit is None or (op.code == ENUM and unit.unit):
        return None
    return Scale(unit) if unit.unit or unit.unavailable is not None or unit.reserved else None
