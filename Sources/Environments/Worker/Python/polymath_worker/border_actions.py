"""From what an agent chooses to what an environment takes: members of its space, as the space's own `sample` makes them."""

import math

import numpy
from gymnasium import spaces

from .border import Refused, require_space

MOST_COMBINATIONS = 1024


class DiscreteActions:
    """One of a discrete space's numbers."""

    def __init__(self, space):
        self.members = [space.dtype.type(int(space.start) + index) for index in range(combinations(space, [space.n]))]
        self.action = {"discrete": len(self.members)}

    def __call__(self, rows):
        """What each environment is to do."""
        return [self.members[row] for row in rows.tolist()]


class MultiDiscreteActions:
    """One of all combinations of several discrete choices: the last of them changes fastest."""

    def __init__(self, space):
        is_binary = isinstance(space, spaces.MultiBinary)
        counts = numpy.full(space.shape, 2) if is_binary else space.nvec
        count = combinations(space, counts.ravel())
        digits = numpy.stack(numpy.unravel_index(numpy.arange(count), counts.ravel().tolist()), axis=1)
        digits = digits.reshape(count, *space.shape).astype(space.dtype)
        self.members = digits if is_binary else digits + space.start
        self.action = {"discrete": count}

    def __call__(self, rows):
        return self.members[rows]  # a copy, which environments may write to


class BoxActions:
    """A bounded box: -1 is low and 1 is high, exactly."""

    def __init__(self, space):
        if not (numpy.isfinite(space.low).all() and numpy.isfinite(space.high).all()):
            raise Refused(
                f"actions are {space}, a box without bounds on every side: give its low and high finite numbers, which "
                "-1 and 1 of the agent stand for"
            )
        self.dtype, self.shape, self.action = space.dtype, space.shape, {"box": math.prod(space.shape)}
        self.wide = numpy.result_type(space.dtype, numpy.float64)
        self.low, self.high, self.half = space.low.astype(self.wide), space.high.astype(self.wide), self.wide.type(0.5)
        self.is_unit = bool((self.low == -1).all() and (self.high == 1).all())  # nothing to compute then

    def __call__(self, rows):
        actions = rows.reshape(-1, *self.shape)
        if not self.is_unit:
            with numpy.errstate(all="ignore"):  # an environment may have set it to raise
                # A mean of both bounds: unlike their difference it can't overflow, and it meets both exactly.
                share = actions * self.half + self.half
                actions = self.low * (1 - share) + self.high * share
            if self.dtype == self.wide:
                actions = actions.clip(self.low, self.high)  # of narrower types the nearest number is in the box
        actions = actions.astype(self.dtype)  # a copy, which environments may write to
        return actions if self.shape else [actions[slot, ...] for slot in range(len(actions))]  # arrays, not scalars


def combinations(space, counts):
    count = math.prod(int(n) for n in counts)  # numpy's would wrap
    if count > MOST_COMBINATIONS:
        raise Refused(f"actions are {space}: {count} combinations, {MOST_COMBINATIONS} at most can be told apart")
    return count


def converter(space):
    """What turns an agent's rows into actions of the space.

    Raises:
        Refused: where no agent can act in it.
    """
    require_space(space, "action_space")
    if isinstance(space, spaces.Discrete):
        return DiscreteActions(space)
    if math.prod(space.shape or ()) == 0:
        raise Refused(f"actions are {space}, which hold no number: an agent needs something to choose")
    if isinstance(space, (spaces.MultiDiscrete, spaces.MultiBinary)):
        return MultiDiscreteActions(space)
    if isinstance(space, spaces.Box) and space.dtype.kind == "f":
        return BoxActions(space)
    raise Refused(f"actions are {space}: Discrete, MultiDiscrete, MultiBinary or a box of floats is needed")
