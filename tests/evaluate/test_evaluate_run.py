"""A whole evaluation over a small log with truth, with parts in the shape of `observe` and `fusion`."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluate_rows import START_NS, TENTH_NS, tick
from evaluate_scene import CARS, DELAY_NS, FakeFusion, FakeParameters, observe, write_scene

from rsu.errors import ConfigError, SourceError
from rsu.evaluate import reading
from rsu.evaluate.baseline import NearestNeighbour
from rsu.evaluate.baseline import Parameters as BaselineParameters
from rsu.evaluate.estimators import ABLATIONS, ablated, confirmed, estimators
from rsu.evaluate.reading import Counts, Heard, Options, heard, observations_by_tick
from rsu.evaluate.run import evaluate, score, series
from rsu.evaluate.truth import Truth, read_truth
from rsu.observe.arrays import PEDESTRIAN, SELF, VEHICLE, Origin, empty


def compared(ablations: tuple[str, ...] = ()) -> dict[str, Any]:
    return estimators(FakeFusion, FakeParameters(), ablations)  # type: ignore[arg-type]


def test_a_scene_without_errors_is_seen_as_it_is(tmp_path: Path) -> None:
    log, truth = write_scene(tmp_path)
    found = evaluate(log, read_truth(truth), observe, compared())
    assert list(found.scores) == ["fused", "bsm", "perception", "naive"]
    naive = found.scores["naive"]
    # Told as of the time it came: 20 ms late at 10 m/s, 0.2 m behind, 1 cm of which is the wire's.
    assert naive["rmse"] == pytest.approx(0.2, abs=0.01)
    assert naive["gospa"] == pytest.approx(math.sqrt(CARS) * 0.2, abs=0.02)
    assert (naive["recall"], naive["precision"], naive["id_switches"]) == (1.0, 1.0, 0.0)
    assert (naive["idf1"], naive["class_accuracy"], naive["never_confirmed"]) == (1.0, 1.0, 0)
    # A report of the tick before, sent at its moment: a tenth of a second old when the next tick puts it out.
    assert naive["latency_ms"]["p50"] == pytest.approx(100.0)
    assert found.scores["bsm"]["recall"] == pytest.approx(2 / CARS)
    assert found.scores["perception"]["recall"] == 1.0
    # 4 s and the first moment; two of warm-up are not scored.
    assert (naive["ticks"], naive["object_seconds"]) == (21, pytest.approx(21 * CARS * 0.1))
    # Those of the last moment are heard after the last tick: the first of them ends the reading.
    assert (found.counts.records, found.counts.quarantined) == (40 * 3 + 1, 0)
    json.dumps(found.scores, allow_nan=False)


def test_an_error_of_every_bsm_shows_where_bsm_are_used(tmp_path: Path) -> None:
    log, truth = write_scene(tmp_path, offset_m=3.0)
    scores = evaluate(log, read_truth(truth), observe, compared()).scores
    assert scores["perception"]["rmse"] == pytest.approx(0.2, abs=0.01)
    assert scores["bsm"]["rmse"] == pytest.approx(math.hypot(3.0, 0.2), abs=0.02)


def test_the_same_run_gives_the_same_scores(tmp_path: Path) -> None:
    log, truth = write_scene(tmp_path)
    first, second = (evaluate(log, read_truth(truth), observe, compared()).scores for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


def test_each_ablation_adds_a_fusion_that_lacks_it(tmp_path: Path) -> None:
    made = compared(tuple(ABLATIONS))
    assert list(made)[4:] == [f"fused_without_{name}" for name in ("bias", "lateness", "white", "takeover")]
    lacking = [made[f"fused_without_{name}"].made_of for name in ABLATIONS]
    assert lacking[0] == FakeParameters(bias_states=False)
    assert lacking[2] == FakeParameters(white_bsm=True)
    assert all(parameters != FakeParameters() for parameters in lacking)


def test_an_ablation_that_nobody_knows_is_told() -> None:
    with pytest.raises(ConfigError, match="must be one of bias, lateness, white, takeover"):
        ablated(FakeParameters(), "gravity")
    with pytest.raises(ConfigError, match="have no bias_states"):
        ablated(BaselineParameters(), "bias")


def test_a_log_of_another_time_is_told(tmp_path: Path) -> None:
    log, truth = write_scene(tmp_path, seconds=0.5)
    rows = read_truth(truth).rows.copy()
    rows["time_ns"] += 3600 * 10**9
    with pytest.raises(SourceError, match="nothing in it tells of an object during the time"):
        evaluate(log, Truth(rows, Origin(29.6583, 106.5312)), observe, compared())


# Ticks ------------------------------------------------------------------------------------------------------------------


def ticks_of(log: Path, first_ns: int, last_ns: int | None) -> tuple[list[tuple[int, int]], Counts]:
    """(tenths after the start, observations) of each tick."""
    counts = Counts()
    records = heard(log, Options(), counts)
    found = observations_by_tick(records, Origin(29.6583, 106.5312), observe, first_ns, last_ns, counts)
    return [((time_ns - START_NS) // TENTH_NS, len(rows)) for time_ns, rows in found], counts


def test_a_tick_holds_what_was_received_since_the_one_before(tmp_path: Path) -> None:
    log, _ = write_scene(tmp_path, seconds=0.2)
    each = CARS + 2
    # Heard 20 ms after 0.0, 0.1 and 0.2 s.
    assert ticks_of(log, START_NS, START_NS + 3 * TENTH_NS)[0] == [(0, 0), (1, each), (2, each), (3, each)]
    assert ticks_of(log, START_NS, START_NS + 2 * TENTH_NS)[0] == [(0, 0), (1, each), (2, each)]
    assert ticks_of(log, START_NS, None)[0] == [(0, 0), (1, each), (2, each), (3, each)]
    # One that is heard at the moment of a tick belongs to it; what is older than the first tick to none.
    assert ticks_of(log, START_NS + DELAY_NS, None)[0] == [(0, each), (1, each), (2, each)]
    assert ticks_of(log, START_NS + DELAY_NS + TENTH_NS, None)[0] == [(1, each), (2, each)]


def test_no_estimator_can_change_what_another_is_given(tmp_path: Path) -> None:
    class Careless(FakeFusion):
        def step(self, observations: Any, now_ns: int) -> None:
            observations["x"] += 1.0

    log, truth = write_scene(tmp_path, seconds=0.5)
    with pytest.raises(ValueError, match="read-only"):
        evaluate(log, read_truth(truth), observe, {"fused": Careless(FakeParameters())})


def test_observations_of_a_tick_are_bounded_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, _ = write_scene(tmp_path, seconds=0)
    for bound, left_out in ((CARS + 2, 0), (CARS + 1, 1)):
        monkeypatch.setattr(reading, "TICK_OBSERVATIONS_MAX", bound)
        found, counts = ticks_of(log, START_NS, None)
        assert (found[-1][1], counts.left_out) == (bound, left_out)


def test_what_the_engine_refuses_is_counted_and_read_no_further(tmp_path: Path) -> None:
    log, _ = write_scene(tmp_path, seconds=0)
    line = json.loads(log.read_text().splitlines()[0])
    broken = line | {"sequence": 90, "data": line["data"][:-16]}
    untimed = line | {"sequence": 91, "receive_time_ns": 0, "source": "other"}
    log.write_text(log.read_text() + "".join(json.dumps(one) + "\n" for one in (line, broken, untimed)))
    counts = Counts()
    assert len(list(heard(log, Options(), counts))) == 3
    assert (counts.records, counts.duplicates, counts.quarantined, counts.untimed) == (6, 1, 1, 1)


def test_a_message_reaches_observe_decoded(tmp_path: Path) -> None:
    log, _ = write_scene(tmp_path, seconds=0)
    found: list[Heard] = list(heard(log, Options(), Counts()))
    assert [one.outcome.type for one in found] == ["BasicSafetyMessage"] * 2 + ["DetectedObject"]
    assert found[0].value["coreData"]["id"] == bytes(4)
    assert found[2].value is None


# The baseline -----------------------------------------------------------------------------------------------------------


def reports(*places: tuple[float, float], at_ns: int = START_NS, **fields: Any) -> Any:
    made = empty(len(places))
    made["x"], made["y"] = [x for x, _ in places], [y for _, y in places]
    made["receive_time_ns"] = made["event_time_ns"] = at_ns
    made["kind"], made["cls"] = SELF, VEHICLE
    for name, value in fields.items():
        made[name] = value
    return made


def test_three_reports_make_a_track_and_a_second_without_one_ends_it() -> None:
    naive = NearestNeighbour()
    for number in range(3):
        assert len(confirmed(naive, START_NS)) == 0
        naive.step(reports((0, 0)), START_NS + number)
    assert confirmed(naive, START_NS)["id"].tolist() == [1]
    naive.step(reports(), START_NS + 10**9)
    assert len(naive.tracks(START_NS)) == 1
    naive.step(reports(), START_NS + 10**9 + 1)
    assert len(naive.tracks(START_NS)) == 0


@pytest.mark.parametrize(("apart_m", "tracks"), [(5.0, 1), (5.01, 2)])
def test_a_report_out_of_reach_begins_a_track(apart_m: float, tracks: int) -> None:
    naive = NearestNeighbour()
    naive.step(reports((0, 0)), START_NS)
    naive.step(reports((apart_m, 0)), START_NS)
    assert len(naive.tracks(START_NS)) == tracks


def test_the_nearest_track_takes_the_report_where_it_has_moved_to() -> None:
    naive = NearestNeighbour()
    naive.step(reports((0, 0), (0, 8), heading=math.pi / 2, speed=8.0), START_NS)
    # By then the first has come to (0, 8), the second to (0, 16).
    naive.step(reports((0, 8.5), at_ns=START_NS + 10**9), START_NS + 10**9)
    assert naive.tracks(START_NS + 10**9)["y"].tolist() == pytest.approx([8.5, 16.0])


def test_a_report_without_a_place_is_passed_over_and_tracks_are_bounded() -> None:
    naive = NearestNeighbour(BaselineParameters(tracks_max=2))
    naive.step(reports((math.nan, 0), (0, 0), (100, 0), (200, 0)), START_NS)
    assert (len(naive.tracks(START_NS)), naive.refused) == (2, 1)


def test_a_report_says_class_and_covariance_where_it_can() -> None:
    naive = NearestNeighbour()
    naive.step(reports((0, 0), cls=PEDESTRIAN, cxx=4.0, cxy=1.0, cyy=2.0), START_NS)
    (track,) = naive.tracks(START_NS)
    assert (track["cls"], track["cov"][:2, :2].tolist()) == (PEDESTRIAN, [[4, 1], [1, 2]])
    naive.step(reports((0, 0)), START_NS)
    assert naive.tracks(START_NS)[0]["cov"][:2, :2].tolist() == [[2.25, 0], [0, 2.25]]


# Scores at the edges ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ticks", "wanted"),
    [
        ([], {"gospa": None, "rmse": None, "recall": None, "precision": None, "id_switches": None, "hota": None}),
        ([tick([], [])], {"gospa": 0.0, "rmse": None, "recall": None, "precision": None, "id_switches": None}),
        ([tick([(1, 0, 0), (2, 50, 0)], [])], {"gospa": 5.0, "recall": 0.0, "precision": None, "never_confirmed": 2}),
        ([tick([], [(7, 0, 0), (8, 50, 0)])], {"gospa": 5.0, "recall": None, "precision": 0.0, "id_switches": None}),
    ],
    ids=["no-ticks", "nothing-there", "all-missed", "all-false"],
)
def test_what_nothing_was_counted_for_is_none(ticks: Any, wanted: dict[str, float | None]) -> None:
    found = score(ticks)
    assert {name: found[name] for name in wanted} == wanted
    json.dumps(found, allow_nan=False)


def test_series_follow_the_ticks() -> None:
    found = series([tick([(1, 0, 0)], [(7, 3, 0)], 0), tick([(1, 0, 0)], [], 1)])
    assert found["seconds"].tolist() == [0.0, 0.1]
    assert found["gospa"] == pytest.approx([3.0, math.sqrt(12.5)])
    assert np.isnan(found["rmse"]).tolist() == [False, True]
    assert series([])["seconds"].tolist() == []
