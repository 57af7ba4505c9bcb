"""Writes the golden numbers that the Swift tests read: one small JSON file a subject, beside this script.

Expected numbers come from programs that share no code with this repository (rlax, JAX, Haiku, optax, SciPy, PyTorch),
in float64, or, where none of those has the convention, from the plainest formula in the paper: a direct sum instead of
a recursion. Inputs are rounded to float32 first, so that a float32 kernel sees exactly the numbers used here; the same
holds for scalars that a kernel takes as float. Where two sources exist the script asserts that they agree.

    python generate.py            writes every file
    python generate.py vtrace     writes the named ones
"""

import itertools
import math
import sys

import gymnasium
import haiku as hk
import jax
import jax.numpy as jnp
import numpy as np
import optax
import rlax
import scipy
import scipy.stats
import torch

from golden import close, f32, grid, normal, write

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_default_matmul_precision", "highest")

RLAX = f"rlax {rlax.__version__}"
JAX = f"jax {jax.__version__}"
HAIKU = f"dm-haiku {hk.__version__}"
OPTAX = f"optax {optax.__version__}"
TORCH = f"torch {torch.__version__.split('+')[0]}"
SCIPY = f"scipy {scipy.__version__}"


# --- Returns --------------------------------------------------------------------------------------------------------


def clipped_rho(log_rho, limit):
    return np.minimum(limit, np.exp(np.clip(log_rho, -80, 80)))


def vtrace_direct(c, rho_bar, c_bar, pg_rho_bar, lam, lambda_in_advantage):
    """V-trace as the sum over later steps of Espeholt et al. 2018, equation 1, one episode at a time: no recursion."""
    steps, batch = c["reward"].shape
    rho = clipped_rho(c["log_rho"], rho_bar)
    trace = lam * clipped_rho(c["log_rho"], c_bar)
    pg_rho = clipped_rho(c["log_rho"], pg_rho_bar)
    value, following = c["value"], c["next_value"]
    delta = rho * (c["reward"] + c["discount"] * following - value)
    vs = value.copy()
    advantage = np.zeros_like(value)
    for b in range(batch):
        for s in range(steps):
            if not c["valid"][s, b]:
                continue
            for t in range(s, steps):
                # The sum stops where the episode does, and before a step that does not count.
                if not c["valid"][t, b] or not all(c["continues"][i, b] for i in range(s, t)):
                    break
                vs[s, b] += math.prod(c["discount"][i, b] * trace[i, b] for i in range(s, t)) * delta[t, b]
    for b in range(batch):
        for s in range(steps):
            if not c["valid"][s, b]:
                continue
            q = following[s, b]
            if c["continues"][s, b] and s < steps - 1:
                q = vs[s + 1, b]
                if lambda_in_advantage:
                    q = lam * q + (1 - lam) * following[s, b]
            advantage[s, b] = pg_rho[s, b] * (c["reward"][s, b] + c["discount"][s, b] * q - value[s, b])
    return vs, advantage


def vtrace_rlax(c, rho_bar, pg_rho_bar, lam):
    """rlax has no end of an episode but a discount of zero, c_bar is 1, and lambda is in the advantage."""
    column = lambda v, n, r, d, rho: rlax.vtrace_td_error_and_advantage(
        v, n, r, d, rho, lambda_=lam, clip_rho_threshold=rho_bar, clip_pg_rho_threshold=pg_rho_bar)
    out = jax.vmap(column, in_axes=1, out_axes=1)(
        c["value"], c["next_value"], c["reward"], c["discount"], np.exp(c["log_rho"]))
    return np.asarray(out.errors + c["value"]), np.asarray(out.pg_advantage)


def trajectory(generator, steps, batch, discount=0.96875, terminate=(), truncate=(), invalid=(), rho_scale=0.7):
    """Where an episode goes on, next_value[t] is value[t + 1]; where it was truncated it is a value of its own."""
    value = grid(generator, steps, batch, step=0.125, limit=3)
    following = grid(generator, steps, batch, step=0.125, limit=3)
    c = {
        "log_rho": grid(generator, steps, batch, step=0.125, limit=2 * rho_scale),
        "reward": grid(generator, steps, batch, step=0.125, limit=2),
        "discount": np.full((steps, batch), f32(discount)),
        "continues": np.ones((steps, batch), np.int64),
        "valid": np.ones((steps, batch), np.int64),
        "value": value,
        "next_value": following,
    }
    for t, b in terminate:
        c["discount"][t, b] = 0
        c["continues"][t, b] = 0
    for t, b in truncate:
        c["continues"][t, b] = 0
    for t, b in invalid:
        c["valid"][t, b] = 0
    for t, b in itertools.product(range(steps - 1), range(batch)):
        if c["continues"][t, b]:
            following[t, b] = value[t + 1, b]
    return c


def hand_checked(discount):
    """T = 3, one column: small enough to check on paper."""
    value = np.array([[0.5], [1], [-0.5]])
    return {
        "log_rho": f32(np.log([[0.5], [2], [1]])),
        "reward": np.array([[1.0], [0], [2]]),
        "discount": f32(discount).reshape(3, 1),
        "continues": (np.array(discount).reshape(3, 1) > 0).astype(np.int64),
        "valid": np.ones((3, 1), np.int64),
        "value": value,
        "next_value": np.array([[1.0], [-0.5], [3]]),
    }


