"""Any registered Gymnasium environment, and those that a module of the user's own registers.

An observation is one array: an image where the space is a box of bytes or booleans with two or three axes, otherwise what
Gymnasium's `flatten` makes of it, as float32. An action is a number, of one discrete space or of all combinations of several, or a vector in
[-1, 1] that stands for a bounded box.
"""

import importlib
import importlib.metadata
import json
import math
import os
import random
import sys

import gymnasium
import numpy
from gymnasium import spaces

from . import process, user_error
from .environment_state import StateKeeper
from .state_kinds import StateNotOffered

MOST_COMBINATIONS = 1024


class Refused(Exception):
    kind = "refused"

    def __str__(self):
        return " ".join(super().__str__().split())  # numpy breaks lines


def load(options):
    """Imports what registers the environment: the modules that the user has named, and ale-py for its own names."""
    directory, name = options["directory"], options["id"]
    modules = [*options["modules"], *name.split(":")[:-1]]
    # Only where modules are named is the folder of the user's own looked at, and then before all others.
    if modules and directory not in sys.path:
        sys.path.insert(0, directory)
    for module in modules:
        loaded = importlib.import_module(module)
        own = os.path.join(directory, *module.split(".")) + ".py"
        if os.path.exists(own) and os.path.realpath(getattr(loaded, "__file__", None) or "") != os.path.realpath(own):
            raise Refused(f"{own} has the name of a module that Python has loaded before: rename your file")
    if name.startswith("ALE/"):
        gymnasium.register_envs(importlib.import_module("ale_py"))


def make(options, _seed):
    load(options)
    arguments = json.loads(options["arguments"])
    try:
        # Its checker would cost more than a small environment's step: `polymath check` is for that.
        return gymnasium.make(options["id"], disable_env_checker=True, **arguments)
    except gymnasium.error.UnregisteredEnv as error:
        raise Refused(str(error)) from error
    except TypeError as error:
        if not arguments:
            raise
        raise Refused(f"it was made with {arguments}: {error}; change --env-arg") from error


class Observer:
    """Writes observations into rows: images as they are, everything else as a vector."""

    def __init__(self, space):
        self.space = space
        self.is_box = isinstance(space, spaces.Box) and space.shape != ()
        if self.is_box and space.dtype in (numpy.uint8, bool) and len(space.shape) in (2, 3):
            shape = space.shape if len(space.shape) == 3 else (*space.shape, 1)
            self.leaf = {"element": "uint8", "shape": shape, "scale": 1 / max(int(space.high.max()), 1)}
        else:
            flat = spaces.flatten_space(space)
            if not isinstance(flat, spaces.Box):
                raise Refused(f"observations are {space}, whose length varies: wrap the environment to give a box")
            self.leaf = {"element": "float32", "shape": flat.shape, "scale": 1}
        self.shape = space.shape if self.is_box else self.leaf["shape"]

    def rows(self, block):
        """The rows of an array, each in the shape that is written."""
        return list(block.reshape(len(block), *self.shape))

    def write_all(self, block, observations):
        """`observations` into a whole array: where they are as they should be, by one call."""
        if self.is_box:
            try:
                if [observation.shape for observation in observations] == [self.shape] * len(observations):
                    rows = block.reshape(-1, *self.shape[1:])
                    return numpy.concatenate(observations, out=rows, casting="unsafe")
            except (AttributeError, ValueError, TypeError):
                pass  # what is wrong with which is found below
        for row, observation in zip(self.rows(block), observations):
            self.write(row, observation)

    def write(self, row, observation):
        try:
            if not self.is_box:
                observation = spaces.flatten(self.space, observation)
            elif getattr(observation, "shape", None) != self.shape:
                observation = numpy.asarray(observation)
                if observation.shape != self.shape:
                    raise ValueError(f"its shape is {observation.shape}")  # numpy would stretch some
            row[...] = observation
        except (ValueError, TypeError) as error:
            raise ValueError(f"the observation {str(observation)[:200]} is not in {self.space}") from error


class Choice:
    """One number for a discrete space, or for all combinations of several: the last one changes fastest."""

    def __init__(self, space):
        self.is_single = isinstance(space, spaces.Discrete)
        self.counts = [int(space.n)] if self.is_single else [int(n) for n in numpy.ravel(space.nvec)]
        self.start = int(space.start) if self.is_single else numpy.asarray(space.start)
        self.shape = None if self.is_single else space.nvec.shape
        count = math.prod(self.counts)  # numpy's would wrap
        if count > MOST_COMBINATIONS:
            raise Refused(f"actions are {space}: {count} combinations, {MOST_COMBINATIONS} at most can be told apart")
        self.action = {"discrete": count}

    def __call__(self, rows):
        """What the environments are to be told."""
        if self.is_single:
            return (self.start + rows).tolist()
        digits = numpy.stack(numpy.unravel_index(rows, self.counts), axis=1)
        return self.start + digits.astype(numpy.int64).reshape(len(rows), *self.shape)


