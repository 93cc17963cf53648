"""Message processor for C-V2X roadside units.

The codec in four lines::

    import rsu
    schema = rsu.load_schema("sae-j2735")
    message = schema.decode("MessageFrame", data)   # {'messageId': 20, 'value': ('BasicSafetyMessage', {...})}
    data = schema.encode("MessageFrame", message)
"""

from rsu.errors import (
    CodecError,
    ConfigError,
    DecodeError,
    EncodeError,
    FrameError,
    RsuError,
    SchemaError,
    SourceError,
    StoreError,
)
from rsu.schema import Schema, load_schema

__version__ = "0.1.0"

__all__ = [
    "CodecError",
    "ConfigError",
    "DecodeError",
    "EncodeError",
    "FrameError",
    "RsuError",
    "Schema",
    "SchemaError",
    "SourceError",
    "StoreError",
    "__version__",
    "load_schema",
]
