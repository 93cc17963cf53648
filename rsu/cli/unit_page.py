"""The /status page of a running unit, fetched and typed."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rsu.errors import ConfigError, SourceError

if TYPE_CHECKING:
    from rsu.observability.status import Status

DEFAULT = "http://127.0.0.1:9117"
FETCH_S = 5.0
PAGE_OCTETS_MAX = 4_194_304

Url = Annotated[str, typer.Option("--url", metavar="URL", envvar="RSU_URL", help=f"Where the unit serves; default {DEFAULT}.")]
ConfigFile = Annotated[
    Path | None, typer.Option("-c", "--config", metavar="FILE", help="rsu.toml of the unit, which says where it serves.")
]


def page_url(url: str, config: Path | None) -> str:
    """Where the page is.

    :raises ConfigError: for a unit that serves none.
    """
    if not url and config is not None:
        from rsu.config import load_config

        listen = load_config(config).observability.listen
        if not listen:
            raise ConfigError(f"{config}: [observability] listen is empty: this unit serves no pages")
        host, _, port = listen.rpartition(":")
        url = f"http://{ {'0.0.0.0': '127.0.0.1', '[::]': '[::1]'}.get(host, host) }:{port}"
    base = (url or DEFAULT).rstrip("/")
    if not base.startswith(("http://", "https://")):
        raise ConfigError(f"--url {url}: must begin with http:// or https://")
    return base if base.endswith("/status") else f"{base}/status"


def fetch(url: str) -> Status:
    """The page.

    :raises SourceError: for a unit that does not answer, or answers something else.
    """
    import msgspec

    from rsu.observability.status import Status

    try:
        with urllib.request.urlopen(url, timeout=FETCH_S) as answer:
            octets = answer.read(PAGE_OCTETS_MAX + 1)
    except urllib.error.HTTPError as error:
        raise SourceError(f"{url}: answers {error.code} {error.reason}: is this a unit?") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        raise SourceError(f"{url}: no answer: {reason}: is the unit running, and is this [observability] listen?") from error
    if len(octets) > PAGE_OCTETS_MAX:
        raise SourceError(f"{url}: answers more than {PAGE_OCTETS_MAX} octets: is this a unit?")
    try:
        return msgspec.json.decode(octets, type=Status)
    except msgspec.DecodeError as error:
        raise SourceError(f"{url}: is no /status page: {error}") from error