def write_vtrace():
    cases = []

    def add(name, source, c, rho_bar=1.0, c_bar=1.0, pg_rho_bar=1.0, lam=1.0, lambda_in_advantage=1):
        rho_bar, c_bar, pg_rho_bar, lam = (float(f32(x)) for x in (rho_bar, c_bar, pg_rho_bar, lam))
        vs, advantage = vtrace_direct(c, rho_bar, c_bar, pg_rho_bar, lam, lambda_in_advantage)
        if source == RLAX:
            expected = vtrace_rlax(c, rho_bar, pg_rho_bar, lam)
            close(expected[0], vs)
            close(expected[1], advantage)
            vs, advantage = expected
        cases.append({
            "name": name, "source": source, "steps": c["reward"].shape[0], "batch": c["reward"].shape[1],
            "rho_bar": rho_bar, "c_bar": c_bar, "pg_rho_bar": pg_rho_bar, "lambda": lam,
            "lambda_in_advantage": lambda_in_advantage, **c, "vs": vs, "advantage": advantage})
        return vs, advantage

    vs, advantage = add("by hand, one episode", RLAX, hand_checked([0.9, 0.9, 0.9]))
    close(vs[:, 0], [2.6535, 4.23, 4.7], 1e-6)
    close(advantage[:, 0], [2.1535, 3.23, 5.2], 1e-6)
    vs, advantage = add("by hand, episode ends after step 1", RLAX, hand_checked([0.9, 0, 0.9]))
    close(vs[:, 0], [0.75, 0, 4.7], 1e-6)
    close(advantage[:, 0], [0.25, -1, 5.2], 1e-6)

    g = np.random.default_rng(1)
    ends = [(2, 0), (4, 1), (5, 1), (6, 2)]
    on_policy = trajectory(g, 6, 2, rho_scale=0)
    add("on-policy", RLAX, on_policy)
    add("off-policy with terminations", RLAX, trajectory(g, 7, 3, terminate=ends))
    add("lambda 0.9", RLAX, trajectory(g, 7, 3, terminate=ends), lam=0.9)
    add("lambda 0", RLAX, trajectory(g, 4, 2), lam=0.0)
    add("rho_bar 2.5, pg_rho_bar 0.8, lambda 0.95", RLAX, trajectory(g, 6, 3, terminate=[(3, 1)]), 2.5, 1, 0.8, 0.95)
    add("rho_bar and pg_rho_bar infinite", RLAX, trajectory(g, 6, 2), math.inf, 1, math.inf)
    add("one step", RLAX, trajectory(g, 1, 4, terminate=[(0, 2)]))
    add("every step terminates", RLAX, trajectory(g, 4, 2, terminate=itertools.product(range(4), range(2))))

    direct = "direct sum of Espeholt et al. 2018, equation 1, numpy float64"
    add("c_bar 0.6, rho_bar 1.5, pg_rho_bar 2", direct, trajectory(g, 7, 3, terminate=ends), 1.5, 0.6, 2.0)
    add("c_bar infinite", direct, trajectory(g, 5, 2, rho_scale=0.4), 1.0, math.inf, 1.0)
    add("lambda 0.9 in the trace only (SEED RL)", direct, trajectory(g, 7, 3, terminate=ends), lam=0.9,
        lambda_in_advantage=0)
    cut = [(1, 0), (4, 0), (3, 1), (7, 2)]
    add("truncation bootstraps from V(final)", direct, trajectory(g, 8, 3, terminate=[(5, 1)], truncate=cut))
    add("truncation, lambda 0.8 in the advantage", direct, trajectory(g, 8, 3, truncate=cut), 1.2, 0.9, 1.1, 0.8, 1)
    # Column 0: a dummy step follows each end, as auto-resetting environments insert it. Column 1: inside an episode.
    # Column 2: at both ends of the unroll.
    add("invalid steps", direct,
        trajectory(g, 8, 3, truncate=[(1, 0)], terminate=[(4, 0)], invalid=[(2, 0), (5, 0), (3, 1), (0, 2), (7, 2)]))
    extreme = trajectory(g, 5, 2)
    extreme["log_rho"] = f32(np.array([[100, -100], [-100, 100], [3, -3], [88, -200], [-90, 0]]))
    add("extreme log-ratios", direct, extreme)
    many = trajectory(g, 3, 19, terminate=[(1, 3), (2, 17)], truncate=[(0, 16), (2, 18)], invalid=[(1, 16)])
    add("19 columns", direct, many, 1.0, 1.0, 1.0, 0.95, 0)
    write("vtrace", {"source": f"{RLAX} vtrace_td_error_and_advantage, float64; direct sums for what rlax lacks",
                     "cases": cases})


def write_returns():
    g = np.random.default_rng(2)
    cases = []
    for name, source, steps, batch, lam, terminate, truncate in [
        ("terminations", RLAX, 7, 3, 0.95, [(2, 0), (4, 1), (6, 2)], []),
        ("lambda 1", RLAX, 5, 2, 1.0, [], []),
        ("truncations", "direct sums, numpy float64", 8, 3, 0.9, [(5, 1)], [(1, 0), (4, 0), (3, 1), (7, 2)]),
    ]:
        c = trajectory(g, steps, batch, terminate=terminate, truncate=truncate)
        del c["log_rho"], c["valid"]
        lam = float(f32(lam))
        delta = c["reward"] + c["discount"] * c["next_value"] - c["value"]
        gae, returns = np.zeros((steps, batch)), np.zeros((steps, batch))
        for b, s in itertools.product(range(batch), range(steps)):
            end = next((t for t in range(s, steps) if not c["continues"][t, b]), steps - 1)
            weight = lambda t: math.prod(c["discount"][i, b] for i in range(s, t))
            gae[s, b] = sum(weight(t) * lam ** (t - s) * delta[t, b] for t in range(s, end + 1))
            returns[s, b] = sum(weight(t) * c["reward"][t, b] for t in range(s, end + 1))
            returns[s, b] += weight(end + 1) * c["next_value"][end, b]
        if source == RLAX:
            values = np.concatenate([c["value"], c["next_value"][-1:]])
            column = lambda r, d, v: rlax.truncated_generalized_advantage_estimation(r, d, lam, v)
            estimated = jax.vmap(column, 1, 1)(c["reward"], c["discount"], values)
            close(estimated, gae)
            gae = estimated
            bootstrapped = jax.vmap(rlax.discounted_returns, 1, 1)(c["reward"], c["discount"], c["next_value"])
            close(bootstrapped, returns)
            returns = bootstrapped
        cases.append({"name": name, "source": source, "steps": steps, "batch": batch, "lambda": lam, **c,
                      "gae": gae, "n_step_return": returns})
    write("returns", {"source": f"{RLAX} truncated_generalized_advantage_estimation and discounted_returns, float64; "
                                "direct sums for truncation", "cases": cases})


# --- PopArt ---------------------------------------------------------------------------------------------------------


def sigma_of(mu, nu, lower, upper):
    return np.sqrt(np.clip(nu - mu**2, lower**2, upper**2))


