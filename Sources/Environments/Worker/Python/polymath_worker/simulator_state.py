"""The states of simulators written in C++: MuJoCo's, and the Arcade Learning Environment's."""

import sys
import zlib

import numpy

from .numpy_state import flat
from .state_kinds import Kind, StateMismatch, StateNotOffered

# Arrays of a model that are larger, of meshes and textures, must stay as they were.
LARGEST = 65536


def numbers(thing):
    values = {name: getattr(thing, name) for name in dir(thing) if not name.startswith("_")}
    return {name: numpy.asarray(value) for name, value in values.items() if isinstance(value, (int, float, numpy.ndarray))}


def write(thing, name, value):
    """`value` is an array."""
    if isinstance(getattr(thing, name), numpy.ndarray):
        getattr(thing, name)[...] = value
    else:
        setattr(thing, name, value.item())


class Data(Kind):
    """`mujoco.MjData`: everything that lies in its buffer, derived quantities too, as an environment may read them before its
    next step. Contacts are found again from the saved poses; the rows of constraints, the next step builds anew.
    """

    def fields(self, data):
        """Names of the arrays of a fixed size: the others lie in an arena that changes with every step."""
        start = data.qpos.ctypes.data
        arrays = {name: array for name, array in numbers(data).items() if array.ndim and array.size}
        inside = [name for name, array in arrays.items() if 0 <= array.ctypes.data - start < data.nbuffer]
        # Which boxes collided is for drawing, and most of the bytes.
        return sorted({*inside, "energy"} - {"bvh_active"})

    def read(self, walk, value, path):
        if value.model.nplugin or not value.model.nq:
            raise StateNotOffered(path, "a simulation with plugins or without joints, whose state can't be read")
        walk.simulations.append((value, numbers(value)))
        fields = {name: walk.bytes(flat(getattr(value, name)).tobytes()) for name in self.fields(value)}
        return {"time": walk.bytes(numpy.float64(value.time).tobytes()), "fields": fields}

    def fill(self, restoration, value, state):
        if set(state["fields"]) != set(self.fields(value)):
            raise StateMismatch("a simulation of another model, or of another version of MuJoCo")
        value.time = numpy.frombuffer(restoration.bytes(state["time"])).item()
        for name, saved in state["fields"].items():
            flat(getattr(value, name))[:] = numpy.frombuffer(restoration.bytes(saved), numpy.uint8)
        sys.modules["mujoco"].mj_collision(value.model, value)


class Model(Kind):
    """`mujoco.MjModel`: what differs from the model as it was made."""

    def parts(self, model):
        return {"": model, "opt": model.opt, "stat": model.stat}

    def arrays(self, model):
        return {(part, name): array for part, thing in self.parts(model).items() for name, array in numbers(thing).items()}

    def read(self, walk, value, path):
        walk.simulations.append((value, numbers(value)))
        current = self.arrays(value)
        if walk.baseline is None:
            walk.originals[id(value)] = {key: original(array) for key, array in current.items()}
            return []
        changed = []
        for key, before in walk.baseline.originals[id(value)].items():
            if isinstance(before, int):
                if original(current[key]) != before:
                    raise StateNotOffered(f"{path}.{key[1]}", "a large array that has changed")
            elif current[key].tobytes() != before.tobytes():
                changed.append([*key, walk.bytes(current[key].tobytes())])
        return changed

    def fill(self, restoration, value, state):
        saved = {(part, name): restoration.bytes(place) for part, name, place in state}
        current, parts = self.arrays(value), self.parts(value)
        for key, before in restoration.baseline.originals[id(value)].items():
            if not isinstance(before, int):
                wanted = numpy.frombuffer(saved.get(key, before.tobytes()), before.dtype).reshape(before.shape)
                if wanted.tobytes() != current[key].tobytes():
                    write(parts[key[0]], key[1], wanted)


def original(array):
    """A copy to compare with, or a checksum."""
    return array.copy() if array.nbytes <= LARGEST else zlib.crc32(flat(array))


