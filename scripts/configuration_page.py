"""Write docs/configuration.md from the structs of rsu.config; with --check, only say whether it is current."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PAGE = CHECKOUT / "docs" / "configuration.md"
sys.path.insert(0, str(CHECKOUT))

from rsu.config.environment import variable  # noqa: E402 - the checkout's, not an installed one
from rsu.config.example import toml  # noqa: E402
from rsu.config.keys import Key, Table, tables  # noqa: E402

HEAD = """\
# Configuration

<!-- Written by scripts/configuration_page.py from rsu/config/sections.py; do not change it by hand. -->

A unit has one file of settings, `rsu.toml`. Everything has a default but what says "must be given"; an unknown key or table is
an error, and says which one was meant.

| command | |
|---|---|
| `rsu config --example > rsu.toml` | a file to begin with: all on loopback, no server needed, every key with its comment |
| `rsu config --check -c rsu.toml` | all that is wrong, and warnings; exit code 0: can be used, 5: cannot |
| `rsu config --explain [TABLE…]` | this page on a terminal; `--json` for programs |

```console
$ rsu config --example > rsu.toml
$ rsu config --check
rsu.toml: can be used
next: rsu run -c rsu.toml
$ RSU_PIPELINE__QUEUE_BATCHES=0 rsu config --check  # exit 5
RSU_PIPELINE__QUEUE_BATCHES: [pipeline] queue_batches = 0: must be 1..10000
rsu.toml: cannot be used: 1 problem
next: rsu config --explain
```

## Environment

A variable wins over the file: `RSU_`, the table, two underscores, the key, in capitals: `RSU_UNIT__ID=rsu-7`. Where a table
may be there several times, its number in the file comes between: `RSU_RADIO__2__SEND=10.0.0.7:1516`. The text is read by the
type of the key: texts of a list are separated by commas, nested lists and tables are written as in TOML. A variable that
names no key is an error. `RSU_CONFIG` names the file itself.

## Paths and secrets

- Relative paths count from the folder of the file; those of the outbox, the database, recordings and the log from `state_dir`.
- `run_dir` is made with mode 0700; a folder that others can write is refused. Its path has at most 82 octets.
- Secrets are in files only, never in `rsu.toml` or the environment: their keys end with `_file`. A file that every user can
  read, or that is empty, is refused; the line end is no part of the secret. A password in a URL is refused.
- A `tcp://` endpoint is opened with CURVE keys only ([keys](#keys-of-tcp-endpoints)).

"""

KEYS = """\
## Keys of tcp:// endpoints

```console
$ rsu keys make keys server
keys/server.key: the public key
keys/server.key_secret: the secret key, which stays on this machine
…
$ rsu keys make client viewer
…
$ rsu keys allow keys client/viewer.key
viewer may connect (keys/allowed/viewer.key)
next: rsu keys list keys
$ rsu keys list keys
 name     kind      public key
…
 server   pair      …
 viewer   allowed   …
next: rsu keys allow keys CLIENT.key
```

`[pipeline] curve_dir = "keys"` then lets `inlet`, `bus` and perception boxes be `tcp://`. A client has its own pair and the
unit's `server.key`, and sets them on its socket (ZeroMQ: `CURVE_SERVERKEY`, `CURVE_PUBLICKEY`, `CURVE_SECRETKEY`); in Python,
`rsu.security.curve.connect(socket, endpoint, "client", "viewer")` does. The unit sees at once when a key is allowed. One that
is removed from `allowed/` is refused at its next handshake; restart the unit to cut a connection that stands.
"""


def page() -> str:
    """The text of the page."""
    return HEAD + "\n".join(line for table in tables().values() for line in _table(table)) + "\n" + KEYS


def _table(table: Table) -> Iterator[str]:
    notes = f" Any number of these, at most {table.most}." if table.repeated else ""
    notes += " Only where it is needed: without it there is none." if table.optional else ""
    yield f"## {table.title}"
    yield ""
    yield f"{table.description}{notes}"
    yield ""
    yield "| key | must be | default | |"
    yield "|---|---|---|---|"
    for key in table.keys:
        yield _row(key)
    yield ""
    yield f"Variables: `{variable(table.keys[0], table.repeated)}` …"
    yield ""


def _row(key: Key) -> str:
    default = "must be given" if key.required else f"`{toml(key.default)}`"
    return f"| `{key.name}` | {key.allowed} | {default} | {key.description} |"


if __name__ == "__main__":
    written = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if written == page() else f"{PAGE}: is not current: run `python scripts/configuration_page.py`")
    PAGE.write_text(page(), encoding="utf-8")
