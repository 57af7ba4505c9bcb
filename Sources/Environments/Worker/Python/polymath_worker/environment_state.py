"""The exact state of Gymnasium environments, with their wrappers, as bytes that hold no code.

A state is a table of nodes: one for each object, array, generator and simulator reached through attributes. It is restored
into environments made alike, where what these hold already is filled in place; functions and other constants stay theirs.
What can't be read is refused. Not seen is what an environment keeps outside: in variables of modules, C libraries, files.

Bytes: magic, SHA-256 of the rest, length of a JSON text, that text, and the arrays that it points into.
"""

import collections
import enum
import hashlib
import json
import random
import struct
import sys
import types

import numpy

from . import numpy_state, simulator_state, state_kinds
from .numpy_state import BLOCK, owner
from .state_kinds import CLASS, CONSTANT, CONSTANTS, OBJECT, StateMismatch, StateNotOffered, is_ordinary

MAGIC = b"PMENVST\x01"
HEADER = struct.Struct("<8s32sQ")
OF_TYPE = {**state_kinds.OF_TYPE, **numpy_state.OF_TYPE}
KINDS = {kind.name: kind for kind in (CLASS, CONSTANT, OBJECT, BLOCK, *OF_TYPE.values(), *simulator_state.KINDS)}
BUILTINS = {kind.__name__: kind for kind in (bool, int, float, complex, str, bytes, list, tuple, dict, set, object)}


def kind_of(value, path):
    """How a value is read. Bytes are constants, as they may be code: Meta-World unpickles those of its tasks."""
    kind = OF_TYPE.get(type(value)) or simulator_state.kind_of(value)
    if kind:
        return kind
    if isinstance(value, type):
        return CLASS
    if isinstance(value, CONSTANTS):
        return CONSTANT
    if is_ordinary(type(value)):
        return OBJECT
    module = getattr(type(value), "__module__", "builtins")  # some C types have none
    raise StateNotOffered(path, f"a {module}.{type(value).__qualname__}, whose state can't be read")


class Walk:
    """Reads all that is reached from the roots into `nodes`: [number in the baseline, if it is there; kind; state].

    The first walk, over environments just made, is the baseline of later ones: what those can fill in place.
    """

    def __init__(self, roots, baseline=None):
        self.baseline = baseline
        self.nodes, self.values, self.kinds, self.numbers = [], [], [], {}
        self.raw, self.modules, self.originals, self.simulations = bytearray(), set(), {}, []
        self.identity = hashlib.sha256()
        # Views of a simulator's memory are read when all simulators are known.
        waiting = self.waiting, self.late = collections.deque(), collections.deque()
        for value, path in roots:
            self.reference(value, path)
        while any(waiting):
            number, path = (self.waiting or self.late).popleft()
            self.nodes[number][2] = self.kinds[number].read(self, self.values[number], path)

    def has(self, value):
        return self.baseline is None or (id(value), False) in self.baseline.numbers

    def reference(self, value, path):
        cls = type(value)
        if value is None or cls in (bool, int, str):
            return value
        if cls is float:
            return ["float", struct.pack("<d", value).hex()]
        if isinstance(value, (numpy.number, numpy.bool_, numpy.character)):
            return ["scalar", value.dtype.str, value.tobytes().hex()]
        if isinstance(value, numpy.dtype) and value.names is None:
            return ["dtype", value.str]
        if isinstance(value, tuple):
            return ["tuple", None if cls is tuple else self.reference(cls, path), self.references(value, path)]
        if cls is frozenset:
            return ["frozenset", sorted(self.references(value, path), key=json.dumps)]
        if isinstance(value, enum.Enum) and value.name in cls._member_map_:
            return ["member", self.reference(cls, path), value.name]
        if isinstance(value, type) and BUILTINS.get(value.__name__) is value:
            return ["builtin", value.__name__]
        return ["node", self.node(value, path, kind_of(value, path))]

    def references(self, values, path):
        return [self.reference(value, f"{path}[{index}]") for index, value in enumerate(values)]

    def node(self, value, path, kind):
        key = (id(value), kind is BLOCK)
        if key not in self.numbers:
            at = self.baseline.numbers.get(key) if self.baseline else None
            self.numbers[key] = len(self.nodes)
            self.nodes.append([at, kind.name, None])
            self.values.append(value)
            self.kinds.append(kind)
            is_view = isinstance(value, numpy.ndarray) and owner(value).base is not None
            (self.late if is_view else self.waiting).append((self.numbers[key], path))
            name = (value if isinstance(value, (type, types.FunctionType)) else type(value)).__qualname__
            content = value if isinstance(value, bytes) else b""
            self.identity.update(hashlib.sha256(f"{path} {name} ".encode() + content).digest())
            if at is None and self.baseline and not kind.is_made:
                raise StateNotOffered(path, f"a {type(value).__qualname__} that the environment didn't have when it was made")
        return self.numbers[key]

    def bytes(self, content):
        self.raw += content
        return [len(self.raw) - len(content), len(content)]

    def memory(self, array, path):
        """Where an array's memory lies, [node, field], and its address."""
        source = array.base
        # A memoryview is how ale-py gives a screen, in memory of the array's own.
        if source is None or isinstance(source, bytes) or type(getattr(source, "obj", None)).__name__ == "nb_ndarray":
            return [self.node(array, path, BLOCK), None], array.ctypes.data
        address = array.ctypes.data
        for simulation, fields in self.simulations:
            for field, part in fields.items():
                if part.ndim and part.ctypes.data <= address < part.ctypes.data + part.nbytes:
                    return [self.numbers[id(simulation), False], field], part.ctypes.data
        raise StateNotOffered(path, f"an array in the memory of a {type(source).__qualname__}, whose state can't be read")

    def class_name(self, cls, path):
        """A name by which a class can be found: one from a module that the environment's own classes come from."""
        if self.baseline is None:
            self.modules.add(cls.__module__)
        elif not self.has(cls) and named_class(f"{cls.__module__}:{cls.__qualname__}", self.baseline.modules) is not cls:
            raise StateNotOffered(path, f"of {cls.__qualname__}, a class from elsewhere than the environment's")
        return f"{cls.__module__}:{cls.__qualname__}"


