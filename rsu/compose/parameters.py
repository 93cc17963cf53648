"""What the composer of RSM, SSM and SDSM is told: every threshold of the room, with its unit and where it comes from."""

from __future__ import annotations

import msgspec

from rsu.errors import ConfigError
from rsu.observe.classes import SOURCES

#: Name, least and most of what may be chosen.
BOUNDS: tuple[tuple[str, int, int], ...] = (
    ("period_ms", 20, 10_000),
    ("early_ms", 0, 10_000),
    ("messages_max", 1, 64),
    ("rsm_participants_max", 1, 16),  # ParticipantList
    ("ssm_objects_max", 1, 64),  # DetectedObstacleList: all of them may be obstacles
    ("sdsm_objects_max", 1, 256),  # DetectedObjectList
    ("tracks_max", 1, 32_768),  # half of the numbers that are given to road users
    ("age_max_ms", 0, 1_500),  # MeasurementTimeOffset
    ("base_weight", 1, 1_000),
    ("conflict_tracks_max", 0, 4_096),
)


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Times, limits and the weights of the ranking."""

    messages: tuple[str, ...] = ()  # message types; empty: RSM in China, SDSM in North America
    period_ms: int = 100  # RSM in the table of T/CSAE 53; J3224 takes the same
    early_ms: int = 25  # a tick that comes so much too early is no extra one
    messages_max: int = 4  # of one type a tick: 64 participants in 4 × 586 octets at most, 190 kbit/s of the channel
    rsm_participants_max: int = 16
    ssm_objects_max: int = 32  # with all there is to tell 1,254 octets; the radio takes 2,302, and a signature wants some
    sdsm_objects_max: int = 32  # the same: 917 octets
    tracks_max: int = 4_096  # as fusion's
    age_max_ms: int = 1_000  # a state that much older or newer than now is not told
    heard_s: float = 1.0  # equipped: heard itself within it (ten BSM periods), and so by receivers as well; and "seen" likewise
    heading_std_max_deg: float = 60.0  # a heading beyond is none: 95 % would span the whole circle
    perceived_source: str = "integrated"  # SourceType where only boxes see it; "video" for a unit with cameras alone
    ref_pos_std_m: float = 0.1  # of the surveyed reference position
    clock_std_s: float = 0.0  # of the unit's clock, as its discipline tells; 0: not known
    ssm_aid: int | None = None  # AIDs of Day II are not published
    # ranking, in the order of the design of fusion: each outweighs all after it, and waiting outweighs any in the end
    base_weight: int = 4  # an equipped vehicle, which receivers hear directly: told at least 1/9 as often as the first
    vulnerable_weight: int = 16  # pedestrian or bicycle
    unequipped_weight: int = 8
    conflict_weight: int = 4
    new_weight: int = 2
    moved_weight: int = 1
    moved_m: float = 0.5  # since last told; half of the finest lane matching
    conflict_horizon_s: float = 4.0  # time to collision at which drivers are warned
    conflict_distance_m: float = 2.5  # between centres: a vehicle's width and a margin, less than a lane
    conflict_speed_mps: float = 1.0  # one of the two moves at least as fast
    conflict_closing_mps: float = 1.0  # and they approach each other at least as fast
    conflict_tracks_max: int = 800  # nearest to the reference position; the work grows with the square


def checked(parameters: Parameters) -> Parameters:
    """The same.

    :raises ConfigError: naming what is allowed.
    """
    for name, least, most in BOUNDS:
        value = getattr(parameters, name)
        if not least <= value <= most:
            raise ConfigError(f"compose {name} = {value}: must be {least}..{most}")
    if parameters.perceived_source not in SOURCES:
        raise ConfigError(f"compose perceived_source = {parameters.perceived_source!r}: must be one of {', '.join(SOURCES)}")
    return parameters
