"""`python -m rsu.cli` is `rsu`, for a checkout that is not installed."""

from rsu.cli.app import main

# The processes that `rsu replay --jobs` starts import this module under another name.
if __name__ == "__main__":
    main()
