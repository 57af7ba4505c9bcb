"""The kinds of Python's values in an environment's state: how each is read, made and filled again."""

import collections
import ctypes
import enum
import functools
import json
import logging
import pathlib
import random
import re
import sys
import types

import numpy
from gymnasium import Space
from gymnasium.envs.registration import EnvSpec
from gymnasium.wrappers import RecordEpisodeStatistics

DICTS = {kind.__name__: kind for kind in (dict, collections.OrderedDict, collections.defaultdict, collections.Counter)}
# What Gymnasium measures with a clock differs between equal runs.
CLOCKS = {RecordEpisodeStatistics: {"episode_start_time", "time_queue"}}
LARGEST_BOUNDS = 4096
# Of classes that Python code made: what C types have in slots can't be set.
HEAP_TYPE = 1 << 9
# Data that a class itself may hold, for all its objects.
CLASS_DATA = (bool, int, float, str, list, dict, set, collections.deque, numpy.ndarray, numpy.random.Generator, Space)


class StateNotOffered(Exception):
    """An environment holds something whose state can't be read; `path` is where."""

    kind = "state"

    def __init__(self, path, reason):
        super().__init__(f"{path} is {reason}")
        self.path, self.reason = path, reason


class StateMismatch(Exception):
    """Bytes that aren't a state of the environments they are to be restored into."""

    kind = "state"


class Kind:
    """A value that the fresh environment has too is filled in place; any other is made, where its kind can be."""

    @property
    def name(self):
        return type(self).__name__

    @property
    def is_made(self):
        return type(self).make is not Kind.make

    def read(self, walk, value, path):
        return None

    def make(self, restoration, state):
        raise StateMismatch(f"a {self.name} that the fresh environment lacks")

    def fill(self, restoration, value, state):
        pass


class Constant(Kind):
    """Functions and the like, which may hold values that change."""

    PARTS = {
        types.BuiltinMethodType: ["__self__"],
        types.MethodType: ["__self__", "__func__"],
        functools.partial: ["func", "args", "keywords"],
        types.FunctionType: ["__defaults__", "__kwdefaults__", "__dict__"],
    }

    def read(self, walk, value, path):
        for part in self.PARTS.get(type(value), ()):
            walk.reference(getattr(value, part), f"{path}.{part}")
        return [walk.references(contents(cell), f"{path}.__closure__") for cell in getattr(value, "__closure__", None) or ()]

    def fill(self, restoration, value, state):
        for cell, content in zip(getattr(value, "__closure__", None) or (), state):
            for part in content:
                cell.cell_contents = restoration.value(part)


def contents(cell):
    try:
        return [cell.cell_contents]
    except ValueError:  # nothing yet
        return []


class Class(Kind):
    def read(self, walk, value, path):
        data = {}
        if is_ordinary(value) and not issubclass(value, enum.Enum):
            data = {k: v for k, v in vars(value).items() if not k.startswith("__") and isinstance(v, CLASS_DATA)}
        return {
            "name": walk.class_name(value, path),
            "data": [[k, walk.reference(v, f"{value.__qualname__}.{k}")] for k, v in data.items()],
        }

    def make(self, restoration, state):
        return restoration.named_class(state["name"])

    def fill(self, restoration, value, state):
        for name, part in state["data"]:
            part = restoration.value(part)
            if vars(value).get(name) is not part:
                setattr(value, name, part)


def is_ordinary(cls):
    """Whether its objects are all attributes: nothing that C code adds behind them."""
    special = ["__dict__"] * (cls.__dictoffset__ != 0) + ["__weakref__"] * (cls.__weakrefoffset__ != 0)
    reference = type("Reference", (), {"__slots__": [*(f"slot{i}" for i in range(len(slots(cls)))), *special]})
    return cls.__basicsize__ == reference.__basicsize__ and not cls.__itemsize__ and not issubclass(cls, ctypes.CDLL)


def slots(cls):
    return {
        f"{base.__qualname__}.{name}": member
        for base in cls.__mro__
        if base.__flags__ & HEAP_TYPE
        for name, member in vars(base).items()
        if type(member) is types.MemberDescriptorType
    }


def is_set(value, member):
    try:
        member.__get__(value)
        return True
    except AttributeError:
        return False


