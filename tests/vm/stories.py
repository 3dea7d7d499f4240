#!/usr/bin/python3
"""All stories, in the guest: stories.py PROGRAM BOOTTIME STORY..."""

import sys

import rounds
import several  # noqa: F401  its stories
import starts  # noqa: F401

if __name__ == "__main__":
    sys.exit(rounds.main(sys.argv[3:] or list(rounds.STORIES)))
