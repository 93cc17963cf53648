"""The command: ``python -m tests.fuzz --seed 1 --inputs 1000000``; exit code 1 and a file when a law was broken."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from . import record
from .bombs import BOMBS, CALL_MS_MAX, HEAVY, REFUSAL_MS_MAX, RUNS, Bomb, call_of, refusal_of
from .build import build_folder, load_mutator
from .calls import calls_named
from .corpus import STANDARDS, Message
from .session import Outcome, Plan, Session, is_sanitized, outcome_of, read_last

LINE_EVERY = 1_000_000  # inputs
SANITIZED_SLOWER = 20  # what AddressSanitizer and malloc for every object may cost, by experiment 5 to 12


def arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Structure-aware fuzzing of the codec.")
    parser.add_argument("--seed", type=int, default=1, help="number of the run: the same number makes the same inputs")
    parser.add_argument("--inputs", type=int, default=200_000, help="how many inputs to check")
    parser.add_argument("--seconds", type=float, default=0.0, help="begin no new batch after this time (0: no limit)")
    parser.add_argument("--standard", choices=STANDARDS, default="", help="one standard's messages alone")
    parser.add_argument("--calls", default="all", help="checks beside decode and encode: names with commas, all, or nothing")
    parser.add_argument("--record", type=Path, metavar="FILE", help="append the run to this file (docs/fuzz-record.json)")
    parser.add_argument("--report", action="store_true", help="print the table of the record and run nothing")
    parser.add_argument("--write", action="store_true", help="with --report: put the table into docs/fuzzing.md as well")
    parser.add_argument("--generate", action="store_true", help="only make the inputs, and say how fast")
    parser.add_argument("--show", type=Path, metavar="FILE", help="say what a saved input does: crash-*.json or last-*.bin")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Runs the command; gives its exit code."""
    asked = arguments(words)
    if asked.report:
        runs = record.read(asked.record or record.RECORD)
        print(record.table(runs), end="")
        if asked.write:
            record.write_page(runs)
        return 0
    if asked.show:
        return _show(asked)
    plan = Plan(asked.seed, asked.inputs, asked.seconds, asked.standard, calls_named(asked.calls))
    if asked.generate:
        return _generate(plan)
    commit = record.commit()  # of what is loaded, whatever becomes of the tree meanwhile
    late = _bombs()
    outcome = Session(plan).run(_progress)
    _print(outcome)
    failed = _save_faults(plan, outcome) | _too_slow(outcome)
    if asked.record and not failed:
        record.append(asked.record.resolve(), record.entry_of(plan, outcome, commit))
    return int(failed or late)


def _progress(done: int, faults: int) -> None:
    """A line that is written over on a terminal; now and then a line of its own in a file."""
    if not sys.stderr.isatty():
        if done % LINE_EVERY == 0:
            print(f"{done:,} inputs, {faults} faults", file=sys.stderr, flush=True)
        return
    print(f"\r{done:,} inputs, {faults} faults", end="\r", file=sys.stderr, flush=True)


def _allowance() -> int:
    return SANITIZED_SLOWER if is_sanitized() else 1


def _bombs() -> bool:
    """Prints how soon each bomb is refused and each heavy input is done with; True where one is not in time."""
    late = [_bomb(bomb, REFUSAL_MS_MAX, refused=True) for bomb in BOMBS]
    late += [_bomb(bomb, CALL_MS_MAX, refused=False) for bomb in HEAVY]
    return any(late)


def _bomb(bomb: Bomb, ms_max: float, refused: bool) -> bool:
    clock = load_mutator(is_sanitized()).least_cpu_ns
    error, spent = refusal_of(bomb), clock(call_of(bomb), bomb.data, RUNS) / 1e6
    bad = spent > ms_max * _allowance() or (refused and error is None)
    says = error.code if error else "accepted"
    print(f"{'!!' if bad else '  '} {spent:7.3f} of {ms_max:4.1f} ms  {says:10} {len(bomb.data):7,} octets  {bomb.name}")
    return bad


def _generate(plan: Plan) -> int:
    session = Session(plan)
    spent = session.mutator.least_cpu_ns(session.fuzzer.generate, plan.inputs, 1) / 1e9
    session.last.finish()
    print(f"{plan.inputs:,} inputs made in {spent:.2f} s CPU: {plan.inputs / spent:,.0f} a second")
    return 0


def _print(outcome: Outcome) -> None:
    each = 1e6 * outcome.cpu_s / max(1, outcome.inputs)
    print(f"\n{outcome.inputs:,} inputs in {outcome.cpu_s:.1f} s CPU, {each:.1f} us each, checks and making included")
    print(f"{'standard':12} {'inputs':>13} {'accepted':>12} {'refused':>13} {'findings':>9} {'octets each':>12}")
    for standard, (inputs, accepted, refused, findings, octets) in outcome.counts.items():
        print(f"{standard:12} {inputs:13,} {accepted:12,} {refused:13,} {findings:9,} {octets / inputs:12.0f}")
    print("refused by:", ", ".join(f"{code} {count:,}" for code, count in outcome.codes.items()))
    for name, worst in outcome.worst_ms.items():
        standard, type_name, data = outcome.worst_input[name] or ("", "nothing above the floor", b"")
        print(f"worst {name:9} {worst:8.3f} ms  {standard} {type_name}, {len(data):,} octets {data[:24].hex()}")
    print("memory, KiB, by quarter:", " ".join(f"{kib:,}" for kib in outcome.rss_kib), "· objects:", *outcome.gc_objects)


def _save_faults(plan: Plan, outcome: Outcome) -> bool:
    for fault in outcome.faults:
        _save({"seed": plan.seed, "calls": [call.name for call in plan.calls], **fault})
        print(f"FAULT {fault['law']} in {fault['call']}: {fault['standard']} {fault['type']} {fault['hex'][:120]}")
        print(f"  {fault['detail'][:400]}")
    return bool(outcome.faults)


def _too_slow(outcome: Outcome) -> bool:
    slow = {name: worst for name, worst in outcome.worst_ms.items() if worst > CALL_MS_MAX * _allowance()}
    for name, worst in slow.items():
        standard, type_name, data = outcome.worst_input[name]
        fault = {"law": "slow", "call": name, "standard": standard, "type": type_name}
        _save({**fault, "hex": data.hex(), "detail": f"{worst} ms"})
    return bool(slow)


def _save(fault: dict[str, Any]) -> None:
    digest = hashlib.sha256(f"{fault['type']} {fault['hex']}".encode()).hexdigest()[:12]
    path = build_folder() / f"crash-{digest}.json"
    path.write_text(json.dumps(fault, indent=1) + "\n", encoding="utf-8")
    print(f"saved as {path.relative_to(build_folder().parent.parent)}")


def _show(asked: argparse.Namespace) -> int:
    if asked.show.suffix == ".bin":
        session = Session(Plan(asked.seed, 0, standard=asked.standard))
        session.last.finish()
        message = read_last(asked.show, session.names)
    else:
        saved = json.loads(asked.show.read_text(encoding="utf-8"))
        message = Message(saved["standard"], saved["type"], bytes.fromhex(saved["hex"]))
    # Flushed, since decoding may end the process.
    print(f"{message.schema} {message.type_name} {message.data.hex()}", flush=True)
    print(outcome_of(message))
    return 0