def named_class(name, modules):
    module, _, path = name.partition(":")
    found = sys.modules[module] if module in modules and module.split(".")[0] not in sys.stdlib_module_names else None
    for part in path.split("."):
        found = getattr(found, "__dict__", {}).get(part)
    return found if isinstance(found, type) and found.__module__ == module else None


class Restoration:
    """Makes and fills the values of a walk's nodes, beside those of the fresh environments' baseline."""

    def __init__(self, baseline, nodes, raw):
        self.baseline, self.nodes, self.raw, self.made = baseline, nodes, raw, {}
        # A simulation looks at its model, so it comes after it.
        for number in sorted(range(len(nodes)), key=lambda number: nodes[number][1] == "Data"):
            KINDS[nodes[number][1]].fill(self, self.node(number), nodes[number][2])

    def node(self, number):
        if number not in self.made:
            at, kind, state = self.nodes[number]
            if at is not None and self.baseline.kinds[at].name != kind:
                raise StateMismatch(f"a {kind} where the fresh environment has a {self.baseline.kinds[at].name}")
            self.made[number] = KINDS[kind].make(self, state) if at is None else self.baseline.values[at]
        return self.made[number]

    def value(self, reference):
        if not isinstance(reference, list):
            return reference
        kind, *parts = reference
        if kind == "node":
            return self.node(parts[0])
        if kind == "float":
            return struct.unpack("<d", bytes.fromhex(parts[0]))[0]
        if kind == "scalar":
            return numpy.frombuffer(bytes.fromhex(parts[1]), parts[0])[0]
        if kind == "tuple":
            return tuple.__new__(self.value(parts[0]) or tuple, map(self.value, parts[1]))
        if kind == "frozenset":
            return frozenset(map(self.value, parts[0]))
        if kind == "member":
            return self.value(parts[0])._member_map_[parts[1]]
        return {"dtype": numpy.dtype, "builtin": BUILTINS.__getitem__}[kind](parts[0])

    def bytes(self, place):
        offset, length = place
        if not 0 <= offset <= offset + length <= len(self.raw):
            raise StateMismatch("bytes that aren't there")
        return bytes(self.raw[offset : offset + length])

    def named_class(self, name):
        found = named_class(name, self.baseline.modules)
        if found is None:
            raise StateMismatch(f"the class {name}, which isn't of the environment's modules")
        return found


class StateKeeper:
    """Saves and restores environments, all of a process in one: they share generators, and may share more.

    Made right after the environments, before their first reset, where they are to be saved and where they are to be restored.
    """

    def __init__(self, environments):
        simulator_state.record(environments)
        self.names = [str(environment) for environment in environments]
        # The innermost first, for the sake of short paths.
        self.roots = [(environment.unwrapped, "env.unwrapped") for environment in environments]
        self.roots += [(environment, "env") for environment in environments]
        self.roots += [(numpy.random.mtrand._rand, "numpy.random"), (random._inst, "random")]
        self.refusal = self.baseline = None
        try:
            self.baseline = self.walk()
        except StateNotOffered as refusal:
            self.refusal = refusal

    def walk(self):
        try:
            return Walk(self.roots, self.baseline)
        except StateNotOffered:
            raise
        except Exception as error:  # of an environment that doesn't like to be looked at
            raise StateNotOffered("env", f"not to be read: {type(error).__name__}: {error}") from error

    def save(self):
        """Raises StateNotOffered."""
        if self.refusal:
            raise self.refusal
        walk = self.walk()
        content = {"names": self.names, "identity": self.baseline.identity.hexdigest(), "nodes": walk.nodes}
        text = json.dumps(content, separators=(",", ":")).encode()
        rest = struct.pack("<Q", len(text)) + text + walk.raw
        return MAGIC + hashlib.sha256(rest).digest() + rest

    def restore(self, data):
        """Raises StateMismatch, after which the environments are to be made anew, and StateNotOffered."""
        if self.refusal:
            raise self.refusal
        if len(data) < HEADER.size or HEADER.unpack_from(data)[0] != MAGIC:
            raise StateMismatch("not a state of environments")
        _, digest, length = HEADER.unpack_from(data)
        if hashlib.sha256(memoryview(data)[40:]).digest() != digest:
            raise StateMismatch("a state of environments that is damaged or cut short")
        try:
            content = json.loads(bytes(data[HEADER.size : HEADER.size + length]))
            if content["names"] != self.names:
                raise StateMismatch(f"a state of {', '.join(content['names'])}, not of {', '.join(self.names)}")
            if content["identity"] != self.baseline.identity.hexdigest():
                raise StateMismatch(f"a state of {', '.join(self.names)} made with other arguments, seeds or versions")
            Restoration(self.baseline, content["nodes"], memoryview(data)[HEADER.size + length :])
        except StateMismatch:
            raise
        except Exception as error:
            raise StateMismatch(f"a state that can't be restored: {type(error).__name__}: {error}") from error
