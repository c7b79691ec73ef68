"""`python -m ghostkit.testing.simulator`."""

import os
import sys

from ghostkit.testing.simulator.command import main

if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # a thread may still wait for stdin
