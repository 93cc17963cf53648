"""A perception box over ZeroMQ and the unit that runs: an allowed one is heard and stored, and the unit stops in order."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from live_unit import ROOT, LiveUnit, free_port, is_balanced

from rsu.security.keys import allow, make_keys

DEADLINE_S = 60.0


def test_an_allowed_box_over_tcp_is_heard_and_stored(tmp_path: Path) -> None:
    keys, box = tmp_path / "keys", f"tcp://127.0.0.1:{free_port(socket.SOCK_STREAM)}"
    make_keys(keys, "server")
    allow(keys, make_keys(keys, "cam").public)
    section = f'[[perception]]\nname = "cam"\nlisten = "{box}"\n'
    with LiveUnit(tmp_path, pipeline='curve_dir = "keys"', more=section) as unit:
        words = ["perception", "--to", box, "--keys", str(keys), "--name", "cam", "--seconds", "2", "--json"]
        made = subprocess.run(
            [sys.executable, "-m", "rsu.cli", "simulate", *words],
            env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=DEADLINE_S,
        )  # fmt: skip
        sent = json.loads(made.stdout)["sent"]["DetectedObject"]
        assert unit.stop() == 0
        ((stored,),) = unit.rows("SELECT count(*) FROM message WHERE type = 'DetectedObject'")
        assert 0 < stored <= sent and is_balanced(unit.ledger())