def write_popart():
    cases = []

    def add(name, source, rule, moment, updates, w, b, tasks, beta, lower=1e-4, upper=1e6, start=None):
        """`updates`: list of (vs [T, B], valid [T, B], task [B])."""
        mu, nu = np.zeros(tasks), np.ones(tasks)
        sigma = np.ones(tasks)
        case = {"name": name, "source": source, "rule": rule, "moment": moment, "beta": beta, "sigma_lower": lower,
                "sigma_upper": upper, "tasks": tasks, "inputs": w.shape[1], "w": w, "b": b, "updates": []}
        initial, update = rlax.popart(tasks, beta, lower, upper)
        state, parameters = initial(), {"w": jnp.asarray(w.T), "b": jnp.asarray(b)}
        for vs, valid, task in updates:
            count = valid.sum(axis=0)
            total = np.maximum(count, 1)
            mean = (vs * valid).sum(axis=0) / total
            mean_square = (vs**2 * valid).sum(axis=0) / total
            second = mean**2 if moment == "squared_mean" else mean_square
            if rule == "summed":
                assert moment == "squared_mean" and count.min() > 0
                parameters, state = update(parameters, state, jnp.asarray(mean), jnp.asarray(task))
                new_mu, new_nu = np.asarray(state.shift), np.asarray(state.second_moment)
                new_sigma = np.asarray(state.scale)
                new_w, new_b = np.asarray(parameters["w"]).T, np.asarray(parameters["b"])
            else:
                # n steps of x <- (1 - beta) x + beta y in closed form: a weighted sum, not a recursion.
                new_mu, new_nu = mu.copy(), nu.copy()
                for k in range(tasks):
                    columns = [j for j in range(len(task)) if task[j] == k and count[j] > 0]
                    n = len(columns)
                    weights = [beta * (1 - beta) ** (n - 1 - i) for i in range(n)]
                    new_mu[k] = (1 - beta) ** n * mu[k] + math.fsum(u * mean[j] for u, j in zip(weights, columns))
                    new_nu[k] = (1 - beta) ** n * nu[k] + math.fsum(u * second[j] for u, j in zip(weights, columns))
                present = np.array([any(task[j] == k and count[j] > 0 for j in range(len(task))) for k in range(tasks)])
                new_sigma = np.where(present, sigma_of(new_mu, new_nu, lower, upper), sigma)
                new_w = w * (sigma / new_sigma)[:, None]
                new_b = (sigma * b + mu - new_mu) / new_sigma
            # Outputs are preserved: sigma (w . x + b) + mu is the same function of x before and after. Relative to the
            # larger of mu and sigma, because that is what rounding is relative to.
            x = np.linspace(-1, 1, w.shape[1])
            before, after = sigma * (w @ x + b) + mu, new_sigma * (new_w @ x + new_b) + new_mu
            assert np.all(np.abs(before - after) <= 1e-10 * np.maximum(1, np.maximum(np.abs(new_mu), sigma)))
            mu, nu, sigma, w, b = new_mu, new_nu, new_sigma, new_w, new_b
            case["updates"].append({
                "vs": vs, "valid": valid, "task": task, "valid_steps": count, "mean": mean, "mean_square": mean_square,
                "mu": mu, "nu": nu, "sigma": sigma, "new_w": w, "new_b": b})
        cases.append(case)
        return case

    g = np.random.default_rng(3)
    paper = "paper's rule, closed-form weighted sums, numpy float64"

    ones = np.ones((1, 1), np.int64)
    by_hand = [(np.full((1, 1), m), ones, np.array([0])) for m in (10.0, 10.0, -4.0)]
    for rule, source in [("sequential", paper), ("summed", f"{RLAX} popart")]:
        w, b = np.array([[2.0]]), np.array([0.5])
        case = add(f"by hand, {rule}", source, rule, "squared_mean", by_hand, w, b, 1, 0.1)
        close([u["sigma"][0] for u in case["updates"]], [3.1464265445, 4.0249223595, 4.2086696235], 1e-9)
        close([u["new_b"][0] for u in case["updates"]], [-0.1589104315, -0.3478327965, -0.1924598680], 1e-9)

    def rollouts(count, steps, columns, scales, invalid):
        out = []
        for k in range(count):
            task = np.array(columns)
            vs = f32((grid(g, steps, len(columns), step=0.125, limit=2) + 0.5) * scales[task])
            valid = np.ones(vs.shape, np.int64)
            for t, j in invalid.get(k, []):
                valid[t, j] = 0
            out.append((vs, valid, task))
        return out

    w, b = grid(g, 3, 4, step=0.125, limit=1), grid(g, 3, step=0.125, limit=1)
    scales = np.array([1.0, 100.0, 0.01])
    columns = [0, 0, 1, 1, 2]
    add("three tasks, rlax", f"{RLAX} popart fed with rollout means", "summed", "squared_mean",
        rollouts(4, 3, columns, scales, {}), w, b, 3, 0.05)
    # In update 1 column 0 has no valid step and must not count; in update 2 a task is absent and must not move.
    gaps = {0: [(0, 1), (2, 3)], 1: [(0, 0), (1, 0), (2, 0), (1, 2)], 2: [(t, 4) for t in range(3)]}
    for moment in ("mean_of_squares", "squared_mean"):
        add(f"three tasks, {moment}", paper, "sequential", moment, rollouts(4, 3, columns, scales, gaps), w, b, 3, 0.05)
    add("columns of a task not adjacent, beta 3e-4", paper, "sequential", "mean_of_squares",
        rollouts(2, 3, [2, 0, 1, 0, 2, 1], scales, {}), w, b, 3, 3e-4)
    # Task 0 sees zeros only, so that sigma falls to its lower bound; task 1 sees returns beyond the upper bound.
    bounds = [(np.array([[0.0, (-1) ** k * 1e8]]), np.ones((1, 2), np.int64), np.array([0, 1])) for k in range(10)]
    add("both bounds of sigma", paper, "sequential", "mean_of_squares", bounds, w[:2, :2], b[:2], 2, 0.9)
    # More digits than elsewhere: the library keeps these statistics in Float64.
    write("popart", {"source": f"{RLAX} popart, float64; paper's rule by closed-form weighted sums, float64",
                     "cases": cases}, digits=13)


# --- Policies -------------------------------------------------------------------------------------------------------


def allowed_log_softmax(logits, mask_row):
    """Log-softmax over the sublist of allowed actions: no masking arithmetic that could share a mistake with ours."""
    index = np.flatnonzero(mask_row)
    return index, jax.nn.log_softmax(logits[index])


