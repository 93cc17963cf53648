"""Any standard's message, or a record of a perception box, as observations: :func:`observe_batch` and its two short forms.

A tick of fusion gathers what came since the last one and calls :func:`observe_batch` once: the numbers of a batch are worked
out together, at a few microseconds each (``python -m bench.observe``), where a message on its own costs some fifty times that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from rsu.observe import selves, shared
from rsu.observe.arrays import Origin
from rsu.observe.boxes import box_rows
from rsu.observe.statements import Row, assemble_rows

__all__ = ["READERS", "Record", "observations", "observe_batch", "observe_record"]

Reader = Callable[[dict[str, Any], int, bytes], list[Row]]

OBJECTS_TYPES = ("DetectedObject", "objects")
"""Types of the records of perception boxes; the second one where a log does not keep the first."""

_CSAE: Mapping[str, Reader] = {
    "BasicSafetyMessage": selves.csae_bsm,
    "RoadsideSafetyMessage": shared.csae_rsm,
    "SensorSharingMsg": shared.csae_ssm,
    "PersonalSafetyMessage": selves.csae_psm,
}
#: Standard → message type → what reads it. What has no reader says nothing of road users.
READERS: Mapping[str, Mapping[str, Reader]] = {
    "csae-53": _CSAE,
    "csae-157": _CSAE,
    "sae-j2735": {
        "BasicSafetyMessage": selves.sae_bsm,
        "PersonalSafetyMessage": selves.sae_psm,
        "SensorDataSharingMessage": shared.sae_sdsm,
    },
}
_NONE: Mapping[str, Reader] = {}


class Record(Protocol):
    """What is needed of a stored record (:class:`rsu.engine.outcomes.Stored`)."""

    @property
    def standard(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def receive_time_ns(self) -> int: ...
    @property
    def raw(self) -> bytes: ...


def observe_batch(
    records: Iterable[tuple[Record, Any]], origin: Origin, faults: Counter[str] | None = None
) -> NDArray[np.void]:
    """The observations of many records, in their order.

    :param records: each with its decoded message; None for a record of a perception box, which is read from its octets.
    :param faults: what could not be read is counted here, see :func:`rsu.observe.boxes.box_rows`.
    :return: (n,) of :data:`rsu.observe.arrays.OBSERVATION`, in the frame of ``origin``.
    """
    counted: Counter[str] = Counter() if faults is None else faults
    rows: list[Row] = []
    for record, value in records:
        source = record.source.encode()
        if record.type in OBJECTS_TYPES:
            rows += box_rows(record.raw, record.receive_time_ns, source, origin, counted)
        elif (read := READERS.get(record.standard.partition("?")[0], _NONE).get(record.type)) is not None:
            rows += read(value, record.receive_time_ns, source)
    return assemble_rows(rows, origin)


def observe_record(record: Record, value: Any, origin: Origin, faults: Counter[str] | None = None) -> NDArray[np.void]:
    """:func:`observe_batch` of one."""
    return observe_batch([(record, value)], origin, faults)


def observations(
    standard: str, type_name: str, value: Any, receive_time_ns: int, source: str, origin: Origin
) -> NDArray[np.void]:
    """The observations of one message: one row for each road user or object it speaks of.

    :param standard: a name as :func:`rsu.load_schema` takes it.
    :param type_name: the message's ASN.1 type, as :func:`rsu.standards.message_type` gives it; or ``DetectedObject``, and then
        ``value`` is the record's octets.
    :param receive_time_ns: 0 where the source has no clock.
    :return: (n,) of :data:`rsu.observe.arrays.OBSERVATION`, in the frame of ``origin``.
    """
    if type_name in OBJECTS_TYPES:
        return assemble_rows(box_rows(value, receive_time_ns, source.encode(), origin, Counter()), origin)
    read = READERS.get(standard.partition("?")[0], _NONE).get(type_name)
    return assemble_rows(read(value, receive_time_ns, source.encode()) if read else [], origin)
