"""The parts of an observation, one for each leaf of its space: what each takes, and how it is written into a row of numbers.

Taken is what converts to the space without loss: float64 or a list for a box of float32, a plain int for Discrete, whole
floats for bytes. Refused are other shapes, fractions and numbers out of range in a space of whole numbers, and what is not
finite. Boxes of floats are not held to their bounds, which environments often cross a little: `remarks` says so.
"""

import math

import numpy
from gymnasium import spaces

from .border import Refused, shown


def has_bytes(space):
    return isinstance(space, spaces.Box) and space.dtype in (numpy.uint8, bool)


def is_picture(space):
    """Whether networks can see it as an image."""
    return has_bytes(space) and len(space.shape) in (2, 3)


def largest(space):
    return max(int(space.high.max(initial=1)), 1)


class Part:
    """One leaf of a space: `size` numbers of a row."""

    # What the numbers of flattened pictures are divided by.
    divisor = 1

    def __init__(self, space, name):
        self.space, self.name = space, name
        self.subject = f"the observation's part {name}" if name else "the observation"

    @property
    def leaves(self):
        return [self]

    def outside(self, value, reason):
        return Refused(f"{self.subject} {value} is not in {self.space}: {reason}")

    def write_together(self, block, observations):
        """All observations of a step by one call; False where that can't be done, or one is not as it should be."""
        return False

    def remarks(self, value):
        """What is taken, but is not as the space says: parts' names and sentences."""
        return []


class Numbers(Part):
    """A box, or several choices: an array whose numbers have bounds."""

    def __init__(self, space, name, low, high):
        super().__init__(space, name)
        self.shape, self.size = space.shape, math.prod(space.shape)
        self.is_whole = space.dtype.kind in "iub"
        self.low, self.high = self.uniform(low), self.uniform(high)
        # Whatever has the type is then within the bounds.
        most = 255 if space.dtype == numpy.uint8 else 1
        self.is_any_byte = has_bytes(space) and numpy.all(low == 0) and numpy.all(high == most)
        if has_bytes(space) and len(self.shape) > 1 and not (is_picture(space) and not name):
            self.divisor = largest(space)

    @staticmethod
    def uniform(bound):
        """One number for all elements where they have the same."""
        return bound.flat[0] if bound.size and (bound == bound.flat[0]).all() else bound

    def array(self, value):
        """The value as an array of the space's shape, whose numbers are ones that the space may hold."""
        if not isinstance(value, numpy.ndarray):
            try:
                array = numpy.asarray(value)
            except (TypeError, ValueError):
                raise self.outside(shown(value), "it is not an array of numbers") from None
        else:
            array = value
        if array.dtype.kind not in "biuf":
            raise self.outside(shown(value), f"its elements are of type {array.dtype}, not numbers")
        if array.shape != self.shape:
            raise self.outside(shown(value), f"its shape is {array.shape}")
        if self.is_whole and not (self.is_any_byte and array.dtype == self.space.dtype):
            if array.dtype.kind == "f":
                self.require(array == numpy.rint(array), array, "the space's numbers are whole")
            self.require((array >= self.low) & (array <= self.high), array, "it is out of bounds")
        return array

    def require(self, good, array, reason):
        if not numpy.all(good):
            raise self.outside(self.place(array, good), reason + self.hint(array))

    @staticmethod
    def place(array, good):
        """The first number that is not good, and where it is."""
        index = tuple(int(i) for i in numpy.argwhere(~good)[0])
        return f"{array[index]}" + (f" at {list(index)}" if index else "")

    def hint(self, array):
        if has_bytes(self.space) and array.dtype.kind == "f" and numpy.all((array >= 0) & (array <= 1)):
            return "; multiply by 255 and round, or declare a box of floats"
        if self.is_whole:
            return "; change the environment's observation_space, or what it returns"
        return ""

    def write(self, row, value):
        array = self.array(value)
        with numpy.errstate(all="ignore"):
            row[...] = array.reshape(-1)
            is_finite = self.is_whole or math.isfinite(row.dot(row))  # the cheapest look at all of them
        if self.divisor != 1:
            row /= self.divisor
        if not is_finite:
            self.require(numpy.isfinite(array), array, "it is not a finite number")
            self.require(numpy.isfinite(row.reshape(self.shape)), array, "it is too large for float32")

    def write_together(self, block, observations):
        if self.divisor != 1:
            return False
        try:
            if [observation.shape for observation in observations] != [self.shape] * len(observations):
                return False
            if self.is_whole and any(observation.dtype.kind == "f" for observation in observations):
                return False
            rows = block.reshape(-1, *self.shape[1:])
            numpy.concatenate(observations, out=rows, casting="safe" if block.dtype == numpy.uint8 else "same_kind")
            if not self.is_whole:
                rows = block.reshape(-1)
                return math.isfinite(rows.dot(rows))
        # An environment may have set warnings and overflows to raise.
        except (AttributeError, TypeError, ValueError, FloatingPointError, RuntimeWarning):
            return False  # found out one by one
        if self.is_any_byte:
            return True
        block = block.reshape(len(block), *self.shape)
        return bool(((block >= self.low) & (block <= self.high)).all())

    def remarks(self, value):
        array = numpy.asarray(value)
        inside = (array >= self.low) & (array <= self.high)
        if numpy.all(inside):
            return []
        text = f"{self.subject} {self.place(array, inside)} is out of the bounds of {self.space}; floats are taken all the same"
        return [(self.name, text)]


