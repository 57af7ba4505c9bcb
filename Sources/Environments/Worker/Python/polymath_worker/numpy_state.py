"""The kinds of numpy's values in an environment's state: arrays with what they share, and generators."""

import json

import numpy

from .state_kinds import Kind, StateMismatch, StateNotOffered

BITS = {name: getattr(numpy.random, name) for name in ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")}


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
        dtype = numpy.dtype(state["dtype"])
        if dtype.hasobject:
            raise StateMismatch("an array of objects")
        array = numpy.ndarray(state["shape"], dtype, block, state["offset"], state["strides"])
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


BLOCK = Block()
OF_TYPE = {
    numpy.ndarray: Array(),
    **dict.fromkeys(BITS.values(), Bits()),
    numpy.random.Generator: Generator(),
    numpy.random.RandomState: RandomState(),
}