def write_softmax():
    g = np.random.default_rng(4)
    cases = []
    for name, rows, actions, scale, masked in [
        ("all allowed", 3, 6, 1, False), ("masked", 5, 6, 1, True), ("eighteen actions, masked", 3, 18, 3, True),
        ("two actions", 2, 2, 1, False), ("far apart", 2, 5, 40, False),
    ]:
        x = grid(g, rows, actions, step=0.125, limit=2 * scale)
        mask = np.ones((rows, actions), np.int64)
        if masked:
            mask = (g.random((rows, actions)) < 0.5).astype(np.int64)
            mask[0] = 0
            mask[0, 2] = 1  # one action left
            mask[1:, 0] = 1
            # A logit that must not matter, not even through the maximum.
            x[1, np.flatnonzero(mask[1] == 0)[0]] = 300
        upstream_log_p, upstream_p = (grid(g, rows, actions, step=0.125, limit=2) for _ in range(2))
        upstream_entropy = grid(g, rows, step=0.125, limit=2)
        action = np.array([g.choice(np.flatnonzero(m)) for m in mask])

        def parts(x, r):
            index, log_p = allowed_log_softmax(x, mask[r])
            return index, log_p, jnp.exp(log_p)

        log_p = np.full((rows, actions), -np.inf)
        p, entropy, chosen = np.zeros((rows, actions)), np.zeros(rows), np.zeros(rows)
        dx_log_p, dx_p = np.zeros((rows, actions)), np.zeros((rows, actions))
        dx_entropy, dx_chosen = np.zeros((rows, actions)), np.zeros((rows, actions))
        d_log_p_entropy = np.zeros((rows, actions))
        for r in range(rows):
            index, lp, pr = parts(jnp.asarray(x[r]), r)
            log_p[r, index], p[r, index] = lp, pr
            entropy[r], chosen[r] = -jnp.sum(pr * lp), log_p[r, action[r]]
            close(entropy[r], scipy.stats.entropy(p[r]))
            position = int(np.flatnonzero(index == action[r])[0])
            dx_log_p[r] = jax.grad(lambda z: jnp.sum(parts(z, r)[1] * upstream_log_p[r, index]))(x[r])
            dx_p[r] = jax.grad(lambda z: jnp.sum(parts(z, r)[2] * upstream_p[r, index]))(x[r])
            dx_entropy[r] = jax.grad(lambda z: -upstream_entropy[r] * jnp.sum(parts(z, r)[1] * parts(z, r)[2]))(x[r])
            dx_chosen[r] = jax.grad(lambda z: upstream_entropy[r] * parts(z, r)[1][position])(x[r])
            d_log_p_entropy[r, index] = jax.grad(lambda q: -upstream_entropy[r] * jnp.sum(jnp.exp(q) * q))(lp)
        cases.append({
            "name": name, "rows": rows, "actions": actions, "masked": int(masked), "logits": x, "mask": mask,
            "action": action, "d_log_p": upstream_log_p, "d_p": upstream_p, "d_row": upstream_entropy,
            "log_p": log_p, "p": p, "entropy": entropy, "selected": chosen,
            "d_logits_of_log_p": dx_log_p, "d_logits_of_p": dx_p, "d_logits_of_entropy": dx_entropy,
            "d_logits_of_selected": dx_chosen, "d_log_p_of_entropy": d_log_p_entropy})
    write("softmax", {"source": f"{JAX} log_softmax over the sublist of allowed actions, float64; entropy also {SCIPY}",
                      "cases": cases})


def write_losses():
    g = np.random.default_rng(5)
    cases = []
    for name, steps, batch, actions, tasks, masked, popart, terminate, truncate, invalid in [
        ("plain IMPALA", 4, 2, 4, 1, False, False, [(1, 0)], [], []),
        ("PopArt-IMPALA, masked actions", 5, 4, 5, 2, True, True, [(2, 1), (4, 2)], [], []),
        ("PopArt-IMPALA, truncation and invalid steps", 5, 3, 4, 3, True, True, [(3, 2)], [(1, 0), (2, 1)],
         [(2, 0), (4, 2)]),
    ]:
        task = np.sort(np.arange(batch) % tasks)
        mu = np.array([1.5, -40.0, 0.02])[:tasks] if popart else np.zeros(tasks)
        sigma = np.array([2.25, 130.0, 0.05])[:tasks] if popart else np.ones(tasks)
        mu_of, sigma_of_column = mu[task], sigma[task]
        normalised = grid(g, steps + 1, batch, step=0.125, limit=2)
        c = trajectory(g, steps, batch, discount=0.99, terminate=terminate, truncate=truncate, invalid=invalid)
        final = grid(g, steps, batch, step=0.125, limit=2)
        next_normalised = np.where(c["continues"], normalised[1:], final)
        # A terminated step does not bootstrap: any number may stand there.
        c["value"] = sigma_of_column * normalised[:-1] + mu_of
        c["next_value"] = sigma_of_column * next_normalised + mu_of
        c["reward"] = f32(c["reward"] * sigma_of_column)
        logits = grid(g, steps, batch, actions, step=0.125, limit=2)
        mask = np.ones((steps, batch, actions), np.int64)
        if masked:
            mask[:, task == 0, actions - 1] = 0
            mask[:, task == tasks - 1, 0] = 0
        action = np.array([[g.choice(np.flatnonzero(mask[t, b])) for b in range(batch)] for t in range(steps)])
        behaviour = f32(np.log(g.uniform(0.05, 0.95, (steps, batch))))
        value_cost, entropy_cost = 0.5, float(f32(0.01))

        def terms(logits, normalised, next_normalised):
            log_pi = [[allowed_log_softmax(logits[t, b], mask[t, b]) for b in range(batch)] for t in range(steps)]
            chosen = jnp.stack([jnp.stack([log_pi[t][b][1][int(np.flatnonzero(log_pi[t][b][0] == action[t, b])[0])]
                                           for b in range(batch)]) for t in range(steps)])
            entropy = -jnp.stack([jnp.stack([jnp.sum(jnp.exp(log_pi[t][b][1]) * log_pi[t][b][1])
                                             for b in range(batch)]) for t in range(steps)])
            log_rho = jax.lax.stop_gradient(chosen) - behaviour
            value = sigma_of_column * normalised[:-1] + mu_of
            following = sigma_of_column * next_normalised + mu_of
            if truncate or invalid:
                arrays = {**c, "log_rho": np.asarray(jax.lax.stop_gradient(log_rho)),
                          "value": np.asarray(jax.lax.stop_gradient(value)),
                          "next_value": np.asarray(jax.lax.stop_gradient(following))}
                vs, advantage = vtrace_direct(arrays, 1, 1, 1, 1, 1)
            else:
                out = jax.vmap(rlax.vtrace_td_error_and_advantage, 1, 1)(
                    value, following, jnp.asarray(c["reward"]), jnp.asarray(c["discount"]), jnp.exp(log_rho))
                vs, advantage = out.errors + value, out.pg_advantage
            vs, advantage = jax.lax.stop_gradient(vs), jax.lax.stop_gradient(advantage)
            valid = c["valid"]
            policy = -jnp.sum(valid * chosen * advantage / sigma_of_column)
            error = (vs - mu_of) / sigma_of_column - normalised[:-1]
            value_loss = 0.5 * jnp.sum(valid * error**2)
            return policy, value_loss, jnp.sum(valid * entropy), chosen, log_rho, vs, advantage

        def loss(logits, normalised, next_normalised):
            policy, value_loss, entropy = terms(logits, normalised, next_normalised)[:3]
            return policy + value_cost * value_loss - entropy_cost * entropy

        # The direct sum runs outside JAX, on constants: it may, because nothing flows through vs.
        if truncate or invalid:
            frozen = terms(jnp.asarray(logits), jnp.asarray(normalised), jnp.asarray(next_normalised))

            def loss(logits, normalised, next_normalised):
                log_pi = [[allowed_log_softmax(logits[t, b], mask[t, b]) for b in range(batch)] for t in range(steps)]
                total = 0.0
                for t, b in itertools.product(range(steps), range(batch)):
                    if not c["valid"][t, b]:
                        continue
                    index, lp = log_pi[t][b]
                    total -= lp[int(np.flatnonzero(index == action[t, b])[0])] * frozen[6][t, b] / sigma_of_column[b]
                    error = (frozen[5][t, b] - mu_of[b]) / sigma_of_column[b] - normalised[t, b]
                    total += value_cost * 0.5 * error**2
                    total += entropy_cost * jnp.sum(jnp.exp(lp) * lp)
                return total

        arguments = (jnp.asarray(logits), jnp.asarray(normalised), jnp.asarray(next_normalised))
        total = loss(*arguments)
        d_logits, d_normalised, d_next = jax.grad(loss, (0, 1, 2))(*arguments)
        policy, value_loss, entropy, chosen, log_rho, vs, advantage = terms(*arguments)
        close(total, policy + value_cost * value_loss - entropy_cost * entropy)
        assert np.all(np.asarray(d_next) == 0) and np.all(np.asarray(d_normalised)[-1] == 0)
        cases.append({
            "name": name,
            "source": "direct-sum V-trace, losses by jax.grad" if truncate or invalid else f"{RLAX}, jax.grad",
            "steps": steps, "batch": batch, "actions": actions, "tasks": tasks, "masked": int(masked),
            "value_cost": value_cost, "entropy_cost": entropy_cost, "task": task, "mu": mu, "sigma": sigma,
            "logits": logits, "mask": mask, "action": action, "behaviour_log_p": behaviour, "reward": c["reward"],
            "discount": c["discount"], "continues": c["continues"], "valid": c["valid"],
            "normalised_value": normalised[:-1], "next_normalised_value": next_normalised,
            "log_p_of_action": chosen, "log_rho": log_rho, "vs": vs, "advantage": advantage, "policy_loss": policy,
            "value_loss": value_loss, "entropy": entropy, "loss": total, "d_logits": d_logits,
            "d_normalised_value": np.asarray(d_normalised)[:-1]})
    write("losses", {"source": f"{RLAX} V-trace and {JAX} grad, float64", "cases": cases})


