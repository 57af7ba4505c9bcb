"""Atari games whose state can be saved: those of atari_batch.py, played frame by frame through the emulator's own interface."""

import functools
import math

import ale_py
import gymnasium
import numpy
from gymnasium.spaces import Box, Discrete

from . import gymnasium_batch
from .atari_batch import rom_path
from .simulator_state import Emulator

SHAPE = (4, 84, 84)


@functools.cache
def overlaps(pixels, cells):
    """What each cell of a row has of each pixel, `[cells, pixels]`, up to where the edges of both meet: there it begins again.

    The unit makes these whole numbers. With those float32 adds up a frame without rounding, so its bits are the same on every
    processor.
    """
    cell, pixel = pixels // math.gcd(pixels, cells), cells // math.gcd(pixels, cells)
    start, place = cell * numpy.arange(pixel)[:, None], pixel * numpy.arange(cell)
    shared = numpy.minimum(start + cell, place + pixel) - numpy.maximum(start, place)
    return shared.clip(0).astype(numpy.float32)


def shrunk(screen, height, width):
    """The mean over each cell's area, rounded half to even, as OpenCV's INTER_AREA."""
    down, across = overlaps(screen.shape[0], height), overlaps(screen.shape[1], width)
    narrow = screen.astype(numpy.float32).reshape(-1, across.shape[1]) @ across.T
    sums = down @ narrow.reshape(-1, down.shape[1], width)
    return numpy.rint(sums.reshape(height, width) / numpy.float32(down.shape[1] * across.shape[1]))


class Game(gymnasium.Env):
    """One game, with the rules of ale-py's vector environment."""

    observation_space = Box(0, 255, SHAPE, numpy.uint8)
    action_space = Discrete(18)

    def __init__(self, options, seed):
        game, path = options["game"], rom_path(options["game"])
        ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
        emulator = ale_py.ALEInterface()
        emulator.setFloat("repeat_action_probability", options["sticky_actions"])
        emulator.setInt("random_seed", int(seed))
        emulator.loadROM(path)
        self.emulator = Emulator(emulator, game)
        self.legal = {action.value for action in emulator.getLegalActionSet()}
        self.presses_fire = options["fire_reset"] and ale_py.Action.FIRE in emulator.getMinimalActionSet()
        self.frame_skip, self.noop_max = options["frame_skip"], options["noop_max"]
        self.frames, self.max_frames = 0, options["max_frames"]
        self.screens = numpy.zeros((2, *emulator.getScreenDims()), numpy.uint8)
        self.stack = numpy.zeros(SHAPE, numpy.uint8)

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.emulator.reset_game()
        if self.presses_fire:
            self.emulator.act(ale_py.Action.FIRE.value, 1.0)
        # FIRE is one of the frames.
        for _ in range(int(self.np_random.integers(max(self.noop_max, 1))) - self.presses_fire):
            self.emulator.act(ale_py.Action.NOOP.value, 1.0)
            if self.emulator.game_over():
                self.emulator.reset_game()
        self.frames = 0
        self.stack[:] = self.screens[:] = 0
        self.emulator.getScreenGrayscale(self.screens[0])
        self.see()
        return self.stack, {}

    def step(self, action):
        code = int(action) if action in self.legal else ale_py.Action.NOOP.value
        reward = 0
        for left in reversed(range(self.frame_skip)):
            reward += self.emulator.act(code, 1.0)
            self.frames += 1
            terminated, truncated = self.emulator.game_over(), self.frames >= self.max_frames
            if terminated or truncated:
                break  # without a look at the frame, which the vector environment leaves out too
            if left < 2:
                self.emulator.getScreenGrayscale(self.screens[left])
        self.see()
        return self.stack, reward, terminated, truncated, {}

    def see(self):
        newest, other = self.screens
        numpy.maximum(newest, other, out=newest)
        self.stack[:-1] = self.stack[1:]
        self.stack[-1] = shrunk(newest, *SHAPE[1:])


class Batch(gymnasium_batch.Batch):
    """Games stepped one after the other, with arrays as those of atari_batch.py."""

    make = staticmethod(Game)

    def __init__(self, slots, seeds, options, arrays):
        super().__init__(slots, seeds, options, arrays)
        self.versions.update({"ale-py": ale_py.__version__, "numpy": numpy.__version__})

    def step(self):
        super().step()
        self.arrays["lives"][:] = [game.emulator.lives() for game in self.environments]
