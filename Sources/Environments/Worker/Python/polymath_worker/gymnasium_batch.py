"""Any registered Gymnasium environment, and those that a module of the user's own registers.

Everything that passes between them and an agent goes through `border.py`, `border_actions.py` and `border_observations.py`.
"""

import importlib
import importlib.metadata
import json
import os
import random
import sys

import gymnasium
import numpy
from gymnasium import spaces

from . import border, border_actions, process
from .border import Refused, origin
from .border_observations import Observer
from .environment_state import StateKeeper
from .state_kinds import StateNotOffered

# Of random play, before anything else: enough to tell at once what is broken by program.
INSPECTED_STEPS = 10
PIP = f"{sys.executable} -m pip"
# What registers the environments whose ids begin like this, and its name in Python's package index.
PACKAGES = {
    "ALE/": ("ale_py", "ale-py"),
    "MinAtar/": (".minatar_batch", "MinAtar"),
    "Meta-World/": ("metaworld", "metaworld"),
    "MiniGrid-": ("minigrid", "minigrid"),
    "BabyAI-": ("minigrid", "minigrid"),
}
SPACES = os.path.join(os.path.dirname(os.path.abspath(spaces.__file__)), "")


class PackageMissing(Exception):
    """Carries the names of packages that would mend it; the host knows how they are installed."""

    kind = "package"

    def __init__(self, message, packages):
        super().__init__(message)
        self.packages = packages


def register(id):
    """Imports the package that an environment comes from, where that is known by its id."""
    for beginning, (module, package) in PACKAGES.items():
        if id.split(":")[-1].startswith(beginning):
            try:
                importlib.import_module(module, __package__)
            except ModuleNotFoundError as error:
                raise PackageMissing(
                    f"{id} needs the Python package {package}, and {error.name} is not installed", [package]) from error


def load(options):
    """Imports what registers the environment: the modules that the user has named, or the package that its name tells of."""
    directory, name = options["directory"], options["id"]
    modules = [*options["modules"], *name.split(":")[:-1]]
    # Only where modules are named is the folder of the user's own looked at, and then before all others.
    if modules and directory not in sys.path:
        sys.path.insert(0, directory)
    for module in modules:
        if module.endswith(".py") or "/" in module:
            name, folder = os.path.basename(module).removesuffix(".py"), os.path.dirname(os.path.normpath(module))
            place = f", with {folder} in PYTHONPATH by its full path" if folder else ""
            raise Refused(f"{module} is a file, and modules are named as Python imports them: say {name}{place}")
        loaded = importlib.import_module(module)
        own = os.path.join(directory, *module.split(".")) + ".py"
        if os.path.exists(own) and os.path.realpath(getattr(loaded, "__file__", None) or "") != os.path.realpath(own):
            raise Refused(f"{own} has the name of a module that Python has loaded before: rename your file")
    register(name)


def make(options, _seed):
    arguments = json.loads(options["arguments"])
    try:
        load(options)
        # Its checker would cost more than a small environment's step: the border checks every answer.
        return gymnasium.make(options["id"], disable_env_checker=True, **arguments)
    except gymnasium.error.UnregisteredEnv as error:
        raise Refused(f"{error}; --env-module names a Python module that registers environments of your own") from error
    except gymnasium.error.DependencyNotInstalled as error:
        raise Refused(str(error).replace("`pip ", f"`{PIP} ")) from error
    except (TypeError, ValueError, AssertionError) as error:
        if origin(error).startswith(SPACES):
            raise Refused(f"one of its spaces can't be made: {error}") from error
        if isinstance(error, TypeError) and arguments:
            raise Refused(f"it was made with {arguments}: {error}; change --env-arg") from error
        raise


def versions(environment):
    """Of Gymnasium and of what the environment comes from, where that is a package."""
    module = type(environment.unwrapped).__module__.split(".")[0]
    packages = {"gymnasium", *importlib.metadata.packages_distributions().get(module, [])}
    return {package: importlib.metadata.version(package) for package in packages}


