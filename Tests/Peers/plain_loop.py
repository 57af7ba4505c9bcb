#!/usr/bin/env python3
"""Steps environments in a plain loop of one process, as `WorkerBenchmarks` steps them through the bridge.

    plain_loop.py FOLDER MODULE SLOTS SECONDS

MODULE, in FOLDER, has `make(slot)`. Every line on the standard input asks for one round, and is answered with microseconds a step, of the
processor and of the clock on the wall.
"""

import importlib
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"
sys.path.insert(0, sys.argv[1])
module, slots, seconds = importlib.import_module(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
environments = [module.make(slot) for slot in range(slots)]
for environment in environments:
    environment.reset(seed=1)
action = environments[0].action_space.sample() * 0
for _ in sys.stdin:
    start, processor, steps = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - start < seconds:
        for environment in environments:
            _, _, terminated, truncated, _ = environment.step(action)
            if terminated or truncated:
                environment.reset()
        steps += slots
    print(1e6 * (time.process_time() - processor) / steps, 1e6 * (time.perf_counter() - start) / steps, flush=True)
