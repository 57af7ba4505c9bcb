"""JAX's side of the arcade comparison: IMPALA on pgx's MinAtar breakout, environment and learner in one jitted program.

48 environments, unrolls of 20, a 3x3 convolution to 16 channels, a dense layer of 128: what `polymath bench` trains on
`arcade`. Prints agent steps a second over --seconds.
"""

import argparse
import json
import time

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
import pgx
import rlax
from pgx.experimental.wrappers import auto_reset

ENVIRONMENTS, UNROLL, GAMMA = 48, 20, 0.99


class Network(nn.Module):
    actions: int

    @nn.compact
    def __call__(self, x):
        x = nn.relu(nn.Conv(16, (3, 3), padding="VALID")(x.astype(jnp.float32)))
        x = nn.relu(nn.Dense(128)(x.reshape(x.shape[0], -1)))
        return nn.Dense(self.actions)(x), nn.Dense(1)(x)[..., 0]


def program():
    """The jitted update of (environments, parameters, optimiser, key), and what it starts from."""
    game = pgx.make("minatar-breakout")
    reset, step = jax.vmap(game.init), jax.vmap(auto_reset(game.step, game.init))
    network = Network(game.num_actions)
    optimizer = optax.chain(optax.clip_by_global_norm(40.0), optax.rmsprop(6e-4, 0.99, 1e-2))

    def act(carry, key):
        state, parameters = carry
        choose, chance = jax.random.split(key)
        logits, _ = network.apply(parameters, state.observation)
        action = jax.random.categorical(choose, logits)
        after = step(state, action, jax.random.split(chance, ENVIRONMENTS))
        return (after, parameters), (state.observation, action, logits, after.rewards[:, 0], 1.0 - after.terminated)

    def loss(parameters, observation, action, behaviour, reward, continues, last):
        rows = jnp.concatenate([observation, last[None]])
        logits, value = network.apply(parameters, rows.reshape((-1,) + rows.shape[2:]))
        logits, value = logits.reshape(UNROLL + 1, ENVIRONMENTS, -1)[:-1], value.reshape(UNROLL + 1, ENVIRONMENTS)
        chosen = lambda x: jnp.take_along_axis(jax.nn.log_softmax(x), action[..., None], -1)[..., 0]
        ratio = jnp.exp(chosen(logits) - chosen(behaviour))
        trace = jax.vmap(rlax.vtrace_td_error_and_advantage, in_axes=1, out_axes=1)
        out = trace(value[:-1], value[1:], reward, GAMMA * continues, ratio)
        target, advantage = jax.lax.stop_gradient((out.errors + value[:-1], out.pg_advantage))
        logp = jax.nn.log_softmax(logits)
        return -(chosen(logits) * advantage).sum() + 0.5 * ((target - value[:-1]) ** 2).sum() + 0.01 * (jnp.exp(logp) * logp).sum()

    @jax.jit
    def update(state, parameters, slots, key):
        (state, _), experience = jax.lax.scan(act, (state, parameters), jax.random.split(key, UNROLL))
        gradient = jax.grad(loss)(parameters, *experience, state.observation)
        change, slots = optimizer.update(gradient, slots)
        return state, optax.apply_updates(parameters, change), slots

    key = jax.random.PRNGKey(0)
    state = reset(jax.random.split(key, ENVIRONMENTS))
    parameters = network.init(key, state.observation)
    return update, (state, parameters, optimizer.init(parameters)), key


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=20)
    seconds = parser.parse_args().seconds
    update, carry, key = program()
    updates, start = 0, None
    while start is None or time.perf_counter() - start < seconds:
        key, draw = jax.random.split(key)
        carry = jax.block_until_ready(update(*carry, draw))
        updates += 1
        if start is None and updates == 3:
            updates, start = 0, time.perf_counter()
    rate = updates * ENVIRONMENTS * UNROLL / (time.perf_counter() - start)
    print(json.dumps({"stepsPerSecond": rate}))


main()
