"""The filter's predictions and updates agree with Stone Soup's, an independent implementation."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsu.fusion.motion import predict
from rsu.fusion.parameters import Parameters
from rsu.fusion.state import Measured, State
from rsu.fusion.update import update

pytest.importorskip("stonesoup", reason="stonesoup is not installed: pip install rsu[test]")

from stonesoup.base import Property
from stonesoup.models.base import GaussianModel, TimeVariantModel
from stonesoup.models.measurement.linear import LinearGaussian
from stonesoup.models.transition.base import TransitionModel
from stonesoup.models.transition.linear import CombinedLinearGaussianTransitionModel, ConstantVelocity
from stonesoup.predictor.kalman import ExtendedKalmanPredictor, KalmanPredictor
from stonesoup.types.array import CovarianceMatrix, StateVector
from stonesoup.types.detection import Detection
from stonesoup.types.hypothesis import SingleHypothesis
from stonesoup.types.prediction import GaussianStatePrediction
from stonesoup.types.state import GaussianState
from stonesoup.updater.kalman import KalmanUpdater

P = Parameters(drift_std_mps05=0.0)
NOW = datetime(2026, 5, 4, 12, 0)
SIGMA2 = 1.7


class Ctrv(TransitionModel, GaussianModel, TimeVariantModel):
    """CTRV with Gauss–Markov offsets, written the textbook's way: divided by the turn rate."""

    ndim_state: int = Property(default=7)
    heading: float = Property(default=0.0)

    def function(self, state, noise=False, **kwargs):  # type: ignore[no-untyped-def]
        dt = kwargs["time_interval"].total_seconds()
        x, y, psi, v, omega, bx, by = (float(one) for one in state.state_vector[:, 0])
        phi = np.exp(-abs(dt) / P.bias_tau_s)
        x += v / omega * (np.sin(psi + omega * dt) - np.sin(psi))
        y += v / omega * (np.cos(psi) - np.cos(psi + omega * dt))
        return StateVector([x, y, psi + omega * dt, v, omega, phi * bx, phi * by])

    def jacobian(self, state, **kwargs):  # type: ignore[no-untyped-def]
        """By central differences: not the formulas of the product."""
        step, out = 1e-5, np.empty((7, 7))
        for column in range(7):
            ends = []
            for sign in (1, -1):
                moved = state.state_vector.copy().astype(float)
                moved[column, 0] += sign * step
                ends.append(self.function(GaussianState(moved, np.eye(7)), **kwargs))
            out[:, column] = ((ends[0] - ends[1]) / (2 * step))[:, 0]
        return out

    def covar(self, time_interval, **kwargs):  # type: ignore[no-untyped-def]
        dt = time_interval.total_seconds()
        psi = self.heading
        qa = P.accel_std_mps2**2 * P.noise_interval_s
        qw = P.yaw_accel_std_radps2**2 * P.noise_interval_s
        line = np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        along = np.zeros((7, 2))
        along[0, 0], along[1, 0], along[3, 1] = np.cos(psi), np.sin(psi), 1
        turn = np.zeros((7, 2))
        turn[2, 0], turn[4, 1] = 1, 1
        phi = np.exp(-dt / P.bias_tau_s)
        bias = np.diag([0, 0, 0, 0, 0, 1, 1]) * SIGMA2 * (1 - phi**2)
        return CovarianceMatrix(qa * along @ line @ along.T + qw * turn @ line @ turn.T + bias)


def spread(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(7, 7)) * np.array([1, 1, 0.1, 0.5, 0.05, 0.8, 0.8])[:, None]
    return root @ root.T + 1e-4 * np.eye(7)


def ours(x: list[float], cov: np.ndarray, polar: bool) -> State:
    no, yes = np.zeros(1, np.bool_), np.ones(1, np.bool_)
    return State(np.array([x]), cov[None].copy(), yes if polar else no, no, no, no, np.array([SIGMA2]))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("dt", [0.013, 0.1, 0.7])
