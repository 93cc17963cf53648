"""``python -m tests.soak``: see :mod:`tests.soak.command`."""

import sys

from .command import main

sys.exit(main())
