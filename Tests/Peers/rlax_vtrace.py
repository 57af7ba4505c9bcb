"""rlax's side of the comparison: V-trace on `[T, B]` arrays, jitted and vmapped. Prints microseconds, the median."""

import argparse
import json
import time

import jax
import jax.numpy as jnp
import numpy as np
import rlax

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--unroll", type=int, default=100)
parser.add_argument("--batch", type=int, default=1024)
parser.add_argument("--repetitions", type=int, default=30)
options = parser.parse_args()
shape = options.unroll, options.batch
random = np.random.default_rng(0)
value = random.normal(size=(shape[0] + 1, shape[1])).astype(np.float32)
reward = random.normal(size=shape).astype(np.float32)
discount = (0.99 * (random.random(shape) > 0.02)).astype(np.float32)
rho = np.exp(0.3 * random.normal(size=shape)).astype(np.float32)
vtrace = jax.jit(jax.vmap(rlax.vtrace_td_error_and_advantage, in_axes=1, out_axes=1))
arrays = [jnp.asarray(x) for x in (value[:-1], value[1:], reward, discount, rho)]
times = []
for _ in range(options.repetitions + 3):
    # XLA's threads would hide in wall-clock time what they cost.
    start = time.process_time()
    jax.block_until_ready(vtrace(*arrays))
    times.append(time.process_time() - start)
print(json.dumps({"microseconds": 1e6 * sorted(times[3:])[options.repetitions // 2]}))
