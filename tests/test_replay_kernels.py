"""The digest does not hang on how a machine computes: OpenBLAS and numpy choose their kernels by the processor, and those
differ in the last digits."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("scipy", reason="fusion needs scipy")

ROOT = Path(__file__).resolve().parent.parent
LOG = ROOT / "replay_logs" / "city_drive.mcap"

#: Prints a hash of the tracks to the last bit, and the digest of the replay.
PROGRAM = """
import hashlib, sys
from pathlib import Path
from rsu.fusion import Fusion
from rsu.replay import Options, replay
from rsu.store import open_store

bits, tracks = hashlib.sha256(), Fusion.tracks

def heard(self, at_ns, **more):
    found = tracks(self, at_ns, **more)
    bits.update(found["x"].tobytes())
    return found

Fusion.tracks = heard
with open_store("sqlite://") as store:
    fused = replay((Path(sys.argv[1]),), store, Options(fuse=True)).fused
print(bits.hexdigest(), fused.digest)
"""


def features() -> str:
    """What numpy was built to use beyond its baseline, and this processor has."""
    core = getattr(np, "_core", None) or np.core
    found = core._multiarray_umath
    return " ".join(name for name in found.__cpu_dispatch__ if found.__cpu_features__.get(name))


def hashes(**environ: str) -> tuple[str, str]:
    command = [sys.executable, "-c", PROGRAM, str(LOG)]
    env = os.environ | {"PYTHONPATH": str(ROOT)} | environ
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=True)
    bits, digest = done.stdout.split()
    return bits, digest


def test_the_digest_is_the_same_whichever_kernels_blas_and_numpy_take() -> None:
    other_kernels = ({}, {"OPENBLAS_CORETYPE": "Prescott"}, {"NPY_DISABLE_CPU_FEATURES": features()})
    found = [hashes(**environ) for environ in other_kernels]
    assert len({digest for _, digest in found}) == 1
    if platform.machine() == "x86_64" and features():
        assert len({bits for bits, _ in found}) > 1, "the kernels are the same to the last bit: nothing was compared"
