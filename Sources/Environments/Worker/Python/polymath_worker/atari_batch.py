"""Atari games."""

import os

import ale_py
import gymnasium
import numpy
from ale_py.vector_env import AtariVectorEnv
from gymnasium.vector import AutoresetMode

from . import border, process


class RomMissing(Exception):
    kind = "rom"


def rom_path(game):
    path = ale_py.roms.get_rom_path(game)
    # The emulator ends the process, without an exception, over a file that it can't load.
    if path is None or not os.path.exists(path):
        raise RomMissing(f"ale-py {ale_py.__version__} has no ROM of {game}")
    return path


class Batch:
    """One game of the Arcade Learning Environment, stepped by ale-py's own vector environment in one thread.

    Observations are planes `[slots, stack, height, width]`, oldest frame first, zeros before an episode's first frame.
    Actions are codes of the full set, 0...17; a game that lacks one takes it as 0, which does nothing.
    """

    def __init__(self, slots, seeds, options, arrays):
        game = options["game"]
        path = rom_path(game)
        ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
        emulator = ale_py.ALEInterface()
        emulator.loadROM(path)
        legal = [action.value for action in emulator.getLegalActionSet()]
        minimal = [action.value for action in emulator.getMinimalActionSet()]
        fire = ale_py.Action.FIRE.value

        planes, height, width = arrays["observation"][0].shape[1:]
        self.environment = AtariVectorEnv(
            game,
            slots,
            batch_size=slots,
            num_threads=1,
            max_num_frames_per_episode=options["max_frames"],
            repeat_action_probability=options["sticky_actions"],
            full_action_space=True,
            continuous=False,
            autoreset_mode=AutoresetMode.SAME_STEP,
            img_height=height,
            img_width=width,
            grayscale=True,
            stack_num=planes,
            frameskip=options["frame_skip"],
            maxpool=True,
            noop_max=options["noop_max"],
            episodic_life=False,
            life_loss_info=False,
            reward_clipping=False,
            # With the full action set the vector environment would press FIRE in games that don't use it, too.
            use_fire_reset=options["fire_reset"] and fire in minimal,
        )
        self.index_of_code = numpy.array([legal.index(code) if code in legal else 0 for code in range(18)], numpy.int32)
        self.seeds = numpy.array(seeds, numpy.int64)
        self.arrays = {name: numpy.asarray(view) for name, view in arrays.items() if not isinstance(view, list)}
        self.arrays["success"][:] = border.SILENT
        self.arrays["valid"][:] = 1
        self.observation, self.final = (numpy.asarray(arrays[name][0]) for name in ("observation", "final"))
        packages = {"ale-py": ale_py, "gymnasium": gymnasium, "numpy": numpy}
        self.versions = {name: package.__version__ for name, package in packages.items()}

    def reset(self):
        # A seed makes the emulator load its ROM again, so the streams are seeded once and go on from there.
        observation, _ = self.environment.reset(seed=self.seeds)
        self.seeds = None
        self.observation[:] = observation

    def step(self):
        a = self.arrays
        observation, reward, terminated, truncated, information = self.environment.step(self.index_of_code[a["action"]])
        self.observation[:] = observation
        a["reward"][:] = reward
        a["terminated"][:] = terminated
        a["truncated"][:] = truncated
        a["lives"][:] = information["lives"]
        if "final_obs" in information:
            ended = terminated | truncated
            self.final[ended] = information["final_obs"][ended]

    def save(self):
        return None  # the vector environment can't be cloned: atari_exact_batch.py

    def close(self):
        process.close("the environments", self.environment.close)
