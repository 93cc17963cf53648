"""The database of the test-zone platform: outcomes in, rows, ledger and digest out.

:func:`open_store` takes a URL (SQLite or PostgreSQL 15 and up) and brings its tables up to date. One transaction holds a
batch of rows and their part of the ledger, so that the account is right at any moment and a broken run leaves nothing half
written.
"""

from rsu.store.account import Tally
from rsu.store.queries import Query
from rsu.store.store import Store, open_store

__all__ = ["Query", "Store", "Tally", "open_store"]
