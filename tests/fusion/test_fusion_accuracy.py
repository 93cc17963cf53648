"""Fused is better than the better single source, by the margins of the issue, on the scene of this folder."""

from __future__ import annotations

import numpy as np
import pytest

from rsu.fusion import Parameters
from rsu.observe.arrays import DETECTION, SELF
from tests.fusion.fusion_scene import Noise, drive, observe
from tests.fusion.fusion_scores import Scores, gospa, score

SECONDS = 20.0


def three(noise: Noise) -> tuple[Scores, Scores, Scores]:
    """Fused, BSM alone, perception alone."""
    rng = np.random.default_rng(1)
    truth = drive(rng, SECONDS)
    every = observe(rng, truth, noise)
    heard, seen = every[every["kind"] == SELF], every[every["kind"] == DETECTION]
    return tuple(score(Parameters(), part, truth, SECONDS) for part in (every, heard, seen))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("equipped", "sigma_m", "reported"),
    [(0.7, 1.0, 1.0), (0.7, 0.3, 1.0), (1.0, 1.0, 0.5)],
    ids=["70-percent", "good-gnss", "all-and-half-reported"],
)
def test_fused_is_a_third_better_than_the_best_single_source(equipped: float, sigma_m: float, reported: float) -> None:
    fused, heard, seen = three(Noise(equipped=equipped, sigma_m=sigma_m, reported=reported))
    assert fused.gospa <= 0.7 * min(heard.gospa, seen.gospa)
    assert fused.rmse <= 0.40
    assert 1.2 <= fused.nees <= 2.4  # 20 s: the aim of 1.6 is for the mean over the grid
    assert fused.switches <= 0.6 * seen.switches


def test_a_white_error_is_less_honest_and_ignored_lateness_is_worse() -> None:
    rng = np.random.default_rng(1)
    truth = drive(rng, SECONDS)
    every = observe(rng, truth, Noise())
    whole, white, late = (
        score(Parameters(**one), every, truth, SECONDS) for one in ({}, {"white_bsm": True}, {"lateness": False})
    )
    assert white.nees > 1.3 * whole.nees and white.rmse > whole.rmse
    assert late.rmse > 1.3 * whole.rmse


def test_gospa_agrees_with_stone_soups() -> None:
    pytest.importorskip("stonesoup", reason="stonesoup is not installed: pip install rsu[test]")
    from stonesoup.metricgenerator.ospametric import GOSPAMetric
    from stonesoup.types.state import State

    rng, theirs = np.random.default_rng(2), GOSPAMetric(c=5.0, p=2)
    for _ in range(20):
        truth, estimate = rng.uniform(0, 30, (rng.integers(1, 8), 2)), rng.uniform(0, 30, (rng.integers(1, 8), 2))
        estimate[: len(truth)] = (truth + rng.normal(0, 1, truth.shape))[: len(estimate)]
        sets = ([State(one[:, None]) for one in points] for points in (estimate, truth))
        metric, _ = theirs.compute_gospa_metric(*sets)
        assert gospa(truth, estimate)[0] == pytest.approx(metric.value["distance"], abs=1e-6)
