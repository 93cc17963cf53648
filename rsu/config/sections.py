"""The sections of `rsu.toml`: every key with its unit, bounds and default, and a sentence that `rsu config --explain` prints.

A section is a frozen struct; an unknown key is an error. Units stand last in the names. ``form`` names a row of
:data:`rsu.config.forms.FORMS`, which says how a text must look and whether it is a path. What is read and checked, the page in
`docs/`, the example and `--explain` all come from here.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(pattern="^[A-Za-z0-9_.-]{1,64}$")]
Port = Annotated[int, Meta(ge=1, le=65_535)]
Positive = Annotated[int, Meta(ge=1)]
Role = Literal["ingest", "engine", "record", "uplink", "broadcast"]
Header = Literal["auto", "none", "dsmp", "wsmp"]

SOURCES_MAX = 64  # of one kind

Listen = Annotated[str, Meta(extra={"form": "listen"})]
Peer = Annotated[str, Meta(extra={"form": "peer"})]
Endpoint = Annotated[str, Meta(extra={"form": "endpoint"})]
Server = Annotated[str, Meta(extra={"form": "nats-server"})]
Topic = Annotated[str, Meta(extra={"form": "topic"})]
InputFile = Annotated[str, Meta(extra={"form": "input-file"})]
SecretFile = Annotated[str, Meta(extra={"form": "secret-file"})]
StatePath = Annotated[str, Meta(extra={"form": "state-path"})]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Unit(Section, frozen=True, kw_only=True):
    """Who and where this unit is."""

    id: Annotated[Name, Meta(description="The unit's id: part of every record's identity and of every topic.")] = "rsu-1"
    standard: Annotated[str, Meta(description="Standard of frames that do not say theirs: csae-53, csae-157, sae-j2735.")] = ""
    lat_deg: Annotated[float, Meta(ge=-90, le=90, description="Where the unit stands, WGS-84.")] = 0.0
    lon_deg: Annotated[float, Meta(ge=-180, le=180, description="Where the unit stands, WGS-84.")] = 0.0
    elevation_m: Annotated[float, Meta(ge=-1_000, le=10_000, description="Above the ellipsoid.")] = 0.0
    state_dir: Annotated[
        str,
        Meta(
            min_length=1,
            description="Folder of what must outlive a restart: outbox, database, recordings.",
            extra={"form": "folder"},
        ),
    ] = "state"
    run_dir: Annotated[
        str,
        Meta(
            description="Folder of the sockets between the roles, mode 0700. Empty: inside state_dir.",
            extra={"form": "folder"},
        ),
    ] = ""


class Radio(Section, frozen=True, kw_only=True):
    """A PC5 radio (or any peer) that speaks in UDP datagrams."""

    name: Annotated[Name, Meta(description="Source name in every record; the two hearings of one frame are told apart by it.")]
    listen: Annotated[
        tuple[Listen, ...], Meta(max_length=16, description="host:port to hear on; several are heard as one source.")
    ] = ()
    send: Annotated[Peer, Meta(description="host:port that broadcasts go to; empty: this radio only hears.")] = ""
    send_as: Annotated[
        Literal["dsmp", "wsmp", "none", "immediate-forward"],
        Meta(description="Header of what is sent; immediate-forward: RSU 4.1 text, customary port 1516."),
    ] = "dsmp"
    header: Annotated[Header, Meta(description="Header of what is heard.")] = "auto"
    standard: Annotated[str, Meta(description="Standard where the header does not say it.")] = ""
    channel: Annotated[Literal["pc5", "uu"], Meta(description="Written in every record.")] = "pc5"
    receive_buffer_octets: Annotated[int, Meta(ge=1, le=1_073_741_824, description="Asked of the kernel for bursts.")] = (
        8_388_608
    )


class Controller(Section, frozen=True, kw_only=True):
    """A signal controller whose reports become SPAT."""

    name: Annotated[Name, Meta(description="Source name in every record.")]
    protocol: Annotated[
        Literal["gat1743", "gbt20999", "ntcip"],
        Meta(description="gat1743: GA/T 1743-2020; gbt20999: GB/T 20999-2017; ntcip: NTCIP-style SPAT datagrams."),
    ]
    listen: Annotated[Listen, Meta(min_length=1, description="host:port on which its reports arrive.")] = "127.0.0.1:0"
    peer: Annotated[
        Peer, Meta(description="host:port of the controller, for protocols that must be asked; empty: it reports.")
    ] = ""
    region: Annotated[int, Meta(ge=0, le=65_535, description="Region of the intersection id in SPAT.")] = 0
    intersection: Annotated[int, Meta(ge=0, le=65_535, description="Intersection id in SPAT and MAP.")] = 1
    phases: Annotated[
        dict[str, int],
        Meta(
            description="Lamp, phase or channel of the controller → phaseId (signalGroup) of the MAP; others are left out. "
            "Empty: the controller's own numbers."
        ),
    ] = {}
    device: Annotated[
        int, Meta(ge=0, le=4_294_967_295, description="Number of the controller in its protocol; 0: as it says itself.")
    ] = 0
    standard: Annotated[str, Meta(description="Standard of the SPAT that is broadcast; empty: the unit's.")] = ""
    period_ms: Annotated[int, Meta(ge=100, le=10_000, description="How often SPAT is broadcast.")] = 100


class Perception(Section, frozen=True, kw_only=True):
    """A perception box that sends detected objects as JSON."""

    name: Annotated[Name, Meta(description="Source name in every record.")]
    listen: Annotated[
        str,
        Meta(
            min_length=1,
            description="udp:// datagrams, or tcp:// (ZeroMQ PULL, bound here; with CURVE keys).",
            extra={"form": "box"},
        ),
    ]


class Source(Section, frozen=True, kw_only=True):
    """An interface that an installed package brings (entry points `rsu.live_sources`)."""

    name: Annotated[Name, Meta(description="Source name in every record.")]
    kind: Annotated[Name, Meta(description="Name of the entry point.")]
    settings: Annotated[
        dict[str, str | int | float | bool], Meta(description="What the package's own interface wants to know.")
    ] = {}


class Store(Section, frozen=True, kw_only=True):
    """The outbox on this unit, and the database behind it."""

    url: Annotated[
        str,
        Meta(
            description="SQLite file or postgresql://…; a relative file lies in state_dir; empty: none.",
            extra={"form": "database"},
        ),
    ] = "rsu.db"
    password_file: Annotated[SecretFile, Meta(description="File that holds the password of the database.")] = ""
    outbox: Annotated[StatePath, Meta(min_length=1, description="SQLite file of what is kept until it is delivered.")] = (
        "outbox.db"
    )
    commit_ms: Annotated[int, Meta(ge=1, le=1_000, description="Group commit: how long a record may wait for the disk.")] = 100
    outbox_octets_max: Annotated[
        Positive, Meta(description="Quota of the outbox; raw BSMs are evicted first, events last.")
    ] = 8_000_000_000
    keep_days: Annotated[
        int, Meta(ge=1, le=365, description="How long the outbox keeps what is delivered (YD/T 3847: 7 days).")
    ] = 7
    database_keep_days: Annotated[int, Meta(ge=0, le=3_650, description="Rows older than this are removed; 0: kept.")] = 0
    track_hz: Annotated[
        int, Meta(ge=0, le=10, description="How often a second each track is stored; 0: tracks are not stored.")
    ] = 1
    own_hz: Annotated[
        int,
        Meta(
            ge=0,
            le=10,
            description="How often a second each message that the unit composes itself (RSM, SDSM, SPAT, MAP) is stored and "
            "sent to platforms; 0: it is not.",
        ),
    ] = 1
    decoded: Annotated[
        Literal["none", "all"] | tuple[str, ...], Meta(description="Types whose decoded form is stored as JSON.")
    ] = "none"


class Pipeline(Section, frozen=True, kw_only=True):
    """The roles, how they are spread over processes, and the bounds between them."""

    processes: Annotated[
        tuple[tuple[Role, ...], ...],
        Meta(description="Which roles share a process, each role exactly once; ingest and engine together share a thread."),
    ] = (("ingest", "engine"), ("record", "uplink", "broadcast"))
    batch_records_max: Annotated[int, Meta(ge=1, le=10_000, description="Of one frame between roles.")] = 128
    queue_batches: Annotated[int, Meta(ge=1, le=10_000, description="High-water mark of each socket between roles.")] = 16
    window_records_max: Annotated[Positive, Meta(description="Received and not yet committed; above it records are shed.")] = (
        65_536
    )
    window_octets_max: Annotated[Positive, Meta(description="The same in octets.")] = 67_108_864
    age_ms_max: Annotated[
        Positive, Meta(description="A record that waited longer for the engine is shed, least important first.")
    ] = 1_000
    inlet: Annotated[
        Endpoint, Meta(description="Endpoint where other programs push records in; ipc:// inside run_dir when empty.")
    ] = ""
    bus: Annotated[Endpoint, Meta(description="Endpoint of the numbered live views; ipc:// inside run_dir when empty.")] = ""
    curve_dir: Annotated[
        str,
        Meta(
            description="Folder of the keys of `rsu keys`, without which no tcp:// endpoint is opened.",
            extra={"form": "folder"},
        ),
    ] = ""
    selftest_s: Annotated[
        float, Meta(ge=0, le=3_600, description="A synthetic message goes the whole way this often; 0: never.")
    ] = 5.0
    restart_s_max: Annotated[
        float, Meta(ge=0.1, le=600, description="Longest wait before a role that died is started again.")
    ] = 10.0


class Fusion(Section, frozen=True, kw_only=True):
    """The picture of the road: what is heard and seen, fused into tracks around the unit's position."""

    enabled: Annotated[
        bool, Meta(description="Fuse what is heard and seen into tracks; needs lat_deg and lon_deg of [unit].")
    ] = False


