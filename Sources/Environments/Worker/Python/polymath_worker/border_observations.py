"""From what an environment shows to what an agent sees: pictures as they are, everything else as one vector.

Every observation of every step is compared with its space (`border_parts.py`).
"""

from gymnasium import spaces

from .border import Refused, require_space
from .border_parts import is_picture, largest, part

MOST_NUMBERS = 1 << 26


class Observer:
    """Writes observations into rows, each as long as the leaf that an agent sees."""

    def __init__(self, space):
        require_space(space, "observation_space")
        self.root = part(space)
        if self.root.size == 0:
            raise Refused(f"observations are {space}, which hold no number: an agent needs something to see")
        if self.root.size > MOST_NUMBERS:
            raise Refused(f"observations are {space}: {self.root.size} numbers, and {MOST_NUMBERS} at most can be seen")
        if is_picture(space):
            shape = space.shape if len(space.shape) == 3 else (*space.shape, 1)
            self.leaf = {"element": "uint8", "shape": shape, "scale": 1 / largest(space)}
        else:
            self.leaf = {"element": "float32", "shape": [self.root.size], "scale": 1}

    @property
    def divisors(self):
        """What the numbers of flattened pictures are divided by, by part."""
        return {leaf.name or "observation": leaf.divisor for leaf in self.root.leaves if leaf.divisor != 1}

    @property
    def notes(self):
        """What a user may not expect of how observations are seen."""
        found = []
        for leaf in self.root.leaves:
            shape = leaf.space.shape or ()
            if leaf is self.root and is_picture(leaf.space):
                if len(shape) == 3 and shape[0] in (1, 3, 4) and shape[2] > 4:
                    found.append(
                        f"pictures are {leaf.space}, taken as height {shape[0]}, width {shape[1]} and {shape[2]} channels: "
                        "move the channels to the end if they come first"
                    )
            elif isinstance(leaf.space, spaces.Box) and (leaf.divisor != 1 or len(shape) > 2):
                found.append(
                    f"{leaf.subject}, {leaf.space}, is flattened to a vector"
                    + (f" and divided by {leaf.divisor}" if leaf.divisor != 1 else "")
                    + ": networks see a picture only where it is the whole observation, in bytes"
                )
        return found

    def remarks(self, observation):
        """What is taken of an observation, but is not as the space says: parts' names and sentences."""
        return self.root.remarks(observation)

    @staticmethod
    def rows(block):
        """The rows of an array, each as `write` takes it."""
        return list(block.reshape(len(block), -1))

    def write(self, row, observation):
        self.root.write(row, observation)

    def write_all(self, block, observations):
        """Every environment's observation into a whole array."""
        if not self.root.write_together(block, observations):
            for row, observation in zip(self.rows(block), observations):
                self.root.write(row, observation)
