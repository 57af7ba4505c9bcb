"""The arcade games as a shared library for Python, and MinAtar driven by the same random words."""

import ctypes
import pathlib
import subprocess
import tempfile

import numpy as np
from minatar import Environment

ROOT = pathlib.Path(__file__).resolve().parents[2]
CELLS = 10 * 10 * 10
ENVIRONMENT_PURPOSE = 3
MOST_STATE_BYTES = 1024  # asserted in arcade.c

# Our name, its number in carcade.h, the game of MinAtar whose rules it follows.
GAMES = {
    "swarm": (0, "space_invaders"),
    "bricks": (1, "breakout"),
    "vault": (2, None),
    "forage": (3, "asterix"),
    "diver": (4, "seaquest"),
    "crossing": (5, "freeway"),
}


class Rules(ctypes.Structure):
    _fields_ = [
        ("sticky", ctypes.c_float),
        ("reward_scale", ctypes.c_float),
        ("horizon", ctypes.c_uint32),
        ("game", ctypes.c_uint8),
        ("ramping", ctypes.c_uint8),
    ]


class Rows(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_void_p)
        for name in ("observation", "final_observation", "reward", "terminated", "truncated", "success")
    ]


class Address(ctypes.Structure):
    _fields_ = [
        ("seed", ctypes.c_uint64),
        ("step", ctypes.c_uint64),
        ("stream", ctypes.c_uint32),
        ("purpose", ctypes.c_uint8),
    ]


def build_library():
    """Compiles the games and the generator; what is loaded outlives its file."""
    sources = sorted((ROOT / "Sources/CArcade").glob("*.c")) + [ROOT / "CKernels/src/ck_random.c"]
    includes = [f"-I{ROOT / 'CKernels/include'}", f"-I{ROOT / 'Sources/CArcade/include'}"]
    with tempfile.TemporaryDirectory() as folder:
        library = f"{folder}/libcarcade.so"
        command = ["clang", "-std=c11", "-O2", "-fPIC", "-shared", *includes, *map(str, sources), "-o", library, "-lm"]
        subprocess.run(command, check=True)
        return ctypes.CDLL(library)


def pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


class Batch:
    """A batch of slots of one game."""

    def __init__(self, library, game, slots, seed, ramping=True, sticky=0.1, horizon=0):
        self.library, self.slots, self.seed = library, slots, seed
        self.rules = Rules(sticky, 1.0, horizon, GAMES[game][0], int(ramping))
        self.states = np.zeros((slots, MOST_STATE_BYTES), np.uint8)  # states lie densely at its beginning
        self.streams = np.arange(slots, dtype=np.uint32)
        self.observation = np.zeros((slots, 10, 10, 10), np.uint8)
        self.final_observation = np.zeros_like(self.observation)
        self.reward = np.zeros(slots, np.float32)
        self.terminated, self.truncated, self.success = (np.zeros(slots, np.uint8) for _ in range(3))
        self.rows = Rows(*(pointer(getattr(self, name)).value for name, _ in Rows._fields_))
        library.carcade_reset(
            pointer(self.states), ctypes.c_size_t(slots), ctypes.byref(self.rules), ctypes.c_uint64(seed),
            pointer(self.streams), pointer(self.observation))

    def step(self, actions):
        self.library.carcade_step(
            pointer(self.states), ctypes.c_size_t(self.slots), ctypes.byref(self.rules),
            pointer(np.ascontiguousarray(actions, np.int32)), self.rows)


class InjectedRandom:
    """Answers MinAtar's calls of numpy's RandomState with the words that our games use, in the same order."""

    def __init__(self, library, seed, stream):
        self.library, self.address = library, Address(seed, 0, stream, ENVIRONMENT_PURPOSE)
        self.words = (ctypes.c_uint32 * 4)()
        self.used = 0

    def begin_step(self, step):
        self.address.step, self.used = step, 0

    def word(self):
        if self.used % 4 == 0:
            self.library.ck_random_block(self.words, self.address, ctypes.c_uint32(self.used // 4))
        self.used += 1
        return self.words[(self.used - 1) % 4]

    def rand(self, count=None):
        if count is not None:
            return np.array([self.rand() for _ in range(count)])
        return (self.word() >> 8) * 2.0**-24

    def randint(self, low, high=None, size=None):
        if size is not None:
            return np.array([self.randint(low, high) for _ in range(size)])
        low, high = (0, low) if high is None else (low, high)
        return low + (self.word() * (high - low) >> 32)


def minatar(game, ramping=True, sticky=0.1):
    return Environment(GAMES[game][1], sticky_action_prob=sticky, difficulty_ramping=ramping)


def planes(state):
    """An observation of MinAtar in our space: uint8 [10, 10, 10], planes that it lacks zero."""
    padded = np.zeros((10, 10, 10), np.uint8)
    padded[:, :, : state.shape[2]] = state
    return padded
