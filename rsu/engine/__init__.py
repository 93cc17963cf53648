"""The path of one received record, pure: headers off, decoded, checked, summarised, told apart from its echo.

:meth:`Engine.step` takes what a source received and gives one outcome: :class:`Stored`, :class:`Quarantined` or
:class:`Duplicate`. It reads no clock, file or socket, so that live units, replays and benchmarks share it, and
the same records give the same outcomes.

Rules, in their order:

1. A record the source could not read whole is quarantined with the source's reason.
2. The same (rsu id, boot id, sequence) again is a duplicate; so is the same frame from another source of the
   unit within 100 ms. Each source's hearing of a frame answers one transmission: when the same source hears
   the bytes again, the sender sent them again, and that is a new record.
3. A text record is stored with its own type.
4. The radio header says the standard, else the source's setting, else the engine's. None: quarantined.
5. What does not decode, or has an id without a type, is quarantined with code, path, bit and reason.
6. A message whose time is not fresh is stored with a warning (:mod:`rsu.engine.freshness`); nothing is dropped for its time.

Where the settings give an origin, what is stored is fused as well, at each tenth of a second (:mod:`rsu.engine.picture`); the
outcomes are the same with and without it.
"""

from rsu.engine.outcomes import Counted, Duplicate, Entry, Outcome, Quarantined, Shed, Stored, Track, TrackSample
from rsu.engine.step import Decoder, Engine, Settings

__all__ = [
    "Counted",
    "Decoder",
    "Duplicate",
    "Engine",
    "Entry",
    "Outcome",
    "Quarantined",
    "Settings",
    "Shed",
    "Stored",
    "Track",
    "TrackSample",
]