# --- Layers ---------------------------------------------------------------------------------------------------------


def write_lstm():
    g = np.random.default_rng(6)
    batch, inputs, hidden = 3, 4, 5
    core = hk.without_apply_rng(hk.transform(lambda x, h, c: hk.LSTM(hidden)(x, hk.LSTMState(h, c))))
    cases = []
    for name, steps, resets in [
        ("no resets", 2, []), ("resets at step 0 and inside", 5, [(0, 1), (2, 0), (3, 2), (4, 2)]),
    ]:
        draw = lambda *shape: grid(g, *shape, step=0.125, limit=1.5)
        x, wx, wh, b = draw(steps, batch, inputs), draw(inputs, 4 * hidden), draw(hidden, 4 * hidden), draw(4 * hidden)
        h0, c0, dh = draw(batch, hidden), draw(batch, hidden), draw(steps, batch, hidden)
        reset = np.zeros((steps, batch), np.int64)
        for t, column in resets:
            reset[t, column] = 1

        def unroll(x, wx, wh, b):
            # Haiku multiplies [x, h] by one matrix: ours are its upper and lower rows. Gates and the +1 agree.
            parameters = {"lstm/linear": {"w": jnp.concatenate([wx, wh]), "b": b}}
            h, c, hs, cs = jnp.asarray(h0), jnp.asarray(c0), [], []
            for t in range(steps):
                keep = 1.0 - reset[t][:, None]
                h, state = core.apply(parameters, x[t], h * keep, c * keep)
                c = state.cell
                hs.append(h)
                cs.append(c)
            return jnp.stack(hs), jnp.stack(cs)

        h, c = unroll(x, wx, wh, b)
        gradients = jax.grad(lambda *a: jnp.sum(unroll(*a)[0] * dh), (0, 1, 2, 3))(*map(jnp.asarray, (x, wx, wh, b)))

        # PyTorch: gates i, f, g, o, weights transposed, no +1, two biases.
        order = np.concatenate([np.arange(hidden) + k * hidden for k in (0, 2, 1, 3)])
        cell = torch.nn.LSTMCell(inputs, hidden, dtype=torch.float64)
        bias = b.copy()
        bias[2 * hidden : 3 * hidden] += 1
        with torch.no_grad():
            cell.weight_ih.copy_(torch.tensor(wx.T[order]))
            cell.weight_hh.copy_(torch.tensor(wh.T[order]))
            cell.bias_ih.copy_(torch.tensor(bias[order]))
            cell.bias_hh.zero_()
        th, tc, tx, total = torch.tensor(h0), torch.tensor(c0), torch.tensor(x, requires_grad=True), 0
        for t in range(steps):
            keep = torch.tensor(1.0 - reset[t][:, None])
            th, tc = cell(tx[t], (th * keep, tc * keep))
            close(th.detach(), h[t])
            total = total + (th * torch.tensor(dh[t])).sum()
        total.backward()
        close(tx.grad, gradients[0])
        close(cell.weight_ih.grad, np.asarray(gradients[1]).T[order])
        close(cell.weight_hh.grad, np.asarray(gradients[2]).T[order])
        close(cell.bias_ih.grad, np.asarray(gradients[3])[order])

        cases.append({
            "name": name, "steps": steps, "batch": batch, "inputs": inputs, "hidden": hidden, "x": x, "reset": reset,
            "wx": wx, "wh": wh, "b": b, "h0": h0, "c0": c0, "dh": dh, "h": h, "c": c,
            "dx": gradients[0], "dwx": gradients[1], "dwh": gradients[2], "db": gradients[3]})
    write("lstm", {
        "source": f"{HAIKU} LSTM (gates i g f o, +1 on f, w = [wx; wh]), float64; agrees with {TORCH} LSTMCell "
                  "(gates i f g o, the +1 in its bias)", "cases": cases})


