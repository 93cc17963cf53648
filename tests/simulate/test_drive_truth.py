"""The ground truth comes back as it was written, in both forms, and what is none is refused in words."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from drive_world import ORIGIN

from rsu.errors import ConfigError, RsuError, SourceError
from rsu.simulate.truth import TRUTH, Truth, read_truth, write_truth


@pytest.fixture
def truth() -> Truth:
    rows = np.zeros(3, TRUTH)
    rows["time_ns"] = 1_778_547_580_000_000_000 + np.arange(3) * 100_000_000
    rows["id"], rows["x"], rows["v2x_id"] = [1, 2, 1], [1.25, -3.5, 1e3], [b"00ff00ff00ff00ff", b"", b"01"]
    rows["equipped"], rows["length"] = [True, False, True], 4.6
    return Truth(rows, ORIGIN, {"scene": "city", "seed": 7})


@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_truth_comes_back_and_the_same_gives_the_same_octets(truth: Truth, tmp_path: Path, suffix: str) -> None:
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    digests = set()
    for name in ("a", "b"):
        path = tmp_path / (name + suffix)
        write_truth(path, truth)
        again = read_truth(path)
        assert (again.rows == truth.rows).all() and again.rows.dtype == TRUTH
        assert (again.origin, again.made) == (truth.origin, truth.made)
        digests.add(hashlib.sha256(path.read_bytes()).digest())
    assert len(digests) == 1


@pytest.mark.parametrize("name", ["t.csv", "t", "t.npz.gz"])
def test_another_suffix_is_refused(truth: Truth, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"must be \.npz or \.parquet"):
        write_truth(tmp_path / name, truth)
    with pytest.raises(ConfigError, match=r"must be \.npz or \.parquet"):
        read_truth(tmp_path / name)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut"], ids=["empty", "text", "cut"])
@pytest.mark.parametrize("suffix", [".npz", ".parquet"])
def test_a_file_that_is_no_truth_is_refused_in_words(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"t{suffix}"
    path.write_bytes(content)
    with pytest.raises(RsuError, match=r"is no ground truth|needs pyarrow"):
        read_truth(path)


def test_an_archive_of_other_arrays_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "t.npz", head="{}", time_ns=np.zeros(1))
    with pytest.raises(SourceError, match="is no ground truth"):
        read_truth(tmp_path / "t.npz")


def test_a_file_that_is_not_there_or_cannot_be_written_is_named(truth: Truth, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        read_truth(tmp_path / "none.npz")
    with pytest.raises(SourceError, match="cannot be written"):
        write_truth(tmp_path / "no folder" / "t.npz", truth)
