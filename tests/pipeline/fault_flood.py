"""A program of its own that sends far too much: ``python fault_flood.py PORT SECONDS RATE FRAMES`` (hex, one a line of a file).

It prints how many of each line it sent.
"""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path

PAUSE_S = 0.001


def flood(port: int, seconds: float, rate: float, frames: list[bytes]) -> list[int]:
    """Frames in turn, at a rate or as fast as it goes; how many of each were sent."""
    counts = [0] * len(frames)
    begun = time.monotonic()
    end = begun + seconds
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as radio:
        radio.connect(("127.0.0.1", port))
        while (now := time.monotonic()) < end:
            if sum(counts) > (now - begun) * rate:
                time.sleep(PAUSE_S)
                continue
            for place, frame in enumerate(frames):
                radio.send(frame)
                counts[place] += 1
    return counts


if __name__ == "__main__":
    lines = Path(sys.argv[4]).read_text(encoding="ascii").split()
    print(*flood(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), [bytes.fromhex(line) for line in lines]))
