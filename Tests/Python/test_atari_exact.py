#!/usr/bin/env python3
"""The batch whose state can be saved plays as ale-py's vector environment does, and goes on from a state to the bit.

    Tests/Python/test_atari_exact.py [-v] [TEST ...]    by a Python with ale-py and gymnasium; skipped without
"""

import importlib.util
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Sources/Environments/Worker/Python"))
os.environ["OPENBLAS_NUM_THREADS"] = "1"

HAS_EMULATOR = importlib.util.find_spec("ale_py") is not None
if HAS_EMULATOR:
    from polymath_worker import atari_batch, atari_exact_batch
    import numpy

SLOTS = 2
OPTIONS = {
    "frame_skip": 4,
    "sticky_actions": 0.0,
    "noop_max": 1,
    "fire_reset": True,
    "max_frames": 108_000,
}
FIELDS = ("reward", "terminated", "truncated", "lives", "valid", "success")


def setUpModule():
    if not HAS_EMULATOR:
        raise unittest.SkipTest("no ale_py")


class Play:
    """A batch with the arrays that a worker gives it."""

    def __init__(self, module, game, seeds=(3, 4), **options):
        frames = numpy.empty((2, SLOTS, 4, 84, 84), numpy.uint8)
        self.arrays = {"observation": [frames[0]], "final": [frames[1]], "action": numpy.zeros(SLOTS, numpy.int32)}
        self.arrays.update({name: numpy.zeros(SLOTS, numpy.float32 if name == "reward" else numpy.int16) for name in FIELDS})
        self.frames = frames
        self.batch = module.Batch(SLOTS, list(seeds), {**OPTIONS, "game": game, **options}, self.arrays)

    def step(self, actions):
        """All that is seen, as one row a field; `final` is zeros where no episode ended."""
        self.arrays["action"][:] = actions
        self.batch.step()
        ended = (self.arrays["terminated"] + self.arrays["truncated"]) > 0
        self.frames[1][~ended] = 0
        return numpy.array([self.arrays[name] for name in FIELDS]), self.frames.copy()


def actions(steps, seed=0):
    return numpy.random.default_rng(seed).integers(18, size=(steps, SLOTS))


class Parity(unittest.TestCase):
    def equal(self, game, steps, **options):
        ours, theirs = (Play(module, game, **options) for module in (atari_exact_batch, atari_batch))
        for play in (ours, theirs):
            play.batch.reset()
        self.near(ours.frames[0], theirs.frames[0])
        ends = 0
        for step, row in enumerate(actions(steps)):
            (fields, frames), (expected, expected_frames) = ours.step(row), theirs.step(row)
            self.assertEqual(fields.tolist(), expected.tolist(), f"{game} step {step}")
            self.near(frames, expected_frames)
            ends += int(fields[1:3].sum())
        return ends

    def near(self, frames, expected):
        self.assertLessEqual(int(numpy.abs(frames.astype(int) - expected).max()), 1)

    def test_vector_environment(self):
        for game in ("breakout", "pong", "seaquest"):
            self.equal(game, 300)

    def test_sticky_actions_are_drawn_from_the_same_seeds_and_the_frame_limit_truncates(self):
        self.assertEqual(self.equal("breakout", 60, sticky_actions=0.25, max_frames=41), 10)

    def test_an_odd_frame_skip(self):
        self.equal("breakout", 60, frame_skip=3)

    def test_a_game_that_lacks_actions(self):
        self.equal("skiing", 20)


class NoOperations(unittest.TestCase):
    def test_as_many_as_drawn(self):
        """Frames before the first that is seen are 0 to 3, of which FIRE is one."""
        for game, least in (("pong", 1), ("freeway", 0)):
            play = Play(atari_exact_batch, game, noop_max=4)
            play.batch.reset()
            seen = set()
            for _ in range(20):
                for environment in play.batch.environments:
                    environment.reset()
                    seen.add(environment.emulator.getEpisodeFrameNumber())
            self.assertEqual(seen, set(range(least, 4)))


class States(unittest.TestCase):
    def test_a_restored_batch_goes_on_to_the_bit(self):
        for game, sticky in (("breakout", 0.0), ("pong", 0.25)):
            options = {"sticky_actions": sticky, "noop_max": 30, "max_frames": 300}
            play, there = (Play(atari_exact_batch, game, **options) for _ in range(2))
            play.batch.reset()
            there.batch.reset()
            for at, steps in enumerate((0, 5, 60)):
                for row in actions(steps, seed=at):
                    play.step(row)
                saved = play.batch.save()
                for row in actions(9, seed=99):
                    there.step(row)
                there.batch.restore(saved)
                self.assertEqual(there.batch.save(), saved)
                for row in actions(50, seed=7):
                    (fields, frames), (expected, expected_frames) = there.step(row), play.step(row)
                    self.assertEqual(fields.tobytes(), expected.tobytes())
                    self.assertEqual(frames.tobytes(), expected_frames.tobytes())


if __name__ == "__main__":
    unittest.main()
