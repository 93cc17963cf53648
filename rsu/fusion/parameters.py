"""What fusion is told: every threshold of the room, with its unit and where it comes from."""

from __future__ import annotations

import msgspec


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """Limits, noise and switches; docs/fusion.md prints them."""

    # motion
    accel_std_mps2: float = 2.0  # design of fusion: measured best for traffic in a city
    yaw_accel_std_radps2: float = 0.3  # NEES of turns; the design has 0.5
    standing_accel_std_mps2: float = 0.5  # who stands goes on standing; that he starts, his speed tells at once; by NEES
    walker_accel_std_mps2: float = 0.7  # pedestrians: from standing to walking in two seconds
    noise_interval_s: float = 0.15  # for how long drivers hold an acceleration: density q = σ² · interval; by NEES
    pinned_turn_std_radps05: float = 0.3  # bicycles: heading as a random walk, as they have no turn rate
    creep_turn_std_radpm: float = 0.15  # a frozen heading, by the way crept: a car turns within 6 m at the least
    drift_std_mps05: float = 0.01  # slip and lane centring that CTRV does not know
    heading_freeze_kmh: float = 4.0  # below it the heading of a measurement says nothing
    heading_release_kmh: float = 5.0  # above 4 so that it does not flicker
    bias_tau_s: float = 30.0  # Gauss–Markov time of a GNSS offset: multipath and atmosphere
    # what a measurement is worth where it does not say
    self_white_std_m: float = 0.2  # the part of a GNSS error that is new each time
    jitter_gain: float = 0.05  # what one innovation changes of a sender's own white part: two seconds of BSM
    jitter_max_m: float = 5.0
    self_heading_std_rad: float = 0.05
    self_speed_std_mps: float = 0.3
    yaw_rate_std_radps: float = 0.05  # gyroscopes of cars; boxes say theirs
    detection_std_m: float = 0.5
    detection_heading_std_rad: float = 0.2
    detection_speed_std_mps: float = 1.0
    shared_std_m: float = 1.5  # somebody else's picture without a covariance
    position_std_min_m: float = 0.05  # nobody is better
    heading_std_min_rad: float = 0.01
    speed_std_min_mps: float = 0.05
    yaw_rate_std_min_radps: float = 0.02
    # sigma of a sender's GNSS
    sigma_factor: float = 1.5  # × what is reported; under-stating by 2.5 makes fusion worse than perception alone
    sigma_start_m: float = 1.5  # at least, until residuals are known
    sigma_min_m: float = 0.3  # learned
    sigma_max_m: float = 10.0
    sigma_prior_weight: float = 2.0  # independent residuals that the start is worth
    fleet_prior_weight: float = 8.0  # the same for all senders of the unit together
    fleet_weight_max: float = 200.0  # older residuals fade behind so many
    residual_perceived_s: float = 0.5  # a residual counts while perception holds the track
    # association
    search_radius_m: float = 9.0
    gate_chi2: float = 13.8  # 4 degrees of freedom, 0.992
    bound_gate_chi2: float = 30.0  # for a bound id: a jump of the GNSS by 5 σ
    ambiguity: float = 3.0  # cost within which the second best forbids to bind an id
    class_penalty: float = 4.0  # cost of a pair whose classes differ: boxes mistake bicycles for pedestrians
    shared_inside_m: float = 2.0  # so near a vehicle that is heard, what another unit tells of is it, whatever it says
    shared_inside_walker_m: float = 0.7
    # time
    refuse_older_s: float = 1.0
    refuse_ahead_s: float = 0.1
    shift_max_s: float = 0.2  # up to here the measurement is shifted, beyond it the past is worked again
    self_latency_s: float = 0.05  # the floor: latency of a sender with a right clock
    detection_latency_s: float = 0.15
    shared_latency_s: float = 0.25
    clock_alarm_s: float = 0.3  # median − floor beyond which the clock is wrong and not the way long
    clock_correct_max_s: float = 35.0  # DSecond is good for ± 30 s
    clock_samples_min: int = 5
    # identity
    takeover_silence_s: float = 0.15  # one and a half BSM periods
    takeover_wait_s: float = 0.4  # for the id of a track that fits to fall silent, before the new one gets a track of its own
    # lifecycle
    confirm_hits: int = 3
    tentative_life_s: float = 0.4
    heard_life_s: float = 1.0  # shown for so long after it told of itself last: ten BSM missing in a row are no loss on the air
    seen_life_s: float = 1.5  # shown for so long after it was seen last: occlusions last 1.2 s in the mean; by GOSPA
    lost_life_s: float = 3.0  # not shown any more, but who is seen where it would be is known again
    known_life_s: float = 5.0  # so long a new track may go on under its id: by id switches
    together_share: float = 0.6  # of the frames that saw the one, those that saw the other too: then they are two
    told_apart_frames: int = 2  # frames that saw both, for two to be two; one may be clutter
    resolve_gate_chi2: float = 7.0  # to learn an offset from a perceived track: 2 degrees of freedom, 0.97
    resolve_cost_max: float = 8.0  # d² + ln det S beyond which a perceived neighbour fits as well, its own being occluded
    located_std_m: float = 0.8  # a sender's track less certain than this takes no detection: tracks tell which is his
    resolve_after_s: float = 0.85  # not perceived for so long: perhaps it is the perceived one beside it; occlusions end sooner
    rebind_period_s: float = 1.0
    rebind_alone_chi2: float = 13.8  # beyond it an id is rather of one who is not seen: 2 degrees of freedom, 0.999
    rebind_gain_one: float = 14.0  # of the offset's χ², for an id to go to another track; by GOSPA of dense scenes
    rebind_gain_many: float = 18.0  # the same for several that change their tracks
    resume_young_s: float = 1.5  # a new track goes on under an ended one's id within so long
    resume_silent_s: float = 0.25  # not hit for so long: ended
    resume_overlap_s: float = 0.5  # the new one may have begun so long before the old one's last hit, if no frame saw both
    resume_distance_m: float = 1.5  # from where the ended one would be now, and more with the time since its last hit: ...
    resume_accel_mps2: float = 1.0  # ... half of this by the square of the time; by the share of right ones
    resume_speed_mps: float = 1.5  # difference of the speeds; it grows with the time likewise
    resume_walker_distance_m: float = 1.0  # the same for pedestrians
    resume_walker_accel_mps2: float = 0.3
    resume_walker_speed_mps: float = 1.0
    resume_most_m: float = 6.0
    resume_clear: float = 2.0  # within so many times that distance there is no other of either
    led_after_s: float = 0.4  # heard, but not perceived for so long: perhaps led away from whom it was
    led_gap_s: float = 0.6  # the new one was found at most so long after the old one was seen
    led_distance_m: float = 2.0
    led_walker_distance_m: float = 1.0
    led_speed_mps: float = 1.0  # a sender that moves otherwise is another's
    merge_distance_m: float = 1.2
    double_distance_m: float = 1.8  # up to here two are one where no frame saw both
    double_frames: int = 8  # so many frames that saw either, since both are there, ...
    double_frames_each: int = 3  # ... and so many of each
    merge_speed_mps: float = 2.0
    unperceived_s: float = 1.0  # a track that perception has not hit for so long stands by its sender alone
    suppress_sigmas: float = 3.0
    suppress_distance_m: float = 6.0
    suppress_speed_mps: float = 3.0
    suppress_heading_rad: float = 0.5
    # bounds
    extrapolate_max_s: float = 2.0  # of the output
    range_max_m: float = 20_000.0  # from the reference position: what is farther is no neighbour of this unit
    observations_max: int = 8_192  # a step
    tracks_max: int = 4_096
    senders_max: int = 16_384
    takeovers_max: int = 1_024
    own_senders: tuple[str, ...] = ()  # ids under which this unit sends: what they share is our own picture
    # switches for ablation
    bias_states: bool = True  # off: the offset is considered (Schmidt 1966), not estimated
    lateness: bool = True  # off: everything is taken as of its reception
    white_bsm: bool = False  # on: the error of a BSM is new each time
    id_takeover: bool = True
