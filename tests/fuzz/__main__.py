"""``python -m tests.fuzz``: see :mod:`tests.fuzz.command`."""

import sys

from .command import main

sys.exit(main())
