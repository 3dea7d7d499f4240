"""`python -m linkband` is linkbandctl."""

import sys

from .ctl import main

sys.exit(main())
