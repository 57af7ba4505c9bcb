"""Starts a worker process: `worker.py FOLDER`, with the folder's start.json (polymath_worker/bridge.py)."""

import os
import sys

# A process that multiprocessing starts runs this file again, under another name, and must do nothing.
if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    # This folder comes last, and all that it holds is one package: a user's own modules may have any other name.
    sys.path[:] = [place for place in sys.path if os.path.abspath(place) != here] + [here]
    from polymath_worker import bridge

    bridge.main(sys.argv.pop())