class Compose(Section, frozen=True, kw_only=True):
    """What the unit tells the road of the fused tracks, for those who cannot see."""

    standards: Annotated[
        tuple[str, ...],
        Meta(
            max_length=4,
            description="Standards in which tracks are broadcast, right after each tick of fusion: RSM in csae-53 and "
            "csae-157, SDSM in sae-j2735. Empty: they are not.",
        ),
    ] = ()
    messages: Annotated[
        tuple[Literal["RoadsideSafetyMessage", "SensorSharingMsg", "SensorDataSharingMessage"], ...],
        Meta(max_length=3, description="Message types, where it is not to be RSM in China and SDSM in North America."),
    ] = ()
    rsu_number: Annotated[
        str,
        Meta(
            description="The 8 octets of the unit in RSM, as text or 16 hex digits; empty: its id.", extra={"form": "octets-8"}
        ),
    ] = ""
    ssm_aid: Annotated[
        int, Meta(ge=0, le=4_294_967_295, description="AID of SensorSharingMsg, which no published table has; 0: not known.")
    ] = 0


class Map(Section, frozen=True, kw_only=True):
    """A MAP of the crossing: lanes for the tracks, and broadcast once a second."""

    name: Annotated[Name, Meta(description="For the log.")]
    file: Annotated[
        InputFile,
        Meta(min_length=1, description="A MessageFrame with the MAP, octets or hex, as `rsu encode` writes it."),
    ]
    standard: Annotated[str, Meta(description="Its standard; empty: the unit's.")] = ""
    broadcast: Annotated[bool, Meta(description="Send it, at the period of the standard.")] = True