class Push:
    """A box, low for -1 and high for 1."""

    def __init__(self, space):
        if not (numpy.isfinite(space.low).all() and numpy.isfinite(space.high).all()):
            raise Refused(f"actions are {space}, without bounds: wrap the environment in RescaleAction or ClipAction")
        self.low, self.span, self.dtype, self.shape = space.low, (space.high - space.low) / 2, space.dtype, space.shape
        self.is_unit = (space.low == -1).all() and (space.high == 1).all()  # nothing to round then
        self.action = {"box": int(numpy.prod(space.shape))}

    def __call__(self, rows):
        rows = rows.reshape(len(rows), *self.shape)
        return (rows if self.is_unit else self.low + self.span * (1 + rows)).astype(self.dtype)


def actor(space):
    if isinstance(space, spaces.MultiBinary):
        space = spaces.MultiDiscrete(numpy.full(space.shape, 2))
    if isinstance(space, (spaces.Discrete, spaces.MultiDiscrete)):
        return Choice(space)
    if isinstance(space, spaces.Box) and space.dtype.kind == "f":
        return Push(space)
    raise Refused(f"actions are {space}: Discrete, MultiDiscrete, MultiBinary or a box of floats is needed")


def versions(environment):
    """Of Gymnasium and of what the environment comes from, where that is a package."""
    module = type(environment.unwrapped).__module__.split(".")[0]
    packages = {"gymnasium", *importlib.metadata.packages_distributions().get(module, [])}
    return {package: importlib.metadata.version(package) for package in packages}


def success(information):
    return information.get("success", information.get("is_success"))


def describe(options):
    environment = make(options, 0)
    try:
        observation, action = Observer(environment.observation_space), actor(environment.action_space)
        process.advance()
        environment.reset(seed=0)
        process.advance()
        information = environment.step(environment.action_space.sample())[-1]
        described = {
            "observation": observation.leaf,
            "action": action.action,
            "horizon": environment.spec.max_episode_steps,
            "success": success(information) is not None,
        }
        return described, versions(environment)
    finally:
        process.advance()
        environment.close()


class Batch:
    """Environments stepped one after the other; what ends is reset at once (SAME_STEP)."""

    make = staticmethod(make)

    def __init__(self, slots, seeds, options, arrays):
        # For environments that draw from the process's generators.
        random.seed(seeds[0])
        numpy.random.seed(seeds[0])
        self.environments = []
        try:
            for seed in seeds:
                process.advance()
                self.environments.append(self.make(options, seed))
            self.prepare(seeds, options, arrays)
        except BaseException:
            self.close()  # those that were made before the one that can't be
            raise

    def prepare(self, seeds, options, arrays):
        self.observer = Observer(self.environments[0].observation_space)
        self.actor = actor(self.environments[0].action_space)
        self.seeds, self.has_success_rule = seeds, options["success"]
        self.arrays = {name: numpy.asarray(view) for name, view in arrays.items() if not isinstance(view, list)}
        self.observation = numpy.asarray(arrays["observation"][0])
        self.final = self.observer.rows(numpy.asarray(arrays["final"][0]))
        for name in ("terminated", "truncated", "success", "lives"):
            self.arrays[name][:] = 0
        self.arrays["valid"][:] = 1
        self.has_ended = False
        self.versions = versions(self.environments[0])
        self.keeper = StateKeeper(self.environments)

    def reset(self):
        # Seeded once: a simulator's own generator goes on from there.
        observations = []
        for environment, seed in zip(self.environments, self.seeds):
            process.advance()
            observations.append(environment.reset(seed=int(seed))[0])
        self.observer.write_all(self.observation, observations)

    def step(self):
        a, observations, rewards = self.arrays, [], []
        if self.has_ended:
            a["terminated"][:] = a["truncated"][:] = 0
            self.has_ended = False
        for environment, action in zip(self.environments, self.actor(a["action"])):
            process.advance()
            observation, reward, terminated, truncated, information = environment.step(action)
            slot = len(rewards)
            if self.has_success_rule:
                a["success"][slot] = (success(information) or 0) > 0
            if terminated or truncated:
                self.has_ended = True
                a["terminated"][slot], a["truncated"][slot] = bool(terminated), not terminated
                self.observer.write(self.final[slot], observation)
                process.advance()
                observation, _ = environment.reset()
            rewards.append(reward)
            observations.append(observation)
        self.observer.write_all(self.observation, observations)
        a["reward"][:] = rewards

    def save(self):
        try:
            return self.keeper.save()
        except StateNotOffered as reason:
            process.log(f"the state can't be saved: {reason}")
            return None

    def restore(self, state):
        self.keeper.restore(state)

    def close(self):
        for environment in self.environments:
            process.advance()
            try:
                environment.close()
            except Exception as error:  # the others are to be closed all the same
                process.log(f"an environment can't be closed: {user_error.line(error)}")