def same_padding(size, window, stride):
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


def write_convolution():
    g = np.random.default_rng(7)
    cases = []

    def add(name, images, height, width, inputs, kernel, outputs, stride, padding, pixels="float", scale=1.0,
            bias=True, coarse=False):
        kh, kw = kernel
        if padding == "SAME":
            padding = (same_padding(height, kh, stride), same_padding(width, kw, stride))
            given = "SAME"
        else:
            given = list(padding)
        scale = float(f32(scale))
        draw = lambda *shape: grid(g, *shape, step=1, limit=2) if coarse else normal(g, *shape)
        if pixels == "float":
            x = stored = draw(images, height, width, inputs)
        else:
            stored = g.integers(0, 2 if pixels == "planes" else 256, (images, height, width, inputs))
            x = stored * scale
        w = draw(kh, kw, inputs, outputs)
        b = grid(g, outputs, step=1 if coarse else 0.125, limit=2) * bias

        def forward(x, w, b):
            return jax.lax.conv_general_dilated(x, w, (stride, stride), given,
                                                dimension_numbers=("NHWC", "HWIO", "NHWC")) + b

        x, w, b = map(jnp.asarray, (x, w, b))
        y = forward(x, w, b)
        dy = draw(*y.shape)
        dx, dw, db = jax.grad(lambda *a: jnp.sum(forward(*a) * dy), (0, 1, 2))(x, w, b)

        (top, bottom), (left, right) = padding
        tx = torch.tensor(np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))).permute(0, 3, 1, 2)
        tw = torch.tensor(np.asarray(w), requires_grad=True)
        ty = torch.nn.functional.conv2d(tx, tw.permute(3, 2, 0, 1), torch.tensor(np.asarray(b)), stride)
        close(ty.detach().permute(0, 2, 3, 1), y)
        (ty * torch.tensor(dy).permute(0, 3, 1, 2)).sum().backward()
        close(tw.grad, dw)

        case = {
            "name": name, "images": images, "height": height, "width": width, "inputs": inputs, "kernel_height": kh,
            "kernel_width": kw, "outputs": outputs, "stride": stride, "pad_top": top, "pad_left": left,
            "pad_bottom": bottom, "pad_right": right, "output_height": y.shape[1], "output_width": y.shape[2],
            "bytes": int(pixels != "float"), "scale": scale, "has_bias": int(bias), "x": stored, "w": w}
        if bias:
            case["b"] = b
        case |= {"dy": dy, "y": y}
        if pixels == "float":
            case["dx"] = dx
        cases.append(case | {"dw": dw, "db": db})

    valid = ((0, 0), (0, 0))
    add("3x3 SAME", 2, 5, 4, 3, (3, 3), 4, 1, "SAME")
    # Whole numbers (`coarse`) where there are many.
    add("8x8 stride 4 VALID, bytes / 255", 1, 16, 12, 4, (8, 8), 2, 4, valid, "bytes", 1 / 255, coarse=True)
    add("4x4 stride 2 VALID", 2, 8, 6, 2, (4, 4), 5, 2, valid, coarse=True)
    add("3x3 VALID, ten planes of 0 and 1", 1, 10, 10, 10, (3, 3), 16, 1, valid, "planes", 1, coarse=True)
    add("5x3 stride 2, uneven padding, no bias", 2, 9, 7, 2, (5, 3), 3, 2, ((1, 2), (0, 1)), bias=False,
        coarse=True)
    add("3x3 stride 2 SAME on even sizes, 17 outputs", 1, 6, 4, 2, (3, 3), 17, 2, "SAME", coarse=True)
    add("1x1", 2, 3, 4, 5, (1, 1), 2, 1, valid, coarse=True)
    add("3x3 SAME, 8 to 16", 1, 4, 3, 8, (3, 3), 16, 1, "SAME", coarse=True)
    add("3x3 SAME, bytes / 255, 2 to 16", 1, 5, 4, 2, (3, 3), 16, 1, "SAME", "bytes", 1 / 255, coarse=True)
    add("a stride that leaves a remainder", 1, 9, 10, 1, (4, 4), 2, 3, valid)
    write("convolution", {
        "source": f"{JAX} lax.conv_general_dilated NHWC/HWIO and grad, float64; y and dw agree with {TORCH} conv2d",
        "cases": cases})


def write_pooling():
    g = np.random.default_rng(8)
    cases = []
    for name, images, height, width, channels, window, stride in [
        ("even sizes", 2, 8, 6, 3, 3, 2), ("odd sizes", 2, 7, 5, 3, 3, 2), ("window 2", 1, 4, 6, 2, 2, 2),
        ("seventeen channels", 1, 4, 3, 17, 3, 2), ("one pixel", 1, 1, 1, 2, 3, 2),
    ]:
        count = images * height * width * channels
        # All different, so that no tie decides; all negative, so that padding would win if it were zero.
        x = (g.permutation(count) - count).reshape(images, height, width, channels) / 8.0
        pool = lambda x: jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, window, window, 1), (1, stride, stride, 1),
                                               "SAME")
        y = pool(jnp.asarray(x))
        dy = grid(g, *y.shape, step=0.125, limit=2)
        dx = jax.grad(lambda x: jnp.sum(pool(x) * dy))(jnp.asarray(x))
        cases.append({"name": name, "images": images, "height": height, "width": width, "channels": channels,
                      "window": window, "stride": stride, "output_height": y.shape[1], "output_width": y.shape[2],
                      "pad_top": same_padding(height, window, stride)[0],
                      "pad_left": same_padding(width, window, stride)[0], "x": x, "dy": dy, "y": y, "dx": dx})
    write("pooling", {"source": f"{JAX} lax.reduce_window max, SAME, and grad, float64", "cases": cases})


