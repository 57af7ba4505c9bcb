"""A batch whose every number can be predicted: it checks the bridge with nothing but Python's standard library."""

import json
import os
import time


class Batch:
    """An episode of slot s takes options["length"] + s steps, and every second one ends by truncation. Byte i of an
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
        print("x" * self.options.get("print_bytes", 0), end="", flush=True)
        while self.steps == self.options.get("hang_at"):
            pass
        if self.steps == self.options.get("fork_at") and os.fork() == 0 and os.fork() == 0:
            time.sleep(1_000)
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

    def save(self):
        if self.steps >= self.options.get("unsaved_from", self.steps + 1):
            return None
        return json.dumps([self.steps, self.episode, self.step_in_episode, self.total]).encode()

    def restore(self, state):
        self.steps, self.episode, self.step_in_episode, self.total = json.loads(state)

    def close(self):
        pass
