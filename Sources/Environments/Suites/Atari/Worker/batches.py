"""What a worker can host. Each class steps one batch and writes into the arrays that the host has laid out."""

import os


class RomMissing(Exception):
    kind = "rom"


class Counting:
    """A batch whose every number can be predicted: it checks the bridge with nothing but Python's standard library.

    An episode of slot s takes options["length"] + s steps, and every second one ends by truncation. Byte i of an
    observation is i plus a mixture of seed, slot, episode, step and the sum of the episode's actions, modulo 256.
    """

    versions = {}

    def __init__(self, slots, seeds, options, arrays):
        self.slots, self.seeds, self.options, self.arrays = slots, seeds, options, arrays
        self.observation, self.final = arrays["observation"][0].cast("B"), arrays["final"][0].cast("B")
        self.row_bytes = len(self.observation) // slots
        self.ramp = bytes(range(256)) * (self.row_bytes // 256 + 2)
        self.steps = 0

    def write(self, rows, slot):
        start = self.seeds[slot] + 3 * slot + 5 * self.episode[slot] + 7 * self.step_in_episode[slot]
        start = (start + 11 * self.total[slot]) % 256
        rows[slot * self.row_bytes : (slot + 1) * self.row_bytes] = self.ramp[start : start + self.row_bytes]

    def reset(self):
        self.episode, self.step_in_episode, self.total = ([0] * self.slots for _ in range(3))
        for slot in range(self.slots):
            self.write(self.observation, slot)

    def step(self):
        a = self.arrays
        self.steps += 1
        if self.steps == self.options.get("raise_at"):
            raise ValueError("asked to fail")
        if self.steps == self.options.get("exit_at"):
            print("asked to exit", flush=True)
            os._exit(3)
        while self.steps == self.options.get("hang_at"):
            pass
        for slot in range(self.slots):
            action = a["action"][slot]
            self.step_in_episode[slot] += 1
            self.total[slot] += action
            step = self.step_in_episode[slot]
            ended, cut = step == self.options["length"] + slot, self.episode[slot] % 2 == 1
            a["reward"][slot] = action + 0.5 * step
            a["terminated"][slot] = ended and not cut
            a["truncated"][slot] = ended and cut
            a["valid"][slot] = 1
            a["success"][slot] = action == 1
            a["lives"][slot] = step - 2
            if ended:
                self.write(self.final, slot)
                self.episode[slot] += 1
                self.step_in_episode[slot] = self.total[slot] = 0
            self.write(self.observation, slot)

    def close(self):
        pass


class Atari:
    """One game of the Arcade Learning Environment, stepped by ale-py's own vector environment in one thread.

    Observations are planes `[slots, stack, height, width]`, oldest frame first, zeros before an episode's first frame.
    Actions are codes of the full set, 0...17; a game that lacks one takes it as 0, which does nothing.
    """

    def __init__(self, slots, seeds, options, arrays):
        # Imported here, so that `Counting` needs none of them.
        import ale_py
        import gymnasium
        import numpy
        from ale_py.vector_env import AtariVectorEnv
        from gymnasium.vector import AutoresetMode

        game = options["game"]
        path = ale_py.roms.get_rom_path(game)
        # The emulator ends the process, without an exception, over a file that it can't load.
        if path is None or not os.path.exists(path):
            raise RomMissing(f"ale-py {ale_py.__version__} has no ROM of {game}")
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
        self.arrays["success"][:] = 0
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

    def close(self):
        self.environment.close()
