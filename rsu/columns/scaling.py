"""Raw integers → values in the standard's unit, with the codes for "unavailable" taken out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rsu._asn1.info import op_at
from rsu._asn1.lower import ANYINT, INT, SEMIINT, Lowered
from rsu._codec import REASONS
from rsu.columns.compile import Wanted
from rsu.columns.storage import Array
from rsu.units import Unit

UNAVAILABLE = REASONS.index("unavailable")


@dataclass(frozen=True)
class Scale:
    """How one column is scaled."""

    unit: Unit

    def apply(self, raw: Array, why: Array) -> None:
        """Turns int64 cells into float64 ones in their place: (rows,) each.

        A decimal scale is applied by dividing, which gives the float that is nearest to the decimal value.
        """
        unit = self.unit
        gone = raw == unit.unavailable if unit.unavailable is not None else np.zeros(len(raw), np.bool_)
        for first, last in unit.reserved:
            gone |= (raw >= first) & (raw <= last)
        divisor = round(1 / unit.scale) if unit.scale else 0
        exact = divisor > 0 and abs(divisor * unit.scale - 1) < 1e-12
        value = (raw / divisor if exact else raw * unit.scale) + unit.offset
        why[gone & (why == 0)] = UNAVAILABLE
        value[why != 0] = np.nan
        raw.view(np.float64)[:] = value


def scale_of(lowered: Lowered, wanted: Wanted, units: Mapping[str, Unit]) -> Scale | None:
    """The scale of a column that holds an INTEGER with a row in ``units``; ``None`` for any other."""
    if op_at(lowered, wanted.op).code not in (INT, ANYINT, SEMIINT):
        return None
    name, module, _, _ = lowered.infos[wanted.op]
    keys = [f"{lowered.names[module]}.{lowered.names[name]}", lowered.names[name]]
    if not lowered.names[name] and wanted.owner >= 0:
        keys = [f"{lowered.names[lowered.infos[wanted.owner][0]]}.{wanted.member}"]
    unit = next((units[key] for key in keys if key in units), None)
    return Scale(unit) if unit is not None and unit.unit else None
