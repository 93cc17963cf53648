"""`--record`, `--expect`, `--tolerance` and `--junit` of `rsu replay`: what they ask of a run, and what they find."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rsu.cli.exit_codes import UsageError
from rsu.errors import SourceError

if TYPE_CHECKING:
    from rsu.engine import Outcome
    from rsu.expect import Comparison
    from rsu.replay import ReplayResult


class Expectation:
    """One run's recording and comparison; does nothing where neither is asked for.

    :param record: where the result is kept, or None.
    :param expect: the kept result to compare with, or None. It is read before the run: a wrong file costs no replay.
    """

    def __init__(self, record: Path | None, expect: Path | None, tolerances: Sequence[str], junit: Path | None) -> None:
        from rsu.expect import Recorder, load

        if expect is None and (tolerances or junit):
            raise UsageError("--tolerance and --junit need --expect")
        if record is not None and not record.parent.is_dir():
            raise SourceError(f"{record}: there is no folder {record.parent}")
        if record is not None and expect is not None and record.resolve() == expect.resolve():
            raise UsageError("--record and --expect name the same file")
        self._tolerances = dict(map(_tolerance, tolerances))
        self._record = record
        self._junit = junit
        self._expected = load(expect) if expect is not None else None
        self._recorder = Recorder() if record is not None or expect is not None else None

    def __enter__(self) -> Expectation:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._recorder is not None:
            self._recorder.__exit__(kind, error, trace)

    @property
    def asked(self) -> bool:
        """Whether this run is a test, and so needs no database of its own."""
        return self._recorder is not None

    def batches(self, path: Path, outcomes: Sequence[Outcome]) -> None:
        """Sees the outcomes of the run as they come."""
        if self._recorder is not None:
            self._recorder.batch(path, outcomes)

    def finish(self, result: ReplayResult) -> Comparison | None:
        """Write what was asked for; the comparison, or None where none was asked for."""
        from rsu.expect import compare, junit_xml

        if self._recorder is None:
            return None
        with tempfile.TemporaryDirectory(prefix="rsu-expect-") as folder:
            actual = self._recorder.finish(self._record or Path(folder) / "actual.json")
            if self._expected is None:
                return None
            comparison = compare(self._expected, actual, self._tolerances)
        if self._junit is not None:
            self._junit.write_bytes(junit_xml(comparison, result.seconds))
        return comparison


def _tolerance(text: str) -> tuple[str, float]:
    """``speed=0.1``"""
    field, _, number = text.partition("=")
    try:
        size = float(number)
    except ValueError:
        size = math.nan
    if not field or not 0 <= size < math.inf:
        raise UsageError(f"--tolerance {text}: must be FIELD=X with a number X, for example speed=0.1")
    return field, size
