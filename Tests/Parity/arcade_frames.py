"""Drives MinAtar 1.0.15 and our games with the same actions and random words, and compares every frame, reward and end.

    python arcade_frames.py [steps per game and mode]

Needs minatar==1.0.15 (requirements.txt) and clang. Actions alternate between mostly scripted and half random.
"""

import sys

import numpy as np

import arcade_policies
from arcade_library import GAMES, Batch, InjectedRandom, build_library, minatar, planes


def compare(library, game, ramping, steps, seed):
    batch = Batch(library, game, 1, seed, ramping)
    reference = minatar(game, ramping)
    words = InjectedRandom(library, seed, 0)
    reference.random = reference.env.random = words
    reference.reset()
    policy, generator = getattr(arcade_policies, game), np.random.RandomState(seed)
    episodes = differences = 0
    score = 0.0
    if not np.array_equal(planes(reference.state()), batch.observation[0]):
        print(f"{game}: first frames differ")
        differences += 1
    for step in range(1, steps + 1):
        random_share = 0.05 if (step // 20000) % 2 else 0.5
        action = policy(batch.observation)[0] if generator.rand() > random_share else generator.randint(6)
        # Every third episode runs out of oxygen, which the policy never lets happen.
        if game == "diver" and episodes % 3 == 0 and batch.observation[0, :2, :, 0].any():
            action = arcade_policies.DOWN
        words.begin_step(step)
        reward, ended = reference.act(action)
        frame = planes(reference.state())
        batch.step([action])
        ours = batch.final_observation[0] if batch.terminated[0] else batch.observation[0]
        score += reward
        if not (np.array_equal(frame, ours) and reward == batch.reward[0] and bool(ended) == bool(batch.terminated[0])):
            print(f"{game} step {step} action {action}: reward {reward} / {batch.reward[0]}, ended {ended} /"
                  f" {batch.terminated[0]}, different cells (row, column, plane) {np.argwhere(frame != ours).tolist()}")
            return differences + 1, episodes, score, step
        if ended:
            episodes += 1
            reference.reset()
            reference.last_action = 0
    return differences, episodes, score, steps


if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    library = build_library()
    failed = False
    for game in GAMES:
        if GAMES[game][1] is None:
            continue
        for ramping in (False, True):
            differences, episodes, score, made = compare(library, game, ramping, steps, seed=7)
            failed |= differences > 0
            print(f"{game:9} ramping {ramping!s:5}: {made} steps, {episodes} episodes, score {score:g},"
                  f" {differences} differences", flush=True)
    sys.exit(failed)