class Recording(Section, frozen=True, kw_only=True):
    """What is heard, written as log files that `rsu replay` reads."""

    dir: Annotated[StatePath, Meta(description="Folder for the files; empty: nothing is recorded.")] = ""
    format: Annotated[Literal["jsonl", "mcap"], Meta(description="Of the files; `rsu replay` reads both.")] = "mcap"
    file_octets_max: Annotated[Positive, Meta(description="A new file begins at this size.")] = 268_435_456
    file_s_max: Annotated[Positive, Meta(description="A new file begins at this age.")] = 3_600
    keep_octets_max: Annotated[Positive, Meta(description="The oldest files are removed above this sum.")] = 8_000_000_000
    keep_days: Annotated[int, Meta(ge=1, le=365, description="The files are removed at this age (YD/T 3847: 7 days).")] = 7


class Mqtt(Section, frozen=True, kw_only=True):
    """A platform that speaks MQTT 5 with T/ITS 0117 messages."""

    host: Annotated[str, Meta(min_length=1, max_length=253, description="Of the broker.")]
    port: Annotated[Port, Meta(description="Of the broker; 8883 is customary with TLS.")] = 1883
    client_id: Annotated[str, Meta(description="Empty: the unit's id.")] = ""
    username: Annotated[str, Meta(description="Empty: the broker lets everybody in.")] = ""
    password_file: Annotated[SecretFile, Meta(description="File that holds the password; secrets are never in rsu.toml.")] = ""
    tls_ca_file: Annotated[InputFile, Meta(description="CA certificate; given: the connection is encrypted.")] = ""
    tls_cert_file: Annotated[InputFile, Meta(description="This unit's certificate, where the broker asks for one.")] = ""
    tls_key_file: Annotated[SecretFile, Meta(description="The certificate's private key.")] = ""
    topic_up: Annotated[Topic, Meta(min_length=1, description="Template of topics to the platform: {rsu}, {type}.")] = (
        "V2X.RSU.{type}.UP"
    )
    topic_down: Annotated[Topic, Meta(min_length=1, description="Template of topics from the platform.")] = (
        "V2X.RSU.{type}.DOWN"
    )
    rsu_number: Annotated[
        str, Meta(description="The 8 octets rsuId of the binary form, as text or 16 hex digits.", extra={"form": "octets-8"})
    ] = ""
    heartbeat_s: Annotated[float, Meta(gt=0, le=3_600, description="T/ITS 0117: 60 s unless CONFIG says otherwise.")] = 60.0
    running_info_s: Annotated[float, Meta(gt=0, le=3_600, description="The same for running information.")] = 60.0