@pytest.mark.parametrize("omega", [0.4, -0.4, 0.02], ids=["left", "right", "nearly-straight"])
def test_ctrv_prediction_agrees(seed: int, dt: float, omega: float) -> None:
    x, cov = [3.0, -2.0, 0.7 + seed, 9.0, omega, 0.4, -0.3], spread(seed)
    x[2] = (x[2] + np.pi) % (2 * np.pi) - np.pi
    got = predict(ours(x, cov, True), np.array([dt]), P)
    theirs = ExtendedKalmanPredictor(Ctrv(heading=x[2])).predict(
        GaussianState(StateVector(x), CovarianceMatrix(cov), timestamp=NOW), timestamp=NOW + timedelta(seconds=dt)
    )
    mean = np.asarray(theirs.state_vector, float)[:, 0]
    mean[2] = (mean[2] + np.pi) % (2 * np.pi) - np.pi
    np.testing.assert_allclose(got.x[0], mean, atol=1e-6)
    np.testing.assert_allclose(got.cov[0], np.asarray(theirs.covar, float), atol=1e-6)


@pytest.mark.parametrize("dt", [0.013, 0.1, 0.7])
def test_constant_velocity_prediction_agrees(dt: float) -> None:
    order = [0, 2, 1, 3]  # theirs is x, vx, y, vy
    cov = spread(3)
    cov[4:, :] = cov[:, 4:] = 0.0
    got = predict(ours([3.0, -2.0, 4.0, 5.0, 0.0, 0.0, 0.0], cov, False), np.array([dt]), P)
    q = P.accel_std_mps2**2 * P.noise_interval_s
    model = CombinedLinearGaussianTransitionModel([ConstantVelocity(q), ConstantVelocity(q)])
    prior = GaussianState(StateVector([3.0, 4.0, -2.0, 5.0]), CovarianceMatrix(cov[np.ix_(order, order)]), timestamp=NOW)
    theirs = KalmanPredictor(model).predict(prior, timestamp=NOW + timedelta(seconds=dt))
    np.testing.assert_allclose(got.x[0][order], np.asarray(theirs.state_vector, float)[:, 0], atol=1e-6)
    np.testing.assert_allclose(got.cov[0][np.ix_(order, order)], np.asarray(theirs.covar, float), atol=1e-6)


@pytest.mark.parametrize(
    ("speed_mps", "accel_std_mps2"), [(0.2, P.standing_accel_std_mps2), (0.4, P.accel_std_mps2)], ids=["stands", "creeps"]
)
def test_who_stands_goes_on_standing(speed_mps: float, accel_std_mps2: float) -> None:
    frozen = ours([0.0, 0.0, 0.0, speed_mps, 0.0, 0.0, 0.0], np.zeros((7, 7)), True)._replace(frozen=np.ones(1, np.bool_))
    theirs = np.asarray(
        ConstantVelocity(accel_std_mps2**2 * P.noise_interval_s).covar(time_interval=timedelta(seconds=0.5)), float
    )
    got = predict(frozen, np.array([0.5]), Parameters(drift_std_mps05=0.0)).cov[0]
    np.testing.assert_allclose(got[np.ix_([0, 3], [0, 3])], theirs, atol=1e-9)


