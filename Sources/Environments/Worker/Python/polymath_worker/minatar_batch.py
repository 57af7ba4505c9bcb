"""MinAtar's games (Young and Tian 2019), which Gymnasium makes once they are registered."""

import minatar.gym

from .gymnasium_batch import Batch  # noqa: F401

minatar.gym.register_envs()
