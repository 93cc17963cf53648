"""The closed form of the local frame agrees with pymap3d."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsu.observe.arrays import Origin
from rsu.observe.enu import offsets_to_enu, to_enu

pymap3d = pytest.importorskip("pymap3d", reason="compares with pymap3d, an independent implementation")

LATITUDES, LONGITUDES = st.floats(-89.9, 89.9), st.floats(-180, 180)
HEIGHTS = st.floats(-400, 6_000)
ORIGINS = st.builds(Origin, LATITUDES, LONGITUDES, HEIGHTS)
NEAR_DEG, OFFSETS_M = st.floats(-0.1, 0.1), st.floats(-3_000, 3_000)


def array(*values: float) -> np.ndarray:
    return np.array(values)


@settings(deadline=None)
@given(ORIGINS, st.lists(st.tuples(NEAR_DEG, NEAR_DEG, HEIGHTS), min_size=1, max_size=5))
def test_positions_agree_with_pymap3d_to_a_micrometre(origin: Origin, steps: list[tuple[float, float, float]]) -> None:
    lat = np.array([origin.lat_deg + step[0] / 2 for step in steps]).clip(-90, 90)
    lon = np.array([origin.lon_deg + step[1] for step in steps])
    height = np.array([step[2] for step in steps])
    expected = np.stack(pymap3d.geodetic2enu(lat, lon, height, *origin))
    np.testing.assert_allclose(to_enu(lat, lon, height, origin), expected, rtol=0, atol=1e-6)


@settings(deadline=None)
@given(ORIGINS, NEAR_DEG, NEAR_DEG, HEIGHTS, OFFSETS_M, OFFSETS_M, st.floats(-50, 50))
def test_offsets_of_another_place_agree_with_pymap3d(
    origin: Origin, dlat: float, dlon: float, height: float, east: float, north: float, up: float
) -> None:
    place = (float(np.clip(origin.lat_deg + dlat, -89.95, 89.95)), origin.lon_deg + dlon, height)
    there = pymap3d.enu2geodetic(east, north, up, *place)
    expected = np.array(pymap3d.geodetic2enu(*there, *origin))
    got = offsets_to_enu(*(array(each) for each in place), np.array([[east], [north], [up]]), origin)
    # pymap3d goes by way of geodetic coordinates, whose inverse is good to a micrometre
    np.testing.assert_allclose(got[:, 0], expected, rtol=0, atol=1e-5)


def test_an_unknown_place_is_nan() -> None:
    assert np.isnan(to_enu(array(np.nan), array(106.0), array(0.0), Origin(29.0, 106.0))).any()
