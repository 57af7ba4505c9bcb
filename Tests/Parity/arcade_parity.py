"""Mean returns of MinAtar 1.0.15 and of our games, random and scripted policy, ramping on and off.

    python arcade_parity.py [episodes] [game ...]

Needs minatar==1.0.15 (requirements.txt) and clang. Both sides draw their own random numbers; an episode is cut off
after 2,600 steps on both. Prints a Markdown table; exits with 1 if a difference exceeds three standard errors.
"""

import sys

import numpy as np

import arcade_policies
from arcade_library import GAMES, Batch, build_library, minatar, planes

SLOTS = 64
MOST_STEPS = 2600


class MinAtarBatch:
    """Environments of MinAtar stepped together, with the part of `Batch` that `returns` uses."""

    def __init__(self, game, seed, ramping):
        self.environments = [minatar(game, ramping) for _ in range(SLOTS)]
        for i, environment in enumerate(self.environments):
            environment.seed(seed * SLOTS + i)
            environment.reset()
        self.steps = np.zeros(SLOTS, int)
        self.observation = np.stack([planes(e.state()) for e in self.environments])
        self.reward, self.terminated, self.truncated = (np.zeros(SLOTS) for _ in range(3))

    def step(self, actions):
        for i, environment in enumerate(self.environments):
            self.reward[i], self.terminated[i] = environment.act(int(actions[i]))
            self.steps[i] += 1
            self.truncated[i] = not self.terminated[i] and self.steps[i] >= MOST_STEPS
            if self.terminated[i] or self.truncated[i]:
                environment.reset()
                environment.last_action = 0
                self.steps[i] = 0
            self.observation[i] = planes(environment.state())


def returns(batch, policy, episodes, seed):
    """The first `episodes / SLOTS` episodes of every slot, so that short episodes aren't preferred."""
    generator = np.random.RandomState(seed)
    wanted = -(-episodes // SLOTS)
    finished, score, done = np.zeros(SLOTS, int), np.zeros(SLOTS), []
    while (finished < wanted).any():
        actions = generator.randint(6, size=SLOTS) if policy is None else policy(batch.observation)
        batch.step(actions)
        score += batch.reward
        for i in np.flatnonzero(np.logical_or(batch.terminated, batch.truncated)):
            if finished[i] < wanted:
                done.append(score[i])
            finished[i] += 1
            score[i] = 0
    return np.array(done)


def mean_and_error(values):
    return values.mean(), values.std(ddof=1) / np.sqrt(len(values))


if __name__ == "__main__":
    episodes = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    library = build_library()
    print("| game | policy | ramping | episodes | MinAtar | ours | difference in standard errors |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    failed, seed = False, 0
    for game in sys.argv[2:] or [game for game in GAMES if GAMES[game][1]]:
        for name, policy in (("random", None), ("scripted", getattr(arcade_policies, game))):
            for ramping in (False, True):
                # Every episode of this game has 2,501 steps.
                count = max(2000, episodes // 2) if game == "crossing" else episodes
                seed += 2
                theirs = returns(MinAtarBatch(game, seed, ramping), policy, count, seed)
                ours = returns(Batch(library, game, SLOTS, seed, ramping, horizon=MOST_STEPS), policy, count, seed + 1)
                (their_mean, their_error), (mean, error) = mean_and_error(theirs), mean_and_error(ours)
                z = (mean - their_mean) / np.hypot(error, their_error)
                failed |= bool(abs(z) > 3)
                print(f"| {game} | {name} | {'on' if ramping else 'off'} | {len(ours)} |"
                      f" {their_mean:.3f} ± {their_error:.3f} | {mean:.3f} ± {error:.3f} | {z:+.2f} |", flush=True)
    sys.exit(failed)
