"""Live interfaces: sockets that the ingest role polls. How one behaves is written in :mod:`rsu.sources.live.base`."""
