"""Whole turns: a stand-in of a unit and the echo pipeline under a small load, in real processes over real sockets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from load_units import StandIn
from typer.testing import CliRunner

from rsu.cli.app import app
from rsu.errors import SourceError
from rsu.load.echo import Echo
from rsu.load.latency import percentiles_ms
from rsu.load.measure import echo_target
from rsu.load.result import result_of
from rsu.load.sender import Aim, Load
from rsu.load.target import Target
from rsu.load.turn import Bench, Turn

DESIGN_KEYS = ["rate", "sent", "stored", "shed", "lost", "ingest_publish_ms", "ingest_stored_ms", "core_share"]
STALL_S = 0.4


def turn(target: Target, load: Load) -> Turn:
    bench = Bench(target, load.standard)
    try:
        bench.wait_until_there()
        return bench.turn(load)
    finally:
        bench.close()


def test_each_message_of_a_turn_is_shown_stored_and_timed(stand_in: Callable[..., StandIn]) -> None:
    found = turn(stand_in().target, Load("csae-53", 300, 1.0))
    assert (found.sent, found.shown, found.refused, found.view_gaps) == (300, 300, 0, 0)
    assert (found.ledger.stored, found.lost) == (300, 0)
    assert found.publish.get_total_count() == 300
    assert found.stored is not None
    assert found.stored.get_total_count() == 300
    # The stand-in commits after it has shown, and no process shows before it was sent.
    shown, stored = percentiles_ms(found.publish), percentiles_ms(found.stored)
    assert shown is not None and stored is not None
    assert 0 < shown["p50"] < stored["p50"]
    assert found.stages["engine"].get_total_count() == 300
    assert list(found.cores) and found.core_share > 0


def test_what_a_unit_shows_and_does_not_store_is_lost(stand_in: Callable[..., StandIn]) -> None:
    found = turn(stand_in("forget=10").target, Load("csae-53", 300, 1.0))
    assert (found.sent, found.shown) == (300, 300)
    assert found.ledger.stored + found.lost == 300
    assert 29 <= found.lost <= 30  # of 300 in a row, each tenth; probes came before


@pytest.fixture
def echo(tmp_path: Path, request: pytest.FixtureRequest) -> Echo:
    made = Echo(tmp_path, getattr(request, "param", None))
    request.addfinalizer(made.close)
    return made


@pytest.mark.parametrize("standard", ["csae-53", "sae-j2735"])
def test_the_echo_pipeline_gives_back_all_messages_of_a_mix(echo: Echo, standard: str) -> None:
    found = turn(echo_target(echo), Load(standard, 1_000, 1.0, "poisson"))
    assert (found.sent, found.shown, found.lost) == (1_000, 1_000, 0)
    assert set(found.cores) == {"echo in", "echo out"}


# Datagram 300 stalls the echo for 0.4 s. At 500 a second, 200 messages fall due meanwhile: a third of the 600, with 0.4 s … 0.
# A closed loop would have sent one message in that time, and its p99 would not see it.
@pytest.mark.parametrize("echo", [(300, STALL_S)], indirect=True)
def test_a_stall_counts_against_every_message_it_delays(echo: Echo) -> None:
    found = turn(echo_target(echo), Load("csae-53", 500, 1.2))
    assert found.shown == 600
    late = [found.publish.get_value_at_percentile(of) / 1e6 for of in (99.0, 85.0)]
    # The slowest 1 % waited all but 1/33 of the stall, the slowest 15 % more than half of it.
    assert late[0] > 0.9 * STALL_S
    assert late[1] > 0.4 * STALL_S


def test_a_target_that_is_not_there_is_said(tmp_path: Path) -> None:
    nobody = Target("unit x", f"ipc://{tmp_path}/bus", Aim("udp", "127.0.0.1:9"), dict)
    bench = Bench(nobody, "csae-53")
    try:
        with pytest.raises(SourceError, match=r"unit x: nothing sent to 127\.0\.0\.1:9 was shown"):
            bench.wait_until_there(0.3)
    finally:
        bench.close()


def test_the_result_has_the_keys_of_the_design(echo: Echo) -> None:
    load = Load("csae-53", 200, 0.5)
    one = turn(echo_target(echo), load)
    result = result_of(load, [one, one], [one])
    assert [key for key in DESIGN_KEYS if key not in result] == []
    assert (result["sent"], result["runs"]) == (200, 2)
    assert set(result["ingest_publish_ms"]) == {"p50", "p99", "p999"}
    assert result["over_echo_ms"] == {"p50": 0, "p99": 0, "p999": 0}
    json.dumps(result, allow_nan=False)


def test_the_command_measures_a_running_unit(stand_in: Callable[..., StandIn]) -> None:
    words = ["bench", "--rate", "400", "--seconds", "0.5", "--runs", "1", "--unit", str(stand_in().settings)]
    said = CliRunner().invoke(app, [*words, "--json"])
    assert said.exit_code == 0, said.output
    result = json.loads(said.stdout.splitlines()[-1])
    assert (result["rate"], result["sent"], result["stored"], result["lost"]) == (400, 200, 200, 0)
    assert result["echo"]["ingest_publish_ms"]["p50"] > 0
    assert {row["measure"] for row in result["targets"]} >= {"ingest_publish_ms.p99", "core_share", "lost"}


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["-c", "a.toml", "--unit", "b.toml"], 2, "give one of them"),
        (["--standard", "csae-157"], 5, "csae-53 or sae-j2735"),
        (["--rate", "200000", "--seconds", "60"], 5, "bench for less time"),
        (["--unit", "/nowhere/rsu.toml"], 5, "/nowhere/rsu.toml"),
    ],
    ids=["two-units", "standard", "too-many", "no-file"],
)
def test_what_cannot_be_measured_is_said_at_once(words: list[str], code: int, said: str) -> None:
    outcome = CliRunner().invoke(app, ["bench", *words])
    assert outcome.exit_code == code
    assert said in outcome.stderr