class Indices(Numbers):
    """Several choices, each as a one among zeros."""

    def __init__(self, space, name):
        counts = space.nvec.astype(numpy.int64)
        super().__init__(space, name, space.start.astype(numpy.int64), space.start.astype(numpy.int64) + counts - 1)
        self.size = sum(counts.ravel().tolist())
        self.first = numpy.cumsum(counts) - counts.ravel() - space.start.astype(numpy.int64).ravel()

    def write(self, row, value):
        array = self.array(value)
        row[:] = 0
        row[self.first + array.reshape(-1).astype(numpy.int64)] = 1

    def write_together(self, block, observations):
        return False


class Index(Part):
    """One choice, as a one among zeros."""

    def __init__(self, space, name):
        super().__init__(space, name)
        self.start, self.size = int(space.start), int(space.n)

    def write(self, row, value):
        if not isinstance(value, (int, numpy.integer)):
            array = numpy.asarray(value)
            if array.size != 1 or array.dtype.kind not in "biuf" or array.item() % 1 != 0:
                raise self.outside(shown(value), "it is not a whole number")
            value = array.item()
        index = int(value) - self.start
        if not 0 <= index < self.size:
            raise self.outside(shown(value), f"it is not one of {self.start} to {self.start + self.size - 1}")
        row[:] = 0
        row[index] = 1


class Several(Part):
    """A Dict or a Tuple: its parts one after the other, in the space's order."""

    def __init__(self, space, name):
        super().__init__(space, name)
        self.is_dict = isinstance(space, spaces.Dict)
        items = space.spaces.items() if self.is_dict else enumerate(space.spaces)
        self.parts, self.size = [], 0
        for key, inner in items:
            inner = part(inner, f"{name}/{key}" if name else str(key))
            self.parts.append((key, inner, slice(self.size, self.size + inner.size)))
            self.size += inner.size

    @property
    def leaves(self):
        return [leaf for _, inner, _ in self.parts for leaf in inner.leaves]

    def check(self, value):
        if self.is_dict:
            missing = [key for key, _, _ in self.parts if key not in value] if isinstance(value, dict) else None
            if missing is None or missing:
                raise self.outside(shown(value), f"it lacks {missing[0]!r}" if missing else "it is not a dict")
        elif not isinstance(value, (tuple, list)) or len(value) != len(self.parts):
            raise self.outside(shown(value), f"it is not a tuple of {len(self.parts)}")

    def write(self, row, value):
        self.check(value)
        for key, inner, place in self.parts:
            inner.write(row[place], value[key])

    def remarks(self, value):
        found = [remark for key, inner, _ in self.parts for remark in inner.remarks(value[key])]
        if self.is_dict and len(value) > len(self.parts):
            other = next(key for key in value if key not in self.space.spaces)
            found.append((f"{self.name}/", f"{self.subject} has a part {other!r} that {self.space} lacks: it is not seen"))
        return found


class Flattened(Part):
    """Any other space of a fixed length, by Gymnasium's own functions."""

    def __init__(self, space, name):
        super().__init__(space, name)
        self.size = spaces.flatdim(space)

    def write(self, row, value):
        try:
            if not self.space.contains(value):
                raise self.outside(shown(value), f"it is no {type(self.space).__name__} of it")
            row[...] = spaces.flatten(self.space, value)
        except (TypeError, ValueError, IndexError, KeyError) as error:
            raise self.outside(shown(value), str(error)) from error


def part(space, name=""):
    """How a space is written.

    Raises:
        Refused: where its length varies.
    """
    if isinstance(space, (spaces.Dict, spaces.Tuple)):
        return Several(space, name)
    if isinstance(space, spaces.Box):
        return Numbers(space, name, space.low, space.high,)
    if isinstance(space, spaces.MultiBinary):
        return Numbers(space, name, numpy.zeros(space.shape, int), numpy.ones(space.shape, int))
    if isinstance(space, spaces.MultiDiscrete):
        return Indices(space, name)
    if isinstance(space, spaces.Discrete):
        return Index(space, name)
    try:
        return Flattened(space, name)
    except ValueError:
        raise Refused(f"observations are {space}, whose length varies: wrap the environment to give a box") from None
    except NotImplementedError:
        raise Refused(
            f"observations are {space}, a {type(space).__name__} that can't be flattened: wrap the environment to give a box"
        ) from None
