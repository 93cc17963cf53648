"""Live interfaces that messages go out by. :func:`open_senders` opens those of a configuration."""

from __future__ import annotations

from rsu.config import Config
from rsu.sinks.live.radio import RadioSender

__all__ = ["RadioSender", "open_senders"]


def open_senders(config: Config) -> list[RadioSender]:
    """A sender for each radio that has somewhere to send to.

    :raises ConfigError: for an address that is none.
    """
    senders: list[RadioSender] = []
    try:
        for radio in config.radio:
            if radio.send:
                senders.append(RadioSender(radio))
    except BaseException:
        for sender in senders:
            sender.close()
        raise
    return senders
