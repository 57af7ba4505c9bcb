"""Agent steps a CPU second of three ways to play Atari, in turn: medians of rounds.

    Tests/Peers/atari_loops.py [GAME ...]     breakout and pong by default

Needs a Python with Sources/Environments/Worker/Python/requirements.txt and opencv-python-headless (Gymnasium's wrappers scale
frames with it). `vector` is atari_batch.py (ale-py's AtariVectorEnv), `exact` is atari_exact_batch.py, `wrappers` Gymnasium's
AtariPreprocessing and FrameStackObservation; each plays the same random actions in one thread.
"""

import os
import pathlib
import statistics
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Sources/Environments/Worker/Python"))

import ale_py
from polymath_worker import atari_batch, atari_exact_batch
import cv2
import gymnasium
import numpy
from gymnasium.wrappers import AtariPreprocessing, FrameStackObservation

SLOTS, STEPS, ROUNDS = 8, 100, 3
OPTIONS = {"frame_skip": 4, "sticky_actions": 0.0, "noop_max": 30, "fire_reset": True, "max_frames": 108_000}
FIELDS = ("reward", "terminated", "truncated", "lives", "valid", "success")


def batch(module, game):
    frames = numpy.empty((2, SLOTS, 4, 84, 84), numpy.uint8)
    arrays = {"observation": [frames[0]], "final": [frames[1]], "action": numpy.zeros(SLOTS, numpy.int32)}
    arrays.update({name: numpy.zeros(SLOTS, numpy.float32) for name in FIELDS})
    hosted = module.Batch(SLOTS, list(range(SLOTS)), {**OPTIONS, "game": game}, arrays)
    hosted.reset()

    def step(actions):
        arrays["action"][:] = actions
        hosted.step()

    return step


def wrappers(game):
    # Grey at once: colours, which the wrapper would not look at, take longer.
    arguments = {
        "repeat_action_probability": 0.0, "frameskip": 1, "full_action_space": True, "obs_type": "grayscale"}
    environments = [
        FrameStackObservation(AtariPreprocessing(gymnasium.make(game_id(game), **arguments)), 4, padding_type="zero")
        for _ in range(SLOTS)
    ]
    for seed, environment in enumerate(environments):
        environment.reset(seed=seed)
    frames = numpy.empty((SLOTS, 4, 84, 84), numpy.uint8)

    def step(actions):
        for slot, environment in enumerate(environments):
            observation, _, terminated, truncated, _ = environment.step(int(actions[slot]))
            frames[slot] = environment.reset()[0] if terminated or truncated else observation

    return step


def game_id(game):
    return f"ALE/{game.title().replace('_', '')}-v5"


def rates(loops, actions):
    """Steps a CPU second of each, taken in turn step by step: a machine's neighbours slow all of them alike."""
    seconds = dict.fromkeys(loops, 0.0)
    for row in actions:
        for name, step in loops.items():
            start = time.process_time()
            step(row)
            seconds[name] += time.process_time() - start
    return {name: actions.size / taken for name, taken in seconds.items()}


def main():
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    cv2.setNumThreads(1)
    for game in sys.argv[1:] or ("breakout", "pong"):
        loops = {
            "vector": batch(atari_batch, game),
            "exact": batch(atari_exact_batch, game),
            "wrappers": wrappers(game),
        }
        random = numpy.random.default_rng(0)
        rounds = [rates(loops, random.integers(18, size=(STEPS, SLOTS))) for _ in range(ROUNDS)]
        print(f"{game:10}", *(f"{name} {statistics.median(one[name] for one in rounds):7,.0f}" for name in loops))
        for first, second in (("exact", "vector"), ("vector", "wrappers"), ("exact", "wrappers")):
            ratios = sorted(one[first] / one[second] for one in rounds)
            print(f"{'':10} {first} / {second}: {ratios[ROUNDS // 2]:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
