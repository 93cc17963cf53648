"""`python -m bench`: see :mod:`bench.ratios`."""

import sys

from bench.ratios import main

sys.exit(main())
