"""The ground truth of a simulated log: every road user each 100 ms, written as ``.npz`` or ``.parquet``."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rsu.errors import ConfigError, SourceError
from rsu.observe.arrays import Origin

TRUTH = np.dtype(
    [
        ("time_ns", "i8"),  # UTC
        ("id", "u4"),  # of the road user, the same all the time
        ("cls", "u1"),  # classes of rsu.observe.arrays
        ("x", "f8"),  # middle of the object, metres, ENU at the scene's reference
        ("y", "f8"),
        ("lat", "f8"),  # degrees, WGS-84
        ("lon", "f8"),
        ("heading", "f8"),  # radians, counter-clockwise from east, -π … π
        ("speed", "f8"),  # m/s
        ("accel", "f8"),  # m/s², along the heading
        ("length", "f4"),  # metres
        ("width", "f4"),
        ("height", "f4"),
        ("equipped", "?"),  # it sends of itself
        ("v2x_id", "S16"),  # its temporary id at that time, in hex as in the messages of its log; empty where not equipped
    ]
)
SUFFIXES = (".npz", ".parquet")
ROWS_MAX = 20_000_000
COLUMNS = TRUTH.names or ()
INSTALL = "Parquet needs pyarrow: pip install pyarrow, or name a .npz file"


class Truth(NamedTuple):
    """What was true.

    :param rows: (n,) TRUTH, ordered by time and id.
    :param origin: of the frame.
    :param made: how it was made: scene, seed, parameters, versions.
    """

    rows: NDArray[np.void]
    origin: Origin
    made: dict[str, Any]


def check_suffix(path: Path) -> str:
    """The suffix.

    :raises ConfigError: for one that is neither.
    """
    if path.suffix not in SUFFIXES:
        raise ConfigError(f"{path}: suffix {path.suffix!r}: must be {' or '.join(SUFFIXES)}")
    return path.suffix


def write_truth(path: Path, truth: Truth) -> None:
    """Write it, in the form the suffix names; the same truth gives the same octets.

    :raises ConfigError: for another suffix, or Parquet without pyarrow.
    :raises SourceError: for a file that cannot be written.
    """
    head = {"origin": list(truth.origin), "made": truth.made}
    text = json.dumps(head, sort_keys=True)
    try:
        if check_suffix(path) == ".parquet":
            _write_parquet(path, truth.rows, text)
        else:
            columns: dict[str, Any] = {name: truth.rows[name] for name in COLUMNS}
            with path.open("wb") as file:
                np.savez_compressed(file, head=np.array(text), **columns)
    except OSError as error:
        raise SourceError(f"{path}: cannot be written: {error.strerror or error}") from error


def read_truth(path: Path) -> Truth:
    """Read what :func:`write_truth` wrote.

    :raises ConfigError: for another suffix, or Parquet without pyarrow.
    :raises SourceError: for a file that cannot be read or is no ground truth.
    """
    parquet = check_suffix(path) == ".parquet"
    try:
        text, columns = _read_parquet(path) if parquet else _read_npz(path)
        head = json.loads(text)
        origin, made = Origin(*map(float, head["origin"])), dict(head["made"])
        rows = np.zeros(len(columns["time_ns"]), TRUTH)
        for name in COLUMNS:
            rows[name] = columns[name]
    except FileNotFoundError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from error
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise SourceError(f"{path}: is no ground truth: {error}") from error
    return Truth(rows, origin, made)


def _read_npz(path: Path) -> tuple[str, dict[str, NDArray[Any]]]:
    with np.load(path, allow_pickle=False) as archive:
        columns = {name: archive[name] for name in COLUMNS}
        if len(columns["time_ns"]) > ROWS_MAX:
            raise ValueError(f"{len(columns['time_ns'])} rows: must be 0..{ROWS_MAX}")
        return str(archive["head"]), columns


def _pyarrow() -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigError(INSTALL) from error
    return pyarrow


def _write_parquet(path: Path, rows: NDArray[np.void], head: str) -> None:
    pyarrow = _pyarrow()
    columns = {name: np.ascontiguousarray(rows[name]) for name in COLUMNS}
    columns["v2x_id"] = columns["v2x_id"].astype("U16")
    table = pyarrow.table(columns).replace_schema_metadata({"rsu.truth": head})
    pyarrow.parquet.write_table(table, path, compression="zstd")


def _read_parquet(path: Path) -> tuple[str, dict[str, NDArray[Any]]]:
    pyarrow = _pyarrow()
    file = pyarrow.parquet.ParquetFile(path)
    if file.metadata.num_rows > ROWS_MAX:
        raise ValueError(f"{file.metadata.num_rows} rows: must be 0..{ROWS_MAX}")
    table = file.read()
    head = (table.schema.metadata or {})[b"rsu.truth"].decode()
    return head, {name: np.asarray(table[name].to_numpy()) for name in COLUMNS}
