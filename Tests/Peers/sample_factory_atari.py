"""Sample Factory's own Atari example, with the games of a current ale-py."""

import sys

import ale_py  # noqa: F401  (its import registers the games, in every process that Sample Factory starts)
from sf_examples.atari.train_atari import main

if __name__ == "__main__":  # its processes import this file again
    sys.exit(main())
