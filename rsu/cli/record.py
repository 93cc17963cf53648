"""`rsu record`: what a running unit hears, or what comes in on UDP ports, written to log files that `rsu replay` reads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Protocol

import typer

from rsu.cli import options
from rsu.cli.console import print_json, print_line, print_next, print_note
from rsu.cli.exit_codes import UsageError

if TYPE_CHECKING:
    from rsu.config import Recording
    from rsu.received import Received
    from rsu.sinks.background import BackgroundRecording

NAME = "record"
WAIT_S = 0.25
QUIET_S = 5.0  # after which silence is worth a word


def run(
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="DIR", help="Folder for the files; made when it is not there.")
    ] = Path("recordings"),
    config: Annotated[
        Path | None, typer.Option("-c", "--config", metavar="FILE", help="rsu.toml of a running unit: its bus and [recording].")
    ] = None,
    bus: Annotated[
        str, typer.Option("--bus", metavar="ENDPOINT", help="Bus of a running unit: ipc://PATH or tcp://HOST:PORT.")
    ] = "",
    listen: Annotated[
        list[str] | None, typer.Option("--listen", metavar="HOST:PORT", help="Hear this UDP port ourselves; repeat.")
    ] = None,
    log_format: Annotated[Literal["mcap", "jsonl"] | None, typer.Option("--format", help="Default: mcap.")] = None,
    file_octets: Annotated[int, typer.Option("--file-octets", metavar="N", min=0, help="A new file begins at this size.")] = 0,
    file_seconds: Annotated[int, typer.Option("--file-seconds", metavar="S", min=0, help="A new file begins at this age.")] = 0,
    keep_octets: Annotated[
        int, typer.Option("--keep-octets", metavar="N", min=0, help="The oldest files are removed above this sum.")
    ] = 0,
    keep_days: Annotated[int, typer.Option("--keep-days", metavar="N", min=0, help="Older files are removed.")] = 0,
    rsu_id: Annotated[str, typer.Option("--rsu", metavar="ID", help="With --listen: the unit that hears.")] = "",
    standard: options.Standard = "",
    header: options.Header = "auto",
    channel: Annotated[Literal["pc5", "uu"], typer.Option("--channel", help="With --listen: what is heard there.")] = "pc5",
    curve_dir: Annotated[str, typer.Option("--curve-dir", metavar="DIR", help="With a tcp:// bus: folder of `rsu keys`.")] = "",
    client: Annotated[
        str, typer.Option("--client", metavar="NAME", help="With a tcp:// bus: our pair of keys in that folder.")
    ] = "client",
    seconds: Annotated[float, typer.Option("--seconds", metavar="S", min=0, help="Stop after this time; 0: on Ctrl-C.")] = 0.0,
    records: Annotated[int, typer.Option("--records", metavar="N", min=0, help="Stop after so many records; 0: no bound.")] = 0,
    as_json: options.Json = False,
) -> None:
    """Record what is heard until Ctrl-C, --seconds or --records.

    From the bus of a running unit (-c or --bus), which is not disturbed by it, or from UDP ports (--listen). What cannot be
    written (disk full, too slow) is counted, and the recording goes on.
    """
    import secrets

    from rsu.cli.reading import standard_base
    from rsu.config import Config, load_config, run_dir
    from rsu.sinks.background import BackgroundRecording
    from rsu.sinks.rotating import RotatingSink

    standard_base(standard)
    settings = load_config(config) if config else Config()
    if bool(listen) == bool(bus or config):
        raise UsageError("say what to record: -c FILE or --bus ENDPOINT of a running unit, or --listen HOST:PORT")
    unit, boot_id = rsu_id or settings.unit.id, secrets.token_bytes(16)
    files = _files(settings.recording, log_format, (file_octets, file_seconds, keep_octets, keep_days))
    hearing: Hearing
    if listen:
        from rsu.pipeline.listening import Listening

        hearing = Listening(listen, unit=unit, boot_id=boot_id, channel=channel, header=header, standard=standard)
    else:
        hearing = Bus(bus or f"ipc://{run_dir(settings) / 'bus'}", curve_dir, client)
    recording = BackgroundRecording(RotatingSink.of(out, files, unit, boot_id))
    print_note(f"recording into {out}; Ctrl-C ends")
    with _stopped() as stop:
        _record(hearing, recording, stop, seconds, records)
    hearing.close()
    recording.close()
    _report(out, recording.counts(), hearing.counts, as_json)


class Hearing(Protocol):
    """Where records come from."""

    @property
    def counts(self) -> Counter[str]: ...

    def receive(self, timeout_s: float) -> list[Received]: ...

    def close(self) -> None: ...


class Bus:
    """A running unit's bus, as records."""

    def __init__(self, endpoint: str, curve_dir: str, client: str) -> None:
        import rsu
        from rsu.pipeline.rebuild import Rebuilder
        from rsu.pipeline.tap import Tap

        self._tap = Tap(endpoint, curve_dir=curve_dir, name=client)
        self._rebuilder = Rebuilder(rsu.load_schema)

    @property
    def counts(self) -> Counter[str]:
        return self._tap.counts + self._rebuilder.counts

    def receive(self, timeout_s: float) -> list[Received]:
        return [record for view in self._tap.receive(timeout_s) for record in self._rebuilder.records(view.items)]

    def close(self) -> None:
        self._tap.close()


