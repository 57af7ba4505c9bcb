"""The kinds of Python and numpy values that can be states of an environment: how each is read, made and filled again."""

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

BITS = {name: getattr(numpy.random, name) for name in ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")}
DICTS = {kind.__name__: kind for kind in (dict, collections.OrderedDict, collections.defaultdict, collections.Counter)}
# What Gymnasium measures with a clock differs between equal runs.
CLOCKS = {RecordEpisodeStatistics: {"episode_start_time", "time_queue"}}
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
        for name, member in vars(base).items()
        if type(member) is types.MemberDescriptorType
    }


class Object(Kind):
    def read(self, walk, value, path):
        cls = walk.reference(type(value), path)
        for base in type(value).__mro__[1:]:
            if base.__module__.split(".")[0] not in sys.stdlib_module_names:
                walk.reference(base, path)
        attributes = {k: v for k, v in getattr(value, "__dict__", {}).items() if not self.is_left(value, k, v, walk.has(value))}
        filled = {name: member for name, member in slots(type(value)).items() if hasattr(value, member.__name__)}
        return {
            "class": cls,
            "attributes": [[k, walk.reference(v, f"{path}.{k}")] for k, v in attributes.items()],
            "slots": [[k, walk.reference(m.__get__(value), f"{path}.{m.__name__}")] for k, m in filled.items()],
        }

    def is_left(self, value, name, attribute, is_in_place):
        """Left as the fresh environment has it: the bounds of spaces, which may be large, specifications, and times."""
        if isinstance(value, Space):
            return is_in_place and isinstance(attribute, numpy.ndarray)
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
            elif hasattr(value, member.__name__):
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
        return {
            "type": type(value).__name__,
            "factory": walk.reference(getattr(value, "default_factory", None), f"{path}.default_factory"),
            "items": [[walk.reference(k, f"{path} key"), walk.reference(v, f"{path}[{k!r}]")] for k, v in value.items()],
        }

    def make(self, restoration, state):
        return DICTS[state["type"]]()

    def fill(self, restoration, value, state):
        value.clear()
        if isinstance(value, collections.defaultdict):
            value.default_factory = restoration.value(state["factory"])
        dict.update(value, [(restoration.value(key), restoration.value(item)) for key, item in state["items"]])


class Array(Kind):
    """A view of memory: of a block of its own, of an array it shares that with, or of a simulator's."""

    def read(self, walk, value, path):
        if value.dtype.hasobject or value.dtype.names:
            raise StateNotOffered(path, f"an array of {value.dtype}, whose state can't be read")
        memory, start = walk.memory(owner(value), path)
        return {
            "memory": memory,
            "offset": value.ctypes.data - start if value.size else 0,
            "dtype": value.dtype.str,
            "shape": value.shape,
            "strides": value.strides,
            "writes": value.flags.writeable,
        }

    def make(self, restoration, state):
        node, field = state["memory"]
        holder = restoration.node(node)
        block = flat(holder if field is None else getattr(holder, field))
        array = numpy.ndarray(state["shape"], state["dtype"], block, state["offset"], state["strides"])
        array.flags.writeable = state["writes"]
        return array

    def fill(self, restoration, value, state):
        if (value.dtype.str, list(value.shape), list(value.strides)) != (state["dtype"], state["shape"], state["strides"]):
            raise StateMismatch(f"an array of {state['dtype']} {state['shape']} where {value.dtype.str} {value.shape} is")


class Block(Kind):
    """The memory of an array, as bytes."""

    def read(self, walk, value, path):
        return walk.bytes(flat(value).tobytes())

    def make(self, restoration, state):
        return numpy.frombuffer(restoration.bytes(state), numpy.uint8).copy()

    def fill(self, restoration, value, state):
        saved = numpy.frombuffer(restoration.bytes(state), numpy.uint8)
        if not numpy.array_equal(flat(value), saved):
            writes = value.flags.writeable
            value.flags.writeable = True
            flat(value)[:] = saved
            value.flags.writeable = writes


def owner(array):
    """The array whose memory it is."""
    while isinstance(array.base, numpy.ndarray):
        array = array.base
    return array


def flat(array):
    """An array's memory as bytes, in its order: not a copy."""
    in_order = array.transpose(sorted(range(array.ndim), key=lambda axis: -array.strides[axis]))
    return in_order.reshape(-1, copy=False).view(numpy.uint8)


def plain(state):
    """A generator's state as JSON gives it back."""
    return json.loads(json.dumps(state, default=lambda array: array.tolist()))


class Bits(Kind):
    def read(self, walk, value, path):
        # The seeds count the generators that were spawned from them. One in place has its own, which chance may have given.
        seeds = getattr(value, "seed_seq", None)
        is_needed = type(seeds) is numpy.random.SeedSequence and (seeds.n_children_spawned or not walk.has(value))
        return {"state": plain(value.state), "seeds": plain(seeds.state) if is_needed else None}

    def make(self, restoration, state):
        seeds = state["seeds"] and numpy.random.SeedSequence(**state["seeds"])
        bits = BITS[state["state"]["bit_generator"]](seeds)
        bits.state = state["state"]
        return bits

    def fill(self, restoration, value, state):
        value.state = state["state"]
        if state["seeds"]:
            seeds, own = state["seeds"], plain(value.seed_seq.state)
            missing = seeds["n_children_spawned"] - own["n_children_spawned"]
            if missing < 0 or {**seeds, "n_children_spawned": 0} != {**own, "n_children_spawned": 0}:
                raise StateMismatch("a generator that spawned others, from a seed that chance gave it")
            value.seed_seq.spawn(missing)


class Generator(Kind):
    def read(self, walk, value, path):
        return walk.reference(value.bit_generator, f"{path}.bit_generator")

    def make(self, restoration, state):
        return numpy.random.Generator(restoration.value(state))


class RandomState(Kind):
    def read(self, walk, value, path):
        return plain(value.get_state(legacy=False))

    def make(self, restoration, state):
        return numpy.random.RandomState(BITS[state["bit_generator"]]())

    def fill(self, restoration, value, state):
        value.set_state(state)


class Random(Kind):
    def read(self, walk, value, path):
        return value.getstate()

    def make(self, restoration, state):
        return random.Random()

    def fill(self, restoration, value, state):
        version, words, gauss = state
        value.setstate((version, tuple(words), gauss))


CLASS, CONSTANT, OBJECT, BLOCK = Class(), Constant(), Object(), Block()
OF_TYPE = {
    list: List(),
    collections.deque: Deque(),
    set: Set(),
    **dict.fromkeys(DICTS.values(), Dict()),
    numpy.ndarray: Array(),
    **dict.fromkeys(BITS.values(), Bits()),
    numpy.random.Generator: Generator(),
    numpy.random.RandomState: RandomState(),
    random.Random: Random(),
}
KINDS = {CLASS, CONSTANT, OBJECT, BLOCK, *OF_TYPE.values()}
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


def kind_of(value, path):
    """How a value is read. Bytes are constants, as they may be code: Meta-World unpickles those of its tasks."""
    if type(value) in OF_TYPE:
        return OF_TYPE[type(value)]
    if isinstance(value, type):
        return CLASS
    if isinstance(value, CONSTANTS):
        return CONSTANT
    if is_ordinary(type(value)):
        return OBJECT
    raise StateNotOffered(path, f"a {type(value).__module__}.{type(value).__qualname__}, whose state can't be read")
