"""`python -m linkband.osc`: linkband-osc."""

import sys

from . import main

if __name__ == "__main__":
    sys.exit(main())