def write_network():
    """A small residual network of IMPALA's kind, and the gradients of a fixed linear function of its outputs."""
    g = np.random.default_rng(9)
    batch, height, width, channels, filters, features, actions, tasks = 3, 8, 8, 3, 4, 6, 5, 2
    conv = lambda name: hk.Conv2D(filters, 3, padding="SAME", name=name)

    def network(image):
        x = conv("conv")(image)
        x = hk.max_pool(x, (1, 3, 3, 1), (1, 2, 2, 1), "SAME")
        y = conv("residual_conv_0")(jax.nn.relu(x))
        x = x + conv("residual_conv_1")(jax.nn.relu(y))
        x = jax.nn.relu(hk.Linear(features, name="fc")(hk.Flatten()(jax.nn.relu(x))))
        return hk.Linear(actions, name="policy")(x), hk.Linear(tasks, name="value")(x)

    transformed = hk.without_apply_rng(hk.transform(network))
    image = g.integers(0, 256, (batch, height, width, channels))
    scale = float(f32(1 / 255))
    x = jnp.asarray(image * scale)
    shapes = transformed.init(jax.random.PRNGKey(0), x)

    def draw(layer, shape):
        limit = 0.5 if len(shape) == 1 else 2 / math.sqrt(math.prod(shape[:-1]))
        # The first convolution's numbers are not on a grid: pixels are, and windows of the pool would hold ties.
        return f32(g.uniform(-limit, limit, shape)) if layer == "conv" else grid(g, *shape, step=1 / 32, limit=limit)

    parameters = {layer: {leaf: jnp.asarray(draw(layer, v.shape)) for leaf, v in leaves.items()}
                  for layer, leaves in shapes.items()}
    task = np.array([0, 1, 1])
    d_logits, d_value = grid(g, batch, actions, step=0.125, limit=2), grid(g, batch, step=0.125, limit=2)

    def outputs(parameters, x):
        logits, values = transformed.apply(parameters, x)
        return logits, values[np.arange(batch), task]

    def loss(parameters, x):
        logits, value = outputs(parameters, x)
        return jnp.sum(logits * d_logits) + jnp.sum(value * d_value)

    logits, value = outputs(parameters, x)
    gradients = jax.grad(loss)(parameters, x)
    # No pool or rectifier is so close to its kink that rounding in float32 decides.
    nudged = jax.tree.map(lambda v: v * (1 + 1e-6 * g.standard_normal(v.shape)), parameters)
    jax.tree.map(lambda a, b: close(a, b, 1e-4), jax.grad(loss)(nudged, x), gradients)
    content = {
        "source": f"{HAIKU} and {JAX} grad, float64; the value head is transposed to [tasks, inputs]",
        "batch": batch, "height": height, "width": width, "channels": channels, "filters": filters,
        "features": features, "actions": actions, "tasks": tasks, "image": image, "scale": scale, "task": task,
        "d_logits": d_logits, "d_value": d_value}
    flip = lambda layer, leaf, v: np.asarray(v).T if (layer, leaf) == ("value", "w") else np.asarray(v)
    content["parameters"] = {f"{layer}.{leaf}": flip(layer, leaf, v) for layer, leaves in parameters.items()
                             for leaf, v in leaves.items()}
    content |= {"logits": logits, "value": value, "loss": loss(parameters, x)}
    content["gradients"] = {f"{layer}.{leaf}": flip(layer, leaf, v) for layer, leaves in gradients.items()
                            for leaf, v in leaves.items()}
    write("network", content)


# --- Optimisers and statistics --------------------------------------------------------------------------------------


def write_optimizers():
    g = np.random.default_rng(10)
    n, steps = 19, 6
    start = grid(g, n, step=0.125, limit=2)
    # Scales differ from step to step, so that clipping acts on some steps only, and one element never gets a gradient.
    gradients = grid(g, steps, n, step=0.125, limit=2) * np.array([1, 2, 0.25, 0.03125, 8, 1])[:, None]
    gradients[:, 4] = 0
    gradients = f32(gradients)
    norms = np.sqrt((gradients**2).sum(axis=1))
    constant = lambda rate: np.full(steps, f32(rate))
    cases = []

    def run(transform, limit, slots):
        clip = optax.clip_by_global_norm(limit) if limit else optax.identity()
        transform = optax.chain(clip, transform)
        p, after = jnp.asarray(start), []
        state = transform.init(p)
        for gradient in gradients:
            updates, state = transform.update(jnp.asarray(gradient), state, p)
            p = optax.apply_updates(p, updates)
            after.append(np.asarray(p))
        return np.stack(after), slots(state)

    def find(state, name):
        """The slot called `name`, wherever optax nested it."""
        if hasattr(state, "_fields") and name in state._fields:
            return np.asarray(getattr(state, name))
        if isinstance(state, tuple):
            return next((x for x in (find(s, name) for s in state) if x is not None), None)
        return None

    def torch_run(make, limit):
        p = torch.tensor(start, requires_grad=True)
        optimizer, after = make([p]), []
        for gradient, norm in zip(gradients, norms):
            p.grad = torch.tensor(gradient * (limit / max(norm, limit) if limit else 1))
            optimizer.step()
            after.append(p.detach().numpy().copy())
        return np.stack(after), optimizer.state[p]

    def rmsprop(name, rate, decay, epsilon, inside, initial, momentum=0.0, limit=0.0, check=False):
        decay, epsilon, momentum, limit = (float(f32(v)) for v in (decay, epsilon, momentum, limit))
        schedule = lambda count: jnp.asarray(rate)[count]
        transform = optax.rmsprop(schedule, decay, epsilon, initial, eps_in_sqrt=bool(inside),
                                  momentum=momentum if momentum else None)
        after, (ms, buffer) = run(transform, limit, lambda s: (find(s, "nu"), find(s, "trace")))
        if check:
            make = lambda p: torch.optim.RMSprop(p, lr=float(rate[0]), alpha=decay, eps=epsilon, momentum=momentum)
            torch_after, state = torch_run(make, limit)
            close(torch_after, after)
            close(state["square_avg"], ms)
        case = {"name": name, "source": OPTAX + (f" and {TORCH}" if check else ""), "rule": "rmsprop", "rate": rate,
                "decay": decay, "epsilon": epsilon, "epsilon_inside": inside, "initial_mean_square": initial,
                "momentum": momentum, "clip_norm": limit, "parameters_after": after, "mean_square": ms}
        if momentum:
            # optax folds the sign of the step into its buffer; ours holds the step itself.
            case["momentum_buffer"] = -buffer
        cases.append(case)

    rmsprop("TensorFlow 1", constant(0.0006), 0.99, 0.01, 1, 1.0)
    falling = f32(0.01 * (1 - np.arange(steps) / steps))
    rmsprop("TensorFlow 1, momentum 0.9, rate falls", falling, 0.99, 0.1, 1, 1.0, 0.9)
    rmsprop("TensorFlow 1, clipped to norm 5", constant(0.01), 0.9, 0.001, 1, 1.0, limit=5)
    rmsprop("PyTorch", constant(0.0004), 0.99, 0.01, 0, 0.0, check=True)
    rmsprop("PyTorch, momentum 0.9", constant(0.0004), 0.95, 0.00001, 0, 0.0, 0.9, check=True)
    rmsprop("optax default: inside, from zero", constant(0.001), 0.9, 0.000001, 1, 0.0)

    def adam(name, rate, beta1, beta2, epsilon, limit=0.0):
        rate, beta1, beta2, epsilon = (float(f32(v)) for v in (rate, beta1, beta2, epsilon))
        after, (m, v) = run(optax.adam(rate, beta1, beta2, epsilon), limit, lambda s: (find(s, "mu"), find(s, "nu")))
        make = lambda p: torch.optim.Adam(p, lr=rate, betas=(beta1, beta2), eps=epsilon)
        torch_after, state = torch_run(make, limit)
        close(torch_after, after)
        close(state["exp_avg"], m)
        close(state["exp_avg_sq"], v)
        cases.append({"name": name, "source": f"{OPTAX} and {TORCH}", "rule": "adam", "rate": constant(rate),
                      "beta1": beta1, "beta2": beta2, "epsilon": epsilon, "clip_norm": limit,
                      "parameters_after": after, "first_moment": m, "second_moment": v})

    adam("Adam", 0.001, 0.9, 0.999, 1e-8)
    adam("Adam, beta1 0, large epsilon, clipped to norm 5", 0.0003, 0.0, 0.99, 0.001, 5.0)

    limit = 5.0
    factors = limit / np.maximum(norms, limit)
    for gradient, factor in zip(gradients, factors):
        transform = optax.clip_by_global_norm(limit)
        close(transform.update(jnp.asarray(gradient), transform.init(None))[0], gradient * factor)
    write("optimizers", {
        "source": f"{OPTAX} and {TORCH}, float64", "count": n, "steps": steps, "parameters": start,
        "gradients": gradients, "gradient_norms": norms, "clip_norm": limit, "clip_factors": factors, "cases": cases})