@pytest.mark.parametrize("own", [True, False], ids=["bsm", "detection"])
@pytest.mark.parametrize("said", [(0, 1), (0, 1, 3), (0, 1, 2, 3, 4)], ids=["position", "with-speed", "all"])
def test_update_agrees(own: bool, said: tuple[int, ...]) -> None:
    x, cov = [3.0, -2.0, 0.7, 9.0, 0.2, 0.4, -0.3], spread(1)
    h = np.zeros((5, 7))
    h[:, :5] = np.eye(5)
    if own:
        h[0, 5] = h[1, 6] = 1
    noise = np.diag([0.3, 0.5, 0.01, 0.2, 0.02])
    noise[0, 1] = noise[1, 0] = 0.1
    z = np.array([3.6, -2.9, 0.75, 8.6, 0.15])
    rows = list(said)
    told = np.full(5, np.nan)
    told[rows] = z[rows]
    measured = Measured(told[None], noise[None], np.array([own]), np.zeros(1, np.int64))
    got = update(ours(x, cov, True), measured, np.zeros(1), P)
    if not own and 2 in rows:  # a velocity that is seen counts by its part along the track's heading
        z[3] *= np.cos(z[2] - x[2])
    model = LinearGaussian(7, tuple(range(len(rows))), CovarianceMatrix(noise[np.ix_(rows, rows)]))
    model.matrix = lambda **_: h[rows]  # type: ignore[method-assign]
    prediction = GaussianStatePrediction(StateVector(x), CovarianceMatrix(cov), timestamp=NOW)
    detection = Detection(StateVector(z[rows]), timestamp=NOW, measurement_model=model)
    theirs = KalmanUpdater(model).update(SingleHypothesis(prediction, detection))
    np.testing.assert_allclose(got.x[0], np.asarray(theirs.state_vector, float)[:, 0], atol=1e-6)
    np.testing.assert_allclose(got.cov[0], np.asarray(theirs.covar, float), atol=1e-6)


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    dt=st.floats(-0.2, 1.0),
    late=st.floats(-0.2, 0.0),
    polar=st.booleans(),
    own=st.booleans(),
    std=st.floats(0.05, 30.0),
    speed=st.floats(0.0, 60.0),
    said=st.sets(st.sampled_from([2, 3, 4])),
)
def test_covariances_stay_symmetric_and_positive(
    seed: int, dt: float, late: float, polar: bool, own: bool, std: float, speed: float, said: set[int]
) -> None:
    state = ours([0.0, 0.0, 1.0, speed if polar else 1.0, 0.1, 0.0, 0.0], spread(seed), polar)
    z = np.array([[1.0, -1.0, 1.1, speed, 0.0]])
    for column in {2, 3, 4} - said:
        z[0, column] = np.nan
    measured = Measured(z, np.diag([std**2, std**2, 0.01, 0.1, 0.01])[None], np.array([own]), np.zeros(1, np.int64))
    after = update(predict(state, np.array([dt]), P), measured, np.array([late]), P)
    for _ in range(20):
        after = update(predict(after, np.array([0.1]), P), measured, np.array([late]), P)
        np.testing.assert_array_equal(after.cov, after.cov.swapaxes(1, 2))
        scale = np.sqrt(np.diag(after.cov[0])) + 1e-12
        assert np.linalg.eigvalsh(after.cov[0] / np.outer(scale, scale)).min() > -1e-9


def test_a_late_measurement_is_worth_what_it_is_in_time_when_nothing_is_random() -> None:
    """Without process noise, before or after a prediction makes no difference (linear motion)."""
    quiet = Parameters(accel_std_mps2=0.0, yaw_accel_std_radps2=0.0, drift_std_mps05=0.0, bias_tau_s=1e12)
    measured = Measured(
        np.array([[1.0, 2.0, np.nan, np.nan, np.nan]]), np.eye(5)[None], np.array([False]), np.zeros(1, np.int64)
    )
    state = ours([0.0, 1.0, 4.0, 5.0, 0.0, 0.0, 0.0], spread(2), False)
    state.cov[:, 4, :] = state.cov[:, :, 4] = 0.0
    state = state._replace(walker=np.ones(1, np.bool_))
    quiet_walker = Parameters(
        accel_std_mps2=0.0, yaw_accel_std_radps2=0.0, walker_accel_std_mps2=0.0, drift_std_mps05=0.0, bias_tau_s=1e12
    )
    in_time = predict(update(state, measured, np.zeros(1), quiet), np.array([0.2]), quiet_walker)
    late = update(predict(state, np.array([0.2]), quiet_walker), measured, np.array([-0.2]), quiet_walker)
    np.testing.assert_allclose(late.x, in_time.x, atol=1e-9)
    np.testing.assert_allclose(late.cov, in_time.cov, atol=1e-9)