def _files(settings: Recording, log_format: str | None, bounds: tuple[int, int, int, int]) -> Recording:
    """[recording] with what the command line says in its place; the folder is that of -o."""
    import msgspec

    names = ("file_octets_max", "file_s_max", "keep_octets_max", "keep_days")
    given = {name: value for name, value in zip(names, bounds, strict=True) if value}
    return msgspec.structs.replace(settings, dir="", **given, **({"format": log_format} if log_format else {}))


@contextmanager
def _stopped() -> Iterator[threading.Event]:
    """An event that Ctrl-C and SIGTERM set: both are how a recording ends."""
    import signal

    event = threading.Event()
    before = {number: signal.signal(number, lambda *_: event.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, action in before.items():
            signal.signal(number, action)


def _record(hearing: Hearing, recording: BackgroundRecording, stop: threading.Event, seconds: float, records: int) -> None:
    import time

    started = time.monotonic()
    heard, said = 0, False
    while not stop.is_set():
        passed = time.monotonic() - started
        if seconds and passed >= seconds:
            return
        found = hearing.receive(WAIT_S if not seconds else min(WAIT_S, seconds - passed))
        found = found[: records - heard] if records else found
        recording.offer(found)
        heard += len(found)
        if records and heard >= records:
            return
        if not heard and not said and passed >= QUIET_S:
            print_note("nothing heard yet; for a unit's bus: is it running, and does -c name its rsu.toml?")
            said = True


def _report(out: Path, counts: Counter[str], heard: Counter[str], as_json: bool) -> None:
    lost = counts["lost_disk"] + counts["lost_queue"]
    result = {
        "folder": str(out),
        "written": counts["written"],
        "files": counts["finished"],
        "lost": lost,
        "missed_views": heard["missed"],
        "duplicates": heard["duplicate"],
        "uncertain": heard["uncertain"],
        "removed_files": counts["removed_quota"] + counts["removed_age"],
        "recovered_files": counts["recovered"],
    }
    if as_json:
        print_json(result)
        return
    print_line(f"{counts['written']} records in {counts['finished']} files in {out}")
    for count, what in (
        (lost, "records left out: the disk was full or too slow"),
        (heard["missed"], "views of the bus missed: this machine was too slow"),
        (heard["duplicate"], "duplicates are not on the bus with their octets and are left out"),
        (heard["uncertain"], "records whose source settings could not be found again; they may replay differently"),
        (result["removed_files"], "old files removed"),
        (counts["recovered"], "files of a killed recording repaired"),
    ):
        if count:
            print_line(f"{count} {what}")
    if counts["written"]:
        print_next(f"rsu replay {out}/*")
