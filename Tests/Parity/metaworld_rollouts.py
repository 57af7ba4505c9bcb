#!/usr/bin/env python3
"""A rollout of one of Meta-World's environments as its package makes it, in numbers that a test compares with the library's.

    metaworld_rollouts.py ENVIRONMENT REWARD_VERSION SEED STEPS

Number d of action t is ((7 t + 13 d) mod 21 - 10) / 10. Every step prints reward, truncation, success and the observation's
sum of float32 bits; what follows an end is the next episode's first observation.
"""

import sys

import gymnasium
import metaworld  # noqa: F401, registers the environments
import numpy

name, version, seed, steps = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
environment = gymnasium.make(
    "Meta-World/MT1", env_name=name, seed=seed, reward_function_version=version, disable_env_checker=True)


def bits(observation):
    return int(numpy.asarray(observation, numpy.float32).view(numpy.uint32).sum(dtype=numpy.uint64))


observation, _ = environment.reset()
print(bits(observation))
for t in range(steps):
    action = ((7 * t + 13 * numpy.arange(4)) % 21 - 10).astype(numpy.float32) / numpy.float32(10)
    observation, reward, terminated, truncated, information = environment.step(action)
    final = bits(observation)
    if truncated:
        observation, _ = environment.reset()
    print(
        numpy.float32(reward).view(numpy.uint32), int(terminated), int(truncated), int(information["success"] > 0),
        bits(observation), final)