class Emulator:
    """`ale_py.ALEInterface` with a record of its last frames.

    What the emulator clones lacks the screen, and the action that a sticky one repeats. So a state is a clone of some
    frames ago with the actions since, of which surely not all were repetitions; and those before, one of which the first
    may repeat.
    """

    PERIOD = 64

    def __init__(self, emulator, game):
        self.emulator, self.game = emulator, game
        self.start = self.middle = None
        self.before, self.calls = [], None  # unknown until the first reset, and after writes that go past this record

    def __getattr__(self, name):
        if name.startswith(("load", "restore", "set")):
            self.calls = None
        return getattr(self.emulator, name)

    def reset_game(self):
        self.emulator.reset_game()
        self.start, self.before, self.calls = self.clone(), [], []

    def act(self, *call):
        if self.calls is not None:
            if len(self.calls) == self.PERIOD:
                self.middle = self.clone()
            elif len(self.calls) == 2 * self.PERIOD:
                self.start, self.middle = self.middle, self.clone()
                self.before, self.calls = self.calls[: self.PERIOD], self.calls[self.PERIOD :]
            self.calls.append(call)
        return self.emulator.act(*call)

    def clone(self):
        return self.emulator.cloneState(include_rng=True)

    def repeat(self, previous, frames, start, before, calls):
        """Plays a record again, after some frames of the action that its first may repeat."""
        self.emulator.reset_game()
        for _ in range(frames):
            self.emulator.act(*previous)
        self.emulator.restoreState(start)
        self.start, self.before, self.calls = start, before, []
        for call in calls:
            self.act(*call)


class Recorded(Kind):
    # ale-py 0.12.1 doesn't clone all of their cartridges' states.
    LOSSY = {"miniature_golf", "pitfall2"}

    def read(self, walk, value, path):
        if walk.baseline is None:
            return None
        if value.game in self.LOSSY:
            raise StateNotOffered(path, f"an emulator of {value.game}, whose cartridge isn't cloned whole")
        if value.calls is None:
            raise StateNotOffered(path, "an emulator that was written to since its last reset")
        before, calls = (
            [[int(getattr(action, "value", action)), *map(float, strength)] for action, *strength in record]
            for record in (value.before, value.calls)
        )
        clones = {"start": walk.bytes(value.start.serialize()), "end": walk.bytes(value.clone().serialize())}
        return {**clones, "before": before, "calls": calls}

    def fill(self, restoration, value, state):
        start = sys.modules["ale_py"].ALEState(restoration.bytes(state["start"]))
        end = restoration.bytes(state["end"])
        # Most likely it was the last action before, less likely an earlier one; a reset leaves none.
        candidates = list(dict.fromkeys(tuple(call) for call in reversed(state["before"]))) or [(0,)]
        # ale-py 0.12.1 doesn't clone either whether the last frame was whole: another number of frames may match that.
        for more in range(8):
            for candidate in candidates:
                frames = more + (value.PERIOD if state["before"] else 0)
                value.repeat(candidate, frames, start, state["before"], state["calls"])
                if value.clone().serialize() == end:
                    return
        raise StateMismatch("an emulator that doesn't repeat its last frames")


KINDS = DATA, MODEL, RECORDED = Data(), Model(), Recorded()


def kind_of(value):
    mujoco = sys.modules.get("mujoco")
    if mujoco and isinstance(value, (mujoco.MjData, mujoco.MjModel)):
        return DATA if isinstance(value, mujoco.MjData) else MODEL
    return RECORDED if isinstance(value, Emulator) else None


def record(environments):
    """Puts a record in the place of each emulator, which has no state of its own that is exact."""
    for environment in {id(environment.unwrapped): environment.unwrapped for environment in environments}.values():
        if type(getattr(environment, "ale", None)).__name__ == "ALEInterface":
            environment.ale = Emulator(environment.ale, environment._game)
