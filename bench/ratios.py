"""rsu beside asn1tools and pycrate, in one run: nanoseconds a message and the ratios that the README quotes.

The codecs take turns within each round, so that a change of the machine's clock meets all of them; the best round of each
counts, as what disturbs a run only ever makes it longer. Inner open types are decoded and encoded by all.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if __name__ == "__main__" and str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # run as a file, not with -m

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from bench.messages import messages  # noqa: E402
from bench.peers import Codec, codecs, versions  # noqa: E402

RESULTS = ROOT / "bench" / "results.json"
PEERS = ("asn1tools", "pycrate")
SCHEMAS = ("csae-53", "csae-157", "sae-j2735")
LOADER = "import time, rsu; start = time.perf_counter(); rsu.load_schema({name!r}); print(time.perf_counter() - start)"


@dataclass(frozen=True)
class Effort:
    """How long to measure: a slice is one codec's turn in a round."""

    rounds: int = 9
    slice_s: float = 0.04
    loads: int = 5


QUICK = Effort(rounds=1, slice_s=0.001, loads=1)


@dataclass(frozen=True)
class Row:
    """One message in one direction."""

    message: str
    octets: int
    direction: str
    ns: dict[str, float]

    def ratio(self, peer: str) -> float:
        return self.ns[peer] / self.ns["rsu"]


def seconds(call: Callable[[], object], times: int) -> float:
    turns = range(times)
    start = time.perf_counter()
    for _ in turns:
        call()
    return time.perf_counter() - start


def calls_in(call: Callable[[], object], slice_s: float) -> int:
    """How many calls fill a slice."""
    times = 1
    while (spent := seconds(call, times)) < slice_s / 4:
        times *= 2
    return max(1, int(times * slice_s / spent))


def measure(message: str, direction: str, found: Sequence[Codec], effort: Effort) -> Row:
    calls = {codec.name: getattr(codec, direction) for codec in found}
    times = {name: calls_in(call, effort.slice_s) for name, call in calls.items()}
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(effort.rounds):
        for name, call in calls.items():
            best[name] = min(best[name], seconds(call, times[name]) / times[name])
    octets = len(found[0].encode())
    return Row(message, octets, direction, {name: round(1e9 * value, 1) for name, value in best.items()})


def load_times_ms(effort: Effort) -> dict[str, float]:
    """Milliseconds to load each schema in a new process, the first of which only warms the cache."""
    found = {}
    for name in SCHEMAS:
        command = [sys.executable, "-c", LOADER.format(name=name)]
        runs = [subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(effort.loads + 1)]
        found[name] = round(1e3 * min(map(float, runs[1:])), 1)
    return found


def table(rows: Sequence[Row]) -> Table:
    head = Table(title="nanoseconds a message, best round; × is how many times longer than rsu")
    for title in ("message", "octets", "", "rsu", *(cell for peer in PEERS for cell in (peer, "×"))):
        head.add_column(title, justify="left" if title in ("message", "") else "right", no_wrap=True)
    for row in rows:
        peers = [cell for peer in PEERS for cell in (f"{row.ns[peer]:,.0f}", f"{row.ratio(peer):.1f}")]
        head.add_row(row.message, str(row.octets), row.direction, f"{row.ns['rsu']:,.0f}", *peers)
    return head


def markdown(rows: Sequence[Row]) -> str:
    """The table of the README: a line a message, decode / encode."""
    lines = ["| message | octets | rsu, ns | × asn1tools | × pycrate |", "|---|---:|---:|---:|---:|"]
    for decode, encode in zip(rows[::2], rows[1::2], strict=True):
        ratios = [f"{decode.ratio(peer):.0f} / {encode.ratio(peer):.0f}" for peer in PEERS]
        times = f"{decode.ns['rsu']:,.0f} / {encode.ns['rsu']:,.0f}"
        lines.append(f"| {decode.message} | {decode.octets} | {times} | {' | '.join(ratios)} |")
    return "\n".join(lines)


def machine() -> dict[str, str]:
    return {"python": platform.python_version(), "machine": platform.machine(), **versions()}


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", "--smoke", action="store_true", help="one short round: only shows that everything runs")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown, for the README")
    parser.add_argument("--only", metavar="WORD", default="", help="messages whose name holds WORD")
    parser.add_argument("--no-save", action="store_true", help=f"leave {RESULTS.relative_to(ROOT)} as it is")
    return parser.parse_args(given)


def main(given: Sequence[str] | None = None) -> int:
    options = arguments(given)
    effort = QUICK if options.quick else Effort()
    console = Console(width=None if sys.stdout.isatty() else 110)
    rows = []
    with console.status("measuring …") as status:
        for name, message in messages().items():
            if options.only.lower() not in name.lower():
                continue
            status.update(f"measuring {name} …")
            found = codecs(message)
            rows += [measure(name, direction, found, effort) for direction in ("decode", "encode")]
        loads = load_times_ms(effort)
    if options.markdown:
        print(markdown(rows))
    else:
        console.print(table(rows))
    console.print("load, cold process, warm cache: " + ", ".join(f"{name} {spent:.0f} ms" for name, spent in loads.items()))
    if not options.quick and not options.no_save and not options.only:
        result = {"machine": machine(), "load_ms": loads, "rows": [asdict(row) for row in rows]}
        RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