def describe(options, opened):
    """What an agent has to know of environments, after some steps of random play in which nothing was refused.

    What is then to be closed is added to `opened`: the answer doesn't wait for that.
    """
    environment = make(options, 0)
    opened.append(environment)
    inspected = options.get("inspected_steps")
    observer, convert = Observer(environment.observation_space), border_actions.converter(environment.action_space)
    remarks = rehearse(environment, observer, convert, inspected or INSPECTED_STEPS)
    described = {
        "observation": observer.leaf,
        "action": convert.action,
        "horizon": environment.spec.max_episode_steps,
        "divisors": observer.divisors,
        "notes": observer.notes + (remarks if inspected else []),
    }
    return described, versions(environment)


def rehearse(environment, observer, convert, steps):
    """Plays at random, always alike. Returns remarks on what was seen, the first of each part."""
    random.seed(0)
    numpy.random.seed(0)
    generator = numpy.random.default_rng(0)
    if "discrete" in convert.action:
        actions = generator.integers(convert.action["discrete"], size=steps)
    else:
        actions = generator.uniform(-1, 1, (steps, convert.action["box"])).astype(numpy.float32)
    actions = [convert(choice[None])[0] for choice in actions]
    for action in actions:
        if not environment.action_space.contains(action):
            raise Refused(
                f"actions are {environment.action_space}, a {type(environment.action_space).__name__} that doesn't contain "
                f"{action!r}: use one of Gymnasium's own spaces"
            )
    row, remarks = numpy.zeros(observer.root.size, observer.leaf["element"]), {}

    def see(observation):
        observer.write(row, observation)
        for part, remark in observer.remarks(observation):
            remarks.setdefault(part, remark)

    called = "reset"
    try:
        see(border.reset(environment, seed=0))
        for action in actions:
            called = "step"
            observation, _, terminated, truncated, _ = border.step(environment, action)
            see(observation)
            if terminated or truncated:
                called = "reset"
                see(border.reset(environment))
    except Refused as error:
        raise border.located(error, environment, called) from error
    return list(remarks.values())


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
        self.convert = border_actions.converter(self.environments[0].action_space)
        self.seeds = seeds
        for environment in self.environments[1:]:
            for name in ("observation_space", "action_space"):
                first, other = getattr(self.environments[0], name), getattr(environment, name)
                if first != other:
                    raise Refused(f"one environment's {name} is {first}, and another's is {other}: make them alike")
        self.arrays = {name: numpy.asarray(view) for name, view in arrays.items() if not isinstance(view, list)}
        self.observation = numpy.asarray(arrays["observation"][0])
        self.final = self.observer.rows(numpy.asarray(arrays["final"][0]))
        for name in ("terminated", "truncated", "lives"):
            self.arrays[name][:] = 0
        self.arrays["valid"][:] = 1
        self.arrays["success"][:] = border.SILENT
        # What the last step wrote of single slots, and the next clears.
        self.has_ended = self.has_told = False
        # The environments' method that runs, or ran last.
        self.called = "reset"
        self.versions = versions(self.environments[0])
        self.keeper = StateKeeper(self.environments)

    def reset(self):
        # Seeded once: a simulator's own generator goes on from there.
        try:
            observations = [border.reset(env, seed=int(seed)) for env, seed in zip(self.environments, self.seeds)]
            self.observer.write_all(self.observation, observations)
        except Refused as error:
            raise border.located(error, self.environments[0], "reset") from error

    def step(self):
        self.called = "step"
        try:
            self.step_all()
        except Refused as error:
            raise border.located(error, self.environments[0], self.called) from error

    def step_all(self):
        a, observations, rewards = self.arrays, [], []
        if self.has_ended:
            a["terminated"][:] = a["truncated"][:] = 0
        if self.has_told:
            a["success"][:] = border.SILENT
        self.has_ended = self.has_told = False
        for environment, action in zip(self.environments, self.convert(a["action"])):
            observation, reward, terminated, truncated, success = border.step(environment, action)
            slot = len(rewards)
            if success != border.SILENT:
                self.has_told = True
                a["success"][slot] = success
            if terminated or truncated:
                self.has_ended = True
                a["terminated"][slot], a["truncated"][slot] = terminated, not terminated
                self.observer.write(self.final[slot], observation)
                self.called = "reset"
                observation = border.reset(environment)
                self.called = "step"
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
            process.close("an environment", environment.close)