class Nats(Section, frozen=True, kw_only=True):
    """A zone that speaks NATS JetStream."""

    servers: Annotated[tuple[Server, ...], Meta(min_length=1, max_length=16, description="Tried in turn.")]
    stream: Annotated[Name, Meta(description="JetStream stream that keeps the subjects.")] = "V2X"
    subject: Annotated[
        str, Meta(min_length=1, description="Template: {rsu}, {channel}, {type}.", extra={"form": "subject"})
    ] = "v2x.{rsu}.{channel}.{type}"
    credentials_file: Annotated[SecretFile, Meta(description="Of `nsc`: user JWT and seed.")] = ""
    tls_ca_file: Annotated[InputFile, Meta(description="CA certificate of the servers.")] = ""


class Observability(Section, frozen=True, kw_only=True):
    """How the unit says how it is."""

    listen: Annotated[Listen, Meta(description="host:port of /metrics, /healthz, /readyz and /status; empty: none.")] = (
        "127.0.0.1:9117"
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Meta(description="What is less important is not logged.")
    ] = "info"
    log_file: Annotated[StatePath, Meta(description="JSON lines; empty: standard error.")] = ""
    clock_error_ms_max: Annotated[
        float, Meta(gt=0, le=60_000, description="Above it the clock counts as bad (T/CSAE 53: 150 ms).")
    ] = 150.0


class Config(Section, frozen=True, kw_only=True):
    """All of `rsu.toml`."""

    unit: Unit = Unit()
    radio: Annotated[tuple[Radio, ...], Meta(max_length=SOURCES_MAX)] = ()
    controller: Annotated[tuple[Controller, ...], Meta(max_length=SOURCES_MAX)] = ()
    perception: Annotated[tuple[Perception, ...], Meta(max_length=SOURCES_MAX)] = ()
    source: Annotated[tuple[Source, ...], Meta(max_length=SOURCES_MAX)] = ()
    pipeline: Pipeline = Pipeline()
    store: Store = Store()
    fusion: Fusion = Fusion()
    compose: Compose = Compose()
    map: Annotated[tuple[Map, ...], Meta(max_length=SOURCES_MAX)] = ()
    recording: Recording = Recording()
    mqtt: Mqtt | None = None
    nats: Nats | None = None
    observability: Observability = Observability()