def write_statistics():
    g = np.random.default_rng(11)
    cases = []
    for n in (4, 5, 8, 10, 15, 30):
        scores = f32(g.standard_normal(n) * 2 + 1)
        scores[g.integers(n)] = 40  # an outlier that the mean follows and the interquartile mean does not
        cases.append({"count": n, "scores": scores, "interquartile_mean": scipy.stats.trim_mean(scores, 0.25),
                      "mean": scores.mean(), "median": np.median(scores)})
    write("statistics", {"source": f"{SCIPY} stats.trim_mean(x, 0.25), numpy {np.__version__} mean and median, float64",
                         "cases": cases}, digits=15)


def write_squashed_normal():
    g = np.random.default_rng(13)
    low, high = -3.0, 1.0
    cases = []
    for rows, dims, masked in ((4, 1, False), (5, 3, False), (6, 4, True)):
        mean, raw = normal(g, rows, dims), normal(g, rows, dims, scale=2.0)
        z, upstream = normal(g, rows, dims), normal(g, rows)
        mask = (g.random((rows, dims)) < 0.7).astype(np.float64) if masked else np.ones((rows, dims))
        x = torch.tensor(np.concatenate([mean, raw], axis=1), requires_grad=True)
        deviation = torch.clamp(x[:, dims:], low, high).exp()
        base = torch.distributions.Normal(x[:, :dims], deviation)
        squash = torch.distributions.TanhTransform()
        u = f32((mean + deviation.detach().numpy() * z) * mask)
        # Of a TransformedDistribution, whose own inverse of tanh would lose digits.
        taken = torch.tensor(u)
        each = base.log_prob(taken) - squash.log_abs_det_jacobian(taken, torch.tanh(taken))
        log_p = (each * torch.tensor(mask)).sum(1)
        (log_p * torch.tensor(upstream)).sum().backward()
        cases.append({"rows": rows, "dims": dims, "low": low, "high": high, "x": x.detach().numpy(), "u": u, "mask": mask,
                      "d_log_p": upstream, "log_p": log_p.detach().numpy(), "dx": x.grad.numpy()})
    write("squashed_normal", {"source": f"{TORCH} Normal and TanhTransform, float64", "cases": cases})


def write_control():
    """Single steps of Gymnasium's classical control, from states along a trajectory of actions that last a while."""
    g = np.random.default_rng(12)
    cases = []
    for name, id in (("cart_pole", "CartPole-v1"), ("acrobot", "Acrobot-v1"), ("mountain_car", "MountainCar-v0"),
                     ("mountain_car_continuous", "MountainCarContinuous-v0"), ("pendulum", "Pendulum-v1")):
        environment = gymnasium.make(id)
        bare = environment.unwrapped
        environment.reset(seed=1)
        rows = []
        while len(rows) < 500:
            box = isinstance(environment.action_space, gymnasium.spaces.Box)
            action = float(np.float32(g.uniform(-1, 1))) if box else int(g.integers(environment.action_space.n))
            for _ in range(min(int(g.integers(1, 25)), 500 - len(rows))):
                before = f32(bare.state)
                bare.state = before.copy()
                taken = np.array([action * environment.action_space.high[0]], np.float32) if box else action
                observation, reward, terminated, truncated, _ = environment.step(taken)
                rows.append((before, action, observation, reward, terminated))
                if terminated or truncated:
                    environment.reset()
        state, action, observation, reward, terminated = zip(*rows)
        cases.append({"name": name, "state": np.array(state), "action": np.array(action, np.float64),
                      "observation": np.array(observation, np.float64), "reward": np.array(reward, np.float64),
                      "terminated": np.array(terminated, np.float64)})
    write("control", {"source": f"gymnasium {gymnasium.__version__}, one step from each state", "cases": cases})


FILES = {
    "vtrace": write_vtrace, "returns": write_returns, "popart": write_popart, "losses": write_losses,
    "softmax": write_softmax, "lstm": write_lstm, "convolution": write_convolution, "pooling": write_pooling,
    "network": write_network, "optimizers": write_optimizers, "statistics": write_statistics,
    "squashed_normal": write_squashed_normal, "control": write_control,
}

if __name__ == "__main__":
    for wanted in sys.argv[1:] or FILES:
        FILES[wanted]()
