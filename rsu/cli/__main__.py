"""`python -m rsu.cli` is `rsu`, for a checkout that is not installed."""

from rsu.cli.app import main

main()
