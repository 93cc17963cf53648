"""The sections of `rsu.toml`: every key with its unit, bounds and default, and a sentence that `rsu config --explain` prints.

A section is a frozen struct; an unknown key is an error. Units stand last in the names.
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


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class Unit(Section, frozen=True, kw_only=True):
    """Who and where this unit is."""

    id: Annotated[Name, Meta(description="The unit's id: part of every record's identity and of every topic.")] = "rsu-1"
    standard: Annotated[str, Meta(description="Standard of frames that do not say theirs: csae-53, csae-157, sae-j2735.")] = ""
    lat_deg: Annotated[float, Meta(ge=-90, le=90, description="Where the unit stands, WGS-84.")] = 0.0
    lon_deg: Annotated[float, Meta(ge=-180, le=180, description="Where the unit stands, WGS-84.")] = 0.0
    elevation_m: Annotated[float, Meta(description="Above the ellipsoid.")] = 0.0
    state_dir: Annotated[str, Meta(description="Folder of what must outlive a restart: outbox, database, recordings.")] = (
        "state"
    )
    run_dir: Annotated[
        str, Meta(description="Folder of the sockets between the roles, mode 0700. Empty: inside state_dir.")
    ] = ""


class Radio(Section, frozen=True, kw_only=True):
    """A PC5 radio (or any peer) that speaks in UDP datagrams."""

    name: Annotated[Name, Meta(description="Source name in every record; the two hearings of one frame are told apart by it.")]
    listen: Annotated[tuple[str, ...], Meta(description="host:port to hear on; several are heard as one source.")] = ()
    send: Annotated[str, Meta(description="host:port that broadcasts go to; empty: this radio only hears.")] = ""
    send_as: Annotated[
        Literal["dsmp", "wsmp", "none", "immediate-forward"],
        Meta(description="Header of what is sent; immediate-forward: RSU 4.1 text, customary port 1516."),
    ] = "dsmp"
    header: Annotated[Header, Meta(description="Header of what is heard.")] = "auto"
    standard: Annotated[str, Meta(description="Standard where the header does not say it.")] = ""
    channel: Literal["pc5", "uu"] = "pc5"
    receive_buffer_octets: Annotated[Positive, Meta(description="Asked of the kernel for bursts.")] = 8_388_608


class Controller(Section, frozen=True, kw_only=True):
    """A signal controller whose reports become SPAT."""

    name: Name
    protocol: Literal["gat1743", "gbt20999", "ntcip"]
    listen: Annotated[str, Meta(description="host:port on which its reports arrive.")] = "127.0.0.1:0"
    peer: Annotated[
        str, Meta(description="host:port of the controller, for protocols that must be asked; empty: it reports.")
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

    name: Name
    listen: Annotated[str, Meta(description="udp://host:port or tcp://host:port (ZeroMQ PULL, bound here).")]


class Source(Section, frozen=True, kw_only=True):
    """An interface that an installed package brings (entry points `rsu.live_sources`)."""

    name: Name
    kind: Annotated[Name, Meta(description="Name of the entry point.")]
    settings: Annotated[
        dict[str, str | int | float | bool], Meta(description="What the package's own interface wants to know.")
    ] = {}


class Store(Section, frozen=True, kw_only=True):
    """The outbox on this unit, and the database behind it."""

    url: Annotated[str, Meta(description="SQLite file or postgresql://…; a relative file lies in state_dir; empty: none.")] = (
        "rsu.db"
    )
    outbox: Annotated[str, Meta(description="SQLite file of what is kept until it is delivered; in state_dir.")] = "outbox.db"
    commit_ms: Annotated[int, Meta(ge=1, le=1_000, description="Group commit: how long a record may wait for the disk.")] = 100
    outbox_octets_max: Annotated[
        Positive, Meta(description="Quota of the outbox; raw BSMs are evicted first, events last.")
    ] = 8_000_000_000
    keep_days: Annotated[
        int, Meta(ge=1, le=365, description="How long the outbox keeps what is delivered (YD/T 3847: 7 days).")
    ] = 7
    database_keep_days: Annotated[int, Meta(ge=0, le=3_650, description="Rows older than this are removed; 0: kept.")] = 0
    decoded: Annotated[
        Literal["none", "all"] | tuple[str, ...], Meta(description="Types whose decoded form is stored as JSON.")
    ] = "none"


class Pipeline(Section, frozen=True, kw_only=True):
    """The roles, how they are spread over processes, and the bounds between them."""

    processes: Annotated[
        tuple[tuple[Role, ...], ...], Meta(description="Which roles share a process; each role exactly once.")
    ] = (("engine",), ("ingest", "record", "uplink", "broadcast"))
    batch_records_max: Annotated[int, Meta(ge=1, le=10_000, description="Of one frame between roles.")] = 256
    queue_batches: Annotated[int, Meta(ge=1, le=10_000, description="High-water mark of each socket between roles.")] = 16
    window_records_max: Annotated[Positive, Meta(description="Received and not yet committed; above it records are shed.")] = (
        65_536
    )
    window_octets_max: Annotated[Positive, Meta(description="The same in octets.")] = 67_108_864
    age_ms_max: Annotated[
        Positive, Meta(description="A record that waited longer for the engine is shed, least important first.")
    ] = 1_000
    inlet: Annotated[
        str, Meta(description="Endpoint where other programs push records in; ipc:// inside run_dir when empty.")
    ] = ""
    bus: Annotated[str, Meta(description="Endpoint of the numbered live views; ipc:// inside run_dir when empty.")] = ""
    curve_dir: Annotated[str, Meta(description="Keys of `rsu keys`, without which no tcp:// endpoint is opened.")] = ""
    selftest_s: Annotated[
        float, Meta(ge=0, le=3_600, description="A synthetic message goes the whole way this often; 0: never.")
    ] = 5.0
    restart_s_max: Annotated[
        float, Meta(ge=0.1, le=600, description="Longest wait before a role that died is started again.")
    ] = 10.0


class Recording(Section, frozen=True, kw_only=True):
    """What is heard, written as log files that `rsu replay` reads."""

    dir: Annotated[str, Meta(description="Folder for the files; empty: nothing is recorded.")] = ""
    format: Literal["jsonl", "mcap"] = "mcap"
    file_octets_max: Annotated[Positive, Meta(description="A new file begins at this size.")] = 268_435_456
    file_s_max: Annotated[Positive, Meta(description="A new file begins at this age.")] = 3_600
    keep_octets_max: Annotated[Positive, Meta(description="The oldest files are removed above this sum.")] = 8_000_000_000
    keep_days: Annotated[int, Meta(ge=1, le=365)] = 7


class Mqtt(Section, frozen=True, kw_only=True):
    """A platform that speaks MQTT 5 with T/ITS 0117 messages."""

    host: str
    port: Port = 1883
    client_id: Annotated[str, Meta(description="Empty: the unit's id.")] = ""
    username: str = ""
    password_file: Annotated[str, Meta(description="File that holds the password; secrets are never in rsu.toml.")] = ""
    tls_ca_file: Annotated[str, Meta(description="CA certificate; given: the connection is encrypted.")] = ""
    tls_cert_file: str = ""
    tls_key_file: str = ""
    topic_up: Annotated[str, Meta(description="Template of topics to the platform: {rsu}, {type}.")] = "V2X.RSU.{type}.UP"
    topic_down: Annotated[str, Meta(description="Template of topics from the platform.")] = "V2X.RSU.{type}.DOWN"
    rsu_number: Annotated[str, Meta(description="The 8 octets rsuId of the binary form, as text or 16 hex digits.")] = ""
    heartbeat_s: Annotated[float, Meta(gt=0, le=3_600, description="T/ITS 0117: 60 s unless CONFIG says otherwise.")] = 60.0
    running_info_s: Annotated[float, Meta(gt=0, le=3_600)] = 60.0


class Nats(Section, frozen=True, kw_only=True):
    """A zone that speaks NATS JetStream."""

    servers: tuple[str, ...]
    stream: Name = "V2X"
    subject: Annotated[str, Meta(description="Template: {rsu}, {channel}, {type}.")] = "v2x.{rsu}.{channel}.{type}"
    credentials_file: str = ""
    tls_ca_file: str = ""


class Observability(Section, frozen=True, kw_only=True):
    """How the unit says how it is."""

    listen: Annotated[str, Meta(description="host:port of /metrics, /healthz, /readyz and /status; empty: none.")] = (
        "127.0.0.1:9117"
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_file: Annotated[str, Meta(description="JSON lines; empty: standard error.")] = ""
    clock_error_ms_max: Annotated[float, Meta(gt=0, description="Above it the clock counts as bad (T/CSAE 53: 150 ms).")] = (
        150.0
    )


class Config(Section, frozen=True, kw_only=True):
    """All of `rsu.toml`."""

    unit: Unit = Unit()
    radio: tuple[Radio, ...] = ()
    controller: tuple[Controller, ...] = ()
    perception: tuple[Perception, ...] = ()
    source: tuple[Source, ...] = ()
    pipeline: Pipeline = Pipeline()
    store: Store = Store()
    recording: Recording = Recording()
    mqtt: Mqtt | None = None
    nats: Nats | None = None
    observability: Observability = Observability()
