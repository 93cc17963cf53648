"""Replay as a regression test: keep the result of a replay, and say later in words what has become different.

A recording is two files: ``expected.json`` with counts, rejects and digests by type and minute, for people and diffs; beside
it ``expected.rows.jsonl.gz`` with every row and its decoded message, for the words. Both hold the same for the same
logs, whatever the machine, the clock or the number of jobs.
"""

from rsu.expect.compare import Comparison, Difference, compare
from rsu.expect.junit import junit_xml
from rsu.expect.recording import Recorder, Recording, load

__all__ = ["Comparison", "Difference", "Recorder", "Recording", "compare", "junit_xml", "load"]