class Object(Kind):
    def read(self, walk, value, path):
        cls = walk.reference(type(value), path)
        for base in type(value).__mro__[1:]:
            if base.__module__.split(".")[0] not in sys.stdlib_module_names:
                walk.reference(base, path)
        attributes = {k: v for k, v in getattr(value, "__dict__", {}).items() if not self.is_left(value, k, v, walk.has(value))}
        filled = {name: member for name, member in slots(type(value)).items() if is_set(value, member)}
        return {
            "class": cls,
            "attributes": [[k, walk.reference(v, f"{path}.{k}")] for k, v in attributes.items()],
            "slots": [[k, walk.reference(m.__get__(value), f"{path}.{m.__name__}")] for k, m in filled.items()],
        }

    def is_left(self, value, name, attribute, is_in_place):
        """Left as the fresh environment has it: the bounds of images, specifications, and times."""
        if isinstance(value, Space) and isinstance(attribute, numpy.ndarray):
            return is_in_place and attribute.nbytes > LARGEST_BOUNDS
        return isinstance(attribute, EnvSpec) or name in CLOCKS.get(type(value), ())

    def make(self, restoration, state):
        return object.__new__(restoration.value(state["class"]))

    def fill(self, restoration, value, state):
        if hasattr(value, "__dict__"):
            own = vars(value)
            left = {k: v for k, v in own.items() if self.is_left(value, k, v, True)}
            own.clear()
            own.update(left)
            own.update({name: restoration.value(part) for name, part in state["attributes"]})
        given = dict(state["slots"])
        for name, member in slots(type(value)).items():
            if name in given:
                member.__set__(value, restoration.value(given[name]))
            elif is_set(value, member):
                member.__delete__(value)


class List(Kind):
    def read(self, walk, value, path):
        return {"longest": getattr(value, "maxlen", None), "items": walk.references(value, path)}

    def make(self, restoration, state):
        return []

    def fill(self, restoration, value, state):
        value.clear()
        value.extend([restoration.value(item) for item in state["items"]])


class Deque(List):
    def make(self, restoration, state):
        return collections.deque(maxlen=state["longest"])


class Set(List):
    def read(self, walk, value, path):
        # Sorted, as the order of a set is chance; so an environment that goes through one may go on otherwise.
        return {"items": sorted(walk.references(value, path), key=json.dumps)}

    def make(self, restoration, state):
        return set()

    def fill(self, restoration, value, state):
        value.clear()
        value.update([restoration.value(item) for item in state["items"]])


class Dict(Kind):
    def read(self, walk, value, path):
        items = []
        for index, (key, item) in enumerate(value.items()):
            place = f"{path}[{key!r}]" if isinstance(key, (str, int, float)) else f"{path} item {index}"
            items.append([walk.reference(key, place), walk.reference(item, place)])
        factory = walk.reference(getattr(value, "default_factory", None), f"{path}.default_factory")
        return {"type": type(value).__name__, "factory": factory, "items": items}

    def make(self, restoration, state):
        return DICTS[state["type"]]()

    def fill(self, restoration, value, state):
        value.clear()
        if isinstance(value, collections.defaultdict):
            value.default_factory = restoration.value(state["factory"])
        dict.update(value, [(restoration.value(key), restoration.value(item)) for key, item in state["items"]])


class Random(Kind):
    def read(self, walk, value, path):
        return value.getstate()

    def make(self, restoration, state):
        return random.Random()

    def fill(self, restoration, value, state):
        version, words, gauss = state
        value.setstate((version, tuple(words), gauss))


OF_TYPE = {
    list: List(),
    collections.deque: Deque(),
    set: Set(),
    **dict.fromkeys(DICTS.values(), Dict()),
    random.Random: Random(),
}
CLASS, CONSTANT, OBJECT = Class(), Constant(), Object()
CONSTANTS = (
    bytes,
    types.BuiltinMethodType,
    types.FunctionType,
    types.MethodType,
    types.ModuleType,
    functools.partial,
    functools._lru_cache_wrapper,
    logging.Logger,
    re.Pattern,
    pathlib.PurePath,
    numpy.ufunc,
    type(numpy.sum),
    type(numpy.random.Generator.random),
)
