"""The outbox of a unit and the database of the test zone: outcomes in, rows, ledger and digest out.

:func:`open_store` takes a URL (SQLite or PostgreSQL 15 and up) and brings its tables up to date. One transaction holds a
batch of rows and their part of the ledger, so that the account is right at any moment and a broken run leaves nothing half
written. A live unit puts its outcomes into an :class:`Outbox`, from which a :class:`Delivery` carries them into the database.
"""

from rsu.store.account import Tally
from rsu.store.boxfile import DiskFullError
from rsu.store.delivery import Delivery
from rsu.store.outbox import Outbox, Reader
from rsu.store.parcels import Evicted, Parcel, Stocked, Usage
from rsu.store.queries import Query
from rsu.store.store import Store, open_store

__all__ = [
    "Delivery",
    "DiskFullError",
    "Evicted",
    "Outbox",
    "Parcel",
    "Query",
    "Reader",
    "Stocked",
    "Store",
    "Tally",
    "Usage",
    "open_store",
]
