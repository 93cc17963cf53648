"""Ground truth: what was really on the road, read from an .npz or Parquet table that `rsu simulate --truth` writes.

Columns, one row an object and moment: ``id`` (number or text), ``cls`` (a code of :mod:`rsu.observe.arrays` or its name),
``time_ns``, ``x``, ``y`` (metres, ENU), ``heading`` (radians, counter-clockwise from east), ``speed``, ``accel``, ``length``,
``width``, ``height``, ``equipped``, ``sender`` (or ``v2x_id``); ``lat`` and ``lon`` (degrees) stand beside them for other
readers. Only ``id``, ``time_ns``, ``x`` and ``y`` must be there. The frame's reference position is ``origin``, [lat_deg,
lon_deg, elevation_m]: an array of the .npz, or JSON in its ``head`` or in the metadata of the Parquet schema.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rsu.errors import SourceError
from rsu.observe import arrays
from rsu.observe.arrays import Origin

TRUTH = np.dtype(
    [
        ("id", "u4"),  # number of the object, by the order of the file's ids
        ("cls", "u1"),
        ("time_ns", "i8"),
        ("x", "f8"),  # metres, ENU
        ("y", "f8"),
        ("heading", "f8"),  # radians, counter-clockwise from east
        ("speed", "f8"),  # m/s
        ("accel", "f8"),  # m/s²
        ("length", "f4"),  # metres
        ("width", "f4"),
        ("height", "f4"),
        ("equipped", "?"),
        ("sender", "S64"),  # its temporary id at that moment
    ]
)
#: What `rsu simulate` calls a column.
ALSO: Mapping[str, str] = {"v2x_id": "sender"}
NEEDED = ("id", "time_ns", "x", "y")
ROWS_MAX = 20_000_000  # 500 objects at 10 Hz for an hour, 1.9 GB
GAP_NS = 1_000_000_000
"""An object that is not in the file for longer than this was away, and is not made up in between."""
SPAN_NS_MAX = 24 * 3_600_000_000_000
CLASSES: Mapping[str, int] = {
    name.lower(): getattr(arrays, name) for name in ("UNKNOWN", "VEHICLE", "PEDESTRIAN", "BICYCLE", "OTHER")
}
CLASS_NAMES = {code: name for name, code in CLASSES.items()}


class Truth:
    """All rows, and what was there at any moment.

    :param rows: (n,) :data:`TRUTH`.
    """

    def __init__(self, rows: NDArray[np.void], origin: Origin) -> None:
        self.origin = origin
        self.rows = rows[np.lexsort((rows["time_ns"], rows["id"]))]
        if not len(rows):
            raise SourceError("ground truth without a row")
        times = self.rows["time_ns"]
        self.first_ns, self.last_ns = int(times.min()), int(times.max())
        span_ns = self.last_ns - self.first_ns
        if span_ns > SPAN_NS_MAX:
            raise SourceError(f"ground truth over {span_ns / 3.6e12:.0f} h: at most {SPAN_NS_MAX / 3.6e12:.0f} h at once")
        self._ids = np.unique(self.rows["id"])
        # One sorted key of object and time: a day of nanoseconds is 47 bits, which leaves 16 for objects.
        self._stride = span_ns + 1
        if len(self._ids) * self._stride >= 2**63:
            raise SourceError(f"ground truth of {len(self._ids)} objects over {span_ns / 3.6e12:.1f} h: cut it into parts")
        self._keys = np.searchsorted(self._ids, self.rows["id"]) * self._stride + (times - self.first_ns)
        if np.any(np.diff(self._keys) == 0):
            raise SourceError("ground truth tells of one object twice at one moment")

    def at(self, time_ns: int) -> NDArray[np.void]:
        """(n,) :data:`TRUTH`, by id: who was there; between two rows of the file position and speed are interpolated."""
        if not self.first_ns <= time_ns <= self.last_ns:
            return self.rows[:0]
        wanted = np.arange(len(self._ids)) * self._stride + (time_ns - self.first_ns)
        after = np.searchsorted(self._keys, wanted)
        exact = _take(self._keys, after) == wanted
        before = np.where(exact, after, after - 1)
        possible = exact | ((after > 0) & (after < len(self.rows)))
        before, after = before[possible], after[possible]
        begun, ended = self.rows[before], self.rows[after]
        gap_ns = ended["time_ns"] - begun["time_ns"]
        there = (begun["id"] == self._ids[possible]) & (ended["id"] == self._ids[possible]) & (gap_ns <= GAP_NS)
        return _between(begun[there], ended[there], time_ns)


def _take(values: NDArray[np.int64], at: NDArray[np.intp]) -> NDArray[np.int64]:
    """``values[at]``, -1 behind the end."""
    return np.where(at < len(values), values[np.minimum(at, len(values) - 1)], -1)


def _between(begun: NDArray[np.void], ended: NDArray[np.void], time_ns: int) -> NDArray[np.void]:
    made = begun.copy()
    gap_ns = np.maximum(ended["time_ns"] - begun["time_ns"], 1)
    share = (time_ns - begun["time_ns"]) / gap_ns
    for name in ("x", "y", "speed", "accel"):
        # A row's own value stays what it is, also where the other is NaN.
        made[name] = np.where(share == 0, begun[name], begun[name] + share * (ended[name] - begun[name]))
    turned = (ended["heading"] - begun["heading"] + np.pi) % (2 * np.pi) - np.pi
    made["heading"] = np.where(share == 0, begun["heading"], (begun["heading"] + share * turned + np.pi) % (2 * np.pi) - np.pi)
    made["time_ns"] = time_ns
    return made


# Reading ------------------------------------------------------------------------------------------------------------


def read_truth(path: Path) -> Truth:
    """The ground truth of a file.

    :raises SourceError: for a file that cannot be read or is no such table; the message names what is wrong.
    """
    columns, origin = _parquet(path) if path.suffix in (".parquet", ".pq") else _npz(path)
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise SourceError(f"{path}: ground truth without the column {missing[0]}")
    if origin is None:
        raise SourceError(f"{path}: ground truth without `origin`, the reference position [lat_deg, lon_deg, elevation_m]")
    lengths = {len(column) if column.ndim == 1 else -1 for column in columns.values()}
    if len(lengths) != 1 or max(lengths) > ROWS_MAX or -1 in lengths:
        raise SourceError(f"{path}: columns must have one and the same length, at most {ROWS_MAX}: {sorted(lengths)}")
    try:
        return Truth(_rows(columns), _origin(origin))
    except (ValueError, TypeError, OverflowError) as error:
        raise SourceError(f"{path}: no ground truth: {error}") from error
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from error


def _rows(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.void]:
    rows = np.zeros(len(columns["id"]), TRUTH)
    for name in TRUTH.names or ():
        if TRUTH[name].kind == "f":
            rows[name] = np.nan
        if name in columns and name not in ("id", "cls", "sender"):
            rows[name] = columns[name]
    rows["id"] = np.unique(columns["id"], return_inverse=True)[1]
    rows["cls"] = _classes(columns["cls"]) if "cls" in columns else arrays.UNKNOWN
    if "sender" in columns:
        rows["sender"] = [_octets(sender) for sender in columns["sender"].tolist()]
    if not (np.isfinite(rows["x"]).all() and np.isfinite(rows["y"]).all()):
        raise ValueError("x and y must be numbers")
    return rows


def _octets(sender: Any) -> bytes:
    """Text or octets as they are; a null of Parquet is nobody."""
    return sender if isinstance(sender, bytes) else b"" if sender is None else str(sender).encode()


def _classes(column: NDArray[Any]) -> NDArray[np.uint8]:
    if column.dtype.kind in "iu":
        if len(column) and not 0 <= column.min() <= column.max() <= max(CLASSES.values()):
            raise ValueError(f"cls {column.max()}: must be 0..{max(CLASSES.values())}")
        return column.astype(np.uint8)
    found, which = np.unique(column.astype(str), return_inverse=True)
    names = [str(name) for name in found]
    unknown = [name for name in names if name.lower() not in CLASSES]
    if unknown:
        raise ValueError(f"cls {unknown[0]!r}: must be one of {', '.join(CLASSES)}")
    return np.array([CLASSES[name.lower()] for name in names], np.uint8)[which]


def _origin(given: Any) -> Origin:
    numbers = [float(number) for number in given]
    if len(numbers) not in (2, 3) or not (abs(numbers[0]) <= 90 and abs(numbers[1]) <= 180):
        raise ValueError(f"origin {numbers}: must be [lat_deg, lon_deg, elevation_m]")
    return Origin(*numbers)


def _npz(path: Path) -> tuple[dict[str, NDArray[Any]], Any]:
    try:
        with np.load(path, allow_pickle=False) as found:
            if not isinstance(found, np.lib.npyio.NpzFile):
                raise SourceError(f"{path}: one array, not a table; ground truth is .npz or .parquet")
            names = [name for name in found.files if name in (*(TRUTH.names or ()), *ALSO, "origin", "metadata", "head")]
            columns = {ALSO.get(name, name): found[name] for name in names}
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile) as error:
        if isinstance(error, OSError) and error.strerror:
            raise SourceError(f"{path}: {error.strerror}") from error
        raise SourceError(f"{path}: cannot be read as .npz: {error}") from error
    origin: Any = columns.pop("origin", None)
    metadata = columns.pop("metadata", columns.pop("head", None))
    if origin is None and metadata is not None:
        origin = _of_json(path, str(metadata), "origin")
    elif origin is not None and origin.dtype.kind == "U":
        origin = _of_json(path, str(origin))
    return columns, origin


def _parquet(path: Path) -> tuple[dict[str, NDArray[Any]], Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise SourceError(f"{path}: Parquet needs pyarrow: pip install 'rsu[sim]', or write .npz") from error
    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows > ROWS_MAX:
                raise SourceError(f"{path}: {file.metadata.num_rows} rows, at most {ROWS_MAX}")
            table = file.read([name for name in (*(TRUTH.names or ()), *ALSO) if name in file.schema_arrow.names])
    except (OSError, pa.ArrowException) as error:
        raise SourceError(f"{path}: cannot be read as Parquet: {error}") from error
    said = table.schema.metadata or {}
    columns = {ALSO.get(name, name): table[name].to_numpy() for name in table.column_names}
    if b"rsu.truth" in said:
        return columns, _of_json(path, said[b"rsu.truth"].decode("utf-8", "replace"), "origin")
    origin = said.get(b"origin")
    return columns, None if origin is None else _of_json(path, origin.decode("utf-8", "replace"))


def _of_json(path: Path, text: str, member: str = "") -> Any:
    try:
        value = json.loads(text)
        return value[member] if member else value
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{path}: `origin` is not [lat_deg, lon_deg, elevation_m]: {text[:80]!r}") from error
