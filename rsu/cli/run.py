"""`rsu run`: a live unit, until it is stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rsu.cli.console import print_json, print_line
from rsu.cli.options import Json

NAME = "run"


def run(
    config: Annotated[Path, typer.Option("--config", "-c", help="The unit's rsu.toml.")],
    as_json: Json = False,
) -> None:
    """Run a live unit: hear, decode, store, report, until SIGTERM or Ctrl-C.

    Exit codes: 0 after an orderly stop, 5 for settings that cannot be used.
    """
    import signal

    from rsu.observability.logs import configure_logging
    from rsu.pipeline.preflight import load_checked
    from rsu.pipeline.supervisor import Supervisor

    settings = load_checked(config)
    configure_logging(settings.observability, "supervisor", settings.unit.state_dir)
    supervisor = Supervisor(settings, config, print_line if not as_json else lambda line: None)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: supervisor.stop())
    restarts = supervisor.run()
    ledger = supervisor.registry
    if as_json:
        print_json({"restarts": restarts, "stored": int(ledger.total("rsu_messages_stored_total"))})
    else:
        print_line(f"stopped; {int(ledger.total('rsu_messages_stored_total')):,} messages stored")
