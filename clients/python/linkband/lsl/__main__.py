"""`python -m linkband.lsl`: linkband-lsl."""

import sys

from . import main

if __name__ == "__main__":
    sys.exit(main())
