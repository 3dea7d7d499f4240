#!/usr/bin/env python3
"""An experiment without asyncio, as in PsychoPy: a recording with a marker a trial.

usage: markers.py [TRIALS] [URL]        (a band must be connected: linkbandctl connect)
"""

import sys
import time

import linkband

TRIALS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
URL = sys.argv[2] if len(sys.argv) > 2 else linkband.DEFAULT_URL

with linkband.Band(URL) as band:
    session = band.start_recording(session_name="markers")["session_id"]
    for trial in range(TRIALS):
        # In PsychoPy: band.insert_marker in win.callOnFlip, with timestamp=time.time() * 1000.
        band.insert_marker(f"trial {trial}", timestamp=time.time() * 1000)
        time.sleep(0.5)
    band.stop_recording()
    print(session)
