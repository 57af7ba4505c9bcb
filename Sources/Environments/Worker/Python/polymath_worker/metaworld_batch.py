"""Meta-World's tasks (Yu et al. 2019), each with 50 goals of which an episode has one.

The goals are drawn as the package does, from a seed of their own, so that all environments of a task have the same ones. That takes
ten times as long as to make an environment, and is done once: they are kept in the user's cache.
"""

import importlib.metadata
import os
import pathlib
import pickle
import tempfile

import gymnasium
import metaworld
import numpy
from metaworld import env_dict
from metaworld.wrappers import RandomTaskSelectWrapper

from . import gymnasium_batch

GOALS = 50
VERSION = importlib.metadata.version("metaworld")


def drawn(name, seed):
    """The goals `[50, numbers]` as the package draws them."""
    return numpy.array([pickle.loads(task.data)["rand_vec"] for task in metaworld.MT1(name, seed=seed).train_tasks])


def goals(name, seed):
    """The same, read from the user's cache where they are there."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "polymath"
    path = cache / f"metaworld-{VERSION}-{name}-{seed}.npy"
    try:
        vectors = numpy.load(path)
        if len(vectors) == GOALS:
            return vectors
    except (OSError, ValueError, EOFError):
        pass
    vectors = drawn(name, seed)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=cache, delete=False) as file:
            numpy.save(file, vectors)
        os.replace(file.name, path)
    except OSError:
        pass  # a cache that can't be written only costs time
    return vectors


def tasks(name, seed):
    """What the package's wrapper chooses from: a goal, and that it is seen."""
    fixed = {key: value for key, value in env_dict.ML1_ARGS_KWARGS[name]["kwargs"].items() if key != "task_id"}
    fixed |= {"env_cls": env_dict.ALL_V3_ENVIRONMENTS[name], "partially_observable": False}
    vectors = goals(name, seed)
    return [metaworld.Task(env_name=name, data=pickle.dumps({**fixed, "rand_vec": vector})) for vector in vectors]


class Batch(gymnasium_batch.Batch):
    @staticmethod
    def make(options, seed):
        """As the package's, without its statistics of episodes."""
        environment = env_dict.ALL_V3_ENVIRONMENTS[options["name"]](reward_function_version=options["reward_version"])
        # Its `reset` takes no notice of a seed.
        environment.seed(int(seed))
        environment = gymnasium.wrappers.TimeLimit(environment, options["horizon"])
        return RandomTaskSelectWrapper(environment, tasks(options["name"], options["goal_seed"]))
