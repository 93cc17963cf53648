"""The uplink: what the unit recorded, from the outbox to platforms over MQTT and NATS, and what they send down.

:class:`Uplink` is the role. Its parts, from pure to connected: :mod:`its0117` (binary form), :mod:`topics`, :mod:`forms`
(JSON), :mod:`sampling` (what the platform wants), :mod:`packing`, :mod:`orders` (what it sends down), :mod:`target` (cursor
and flight), :mod:`mqtt`, :mod:`nats`. docs/cloud.md describes topics and forms.
"""

from rsu.uplink.parcels import Outbox, Stocked
from rsu.uplink.uplink import Parameters, Uplink

__all__ = ["Outbox", "Parameters", "Stocked", "Uplink"]
