"""Simple policies for the arcade games: functions of a batch of observations, uint8 [n, 10, 10, 10], to actions [n].

They are no good players; they reach parts of the games that random play doesn't, and play far better than it.
"""

import numpy as np

NOOP, LEFT, UP, RIGHT, DOWN, FIRE = range(6)
COLUMNS = np.arange(10)


def place(plane):
    """Row and column of the first set cell of each plane, [n, 10, 10]."""
    index = plane.reshape(len(plane), 100).argmax(1)
    return index // 10, index % 10


def nearest(candidates, origin):
    """The candidate (a flag a column or row, [n, 10]) nearest to `origin`, the lower of two; else `origin`."""
    distance = np.where(candidates > 0, np.abs(COLUMNS - origin[:, None]), 99)
    return np.where(candidates.any(1), distance.argmin(1), origin)


def towards(target, origin, less, more):
    return np.where(target < origin, less, np.where(target > origin, more, NOOP))


def bricks(observation):
    """Chases the column of the ball."""
    _, paddle = place(observation[..., 0])
    _, ball = place(observation[..., 1])
    return towards(ball, paddle, LEFT, RIGHT)


def swarm(observation):
    """Steps aside from a near bomb, fires under aliens, otherwise walks under the nearest ones."""
    rows = np.arange(len(observation))
    _, x = place(observation[..., 0])
    columns = observation[..., 1].any(1)
    bombed = observation[:, 6:, :, 5].any(1)
    right_is_free = (x < 9) & ~bombed[rows, np.minimum(x + 1, 9)]
    action = np.where(columns[rows, x], FIRE, towards(nearest(columns, x), x, LEFT, RIGHT))
    return np.where(bombed[rows, x], np.where(right_is_free, RIGHT, LEFT), action)


def crossing(observation):
    """Walks up unless a car is in the cell above."""
    rows = np.arange(len(observation))
    y, x = place(observation[..., 0])
    return np.where(observation[rows, np.maximum(y - 1, 0), x, 1] > 0, NOOP, UP)


def forage(observation):
    """Keeps a cell away from enemies and prefers lanes with a near treasure."""
    rows = np.arange(len(observation))
    y, x = place(observation[..., 0])
    best, best_score = np.zeros(len(rows), int), np.full(len(rows), -np.inf)
    for action, dy, dx in ((NOOP, 0, 0), (LEFT, 0, -1), (UP, -1, 0), (RIGHT, 0, 1), (DOWN, 1, 0)):
        to_y, to_x = np.clip(y + dy, 1, 8), np.clip(x + dx, 0, 9)
        lane = observation[rows, to_y]
        near = np.abs(COLUMNS - to_x[:, None]) <= 1
        danger = (lane[..., 1] * near).any(1)
        treasure = lane[..., 3] > 0
        distance = np.where(treasure, np.abs(COLUMNS - to_x[:, None]), 99).min(1)
        score = -100.0 * danger + np.where(treasure.any(1), 12.0 - distance, 0.0)
        better = score > best_score
        best, best_score = np.where(better, action, best), np.maximum(score, best_score)
    return best


def diver(observation):
    """Surfaces when oxygen is short and a diver aboard; shoots along its row; else seeks the nearest busy row."""
    rows = np.arange(len(observation))
    y, x = place(observation[..., 0])
    _, back = place(observation[..., 1])
    faces_right = back < x
    enemies = observation[..., 5] | observation[..., 6]
    here = enemies[rows, y] > 0
    target = nearest(here, x)
    aims = np.where(faces_right, target >= x, target <= x)
    action = np.where(aims, FIRE, np.where(faces_right, LEFT, RIGHT))
    swimmers = (enemies | observation[..., 9]).any(2)
    swimmers[:, 0] = False
    divers_here = observation[rows, y, :, 9]
    to_diver = towards(nearest(divers_here, x), x, LEFT, RIGHT)
    search = np.where(divers_here.any(1), to_diver, towards(nearest(swimmers, y), y, UP, DOWN))
    action = np.where(here.any(1), action, search)
    short = (observation[:, 9, :, 7].sum(1) <= 3) & observation[:, 9, :, 8].any(1)
    return np.where(short, UP, np.where(y == 0, DOWN, action))
