"""Writes the golden numbers of the SAC family: networks, whole updates, the balance of tasks. See README.md.

As generate.py: PyTorch in float64 from the formulas alone, inputs rounded to float32. The released soft modularization
code (Yang et al. 2020) is the reference for what the paper leaves open: the order of the steps, the weights of tasks.

    python generate_sac.py            writes every file
    python generate_sac.py balance    writes the named ones
"""

import math
import sys

import numpy as np
import torch

from golden import close, f32, grid, normal, write
from sac_networks import MLP, HardModules, MixtureOfExperts, SoftModulesCode, SoftModulesPaper, assert_counts

TORCH = f"torch {torch.__version__.split('+')[0]}"
TASKS, OBSERVATION, ACTIONS, HIDDEN, EMBEDDING, GATING, WIDTH = 3, 5, 2, 7, 6, 5, 4
SIZES = {"tasks": TASKS, "rows": 2 * TASKS, "observations": OBSERVATION, "actions": ACTIONS, "hidden": HIDDEN,
         "embedding": EMBEDDING, "gating": GATING, "width": WIDTH}
TASK = np.repeat(np.arange(TASKS), 2)
# Of hard routing in updates: nobody passes the second module of the last layer.
ROUTES = np.array([[0, 1, 0], [1, 1, 0], [0, 0, 0]])


def tensors(numbers, dtype=torch.float64):
    return {name: torch.tensor(x, dtype=dtype) for name, x in numbers.items()}


def arrays(tensors):
    return {name: x.detach().numpy() for name, x in tensors.items()}


def draw(g, network, gain=2.0):
    """Parameters on a grid, few digits each; a routing MLP's are larger, which takes its weights far from uniform."""
    def limit(name, shape):
        scale = 2 * gain if name.startswith(("gate", "skip")) else gain
        return 0.5 if name.endswith("bias") else scale / math.sqrt(shape[-2])

    return {name: grid(g, *shape, step=1 / 64, limit=limit(name, shape)) for name, shape in network.shapes.items()}


class Unfit(Exception):
    """Numbers with which an update can't be tested."""


def alike(single, double, tolerance, smallest=0.0):
    """Float32 gets there too: no rectifier, clamp or minimum is so close to its kink that rounding decides."""
    for name, expected in double.items():
        error, scale = np.abs(np.asarray(single[name]) - expected).max(), max(np.abs(expected).max(), smallest)
        if error > tolerance * (scale or 1):
            raise Unfit(name, error, scale)


# --- Networks -------------------------------------------------------------------------------------------------------


def write_networks():
    g = np.random.default_rng(20)
    outputs = 2 * ACTIONS
    task, cases = torch.tensor(TASK), []

    def evaluate(network, dtype, numbers, x, d_out):
        p = {name: v.requires_grad_() for name, v in tensors(numbers, dtype).items()}
        x = torch.tensor(x, dtype=dtype, requires_grad=True)
        soft = hasattr(network, "routed")
        out, squares, q = network.routed(p, x, task) if soft else (network(p, x, task), [], None)
        (out * torch.tensor(d_out, dtype=dtype)).sum().backward()
        result = {"out": out} | {f"routing.{l}": square for l, square in enumerate(squares)}
        result |= {"routing.last": q} if q is not None else {}
        return arrays(result), {"dx": x.grad.numpy()} | {name: v.grad.numpy() for name, v in p.items()}

    def add(name, kind, network, **settings):
        numbers = draw(g, network)
        x, d_out = normal(g, len(TASK), OBSERVATION), grid(g, len(TASK), outputs, step=1 / 8, limit=2)
        values, gradients = evaluate(network, torch.float64, numbers, x, d_out)
        for single, double in zip(evaluate(network, torch.float32, numbers, x, d_out), (values, gradients)):
            alike(single, double, 1e-5)
        assert all(np.any(gradient) for gradient in gradients.values())
        for key, weights in values.items():
            assert key == "out" or abs(weights.sum(-1) - 1).max() < 1e-12
            uniform = 1 / weights.shape[-1]
            assert key == "out" or abs(weights - uniform).max() > 0.1 and weights.max(-1).mean() < 0.9
        case = {"name": name, "network": kind, **settings, "parameters": numbers, "x": x, "d_out": d_out}
        case |= {"out": values.pop("out"), "dx": gradients.pop("dx"), "gradients": gradients}
        cases.append(case | ({"routing": values} if values else {}))

    for name, heads in (("mt-sac", "shared"), ("mt-mh-sac", "heads"), ("sac", "single")):
        add(name, name, MLP(heads, OBSERVATION, outputs, TASKS, HIDDEN))
    for layers, modules, flag in ((2, 2, 1), (3, 3, 1), (4, 4, 1), (2, 2, 0), (4, 4, 0)):
        sizes = {"layers": layers, "modules": modules}
        add(f"soft modules, code, {layers} x {modules}" + ("" if flag else ", observation not routed"), "soft-code",
            SoftModulesCode(OBSERVATION, outputs, TASKS, HIDDEN, EMBEDDING, GATING, layers, modules, WIDTH, flag),
            **sizes, routing_sees_observation=flag)
        add(f"soft modules, paper, {layers} x {modules}" + ("" if flag else ", no relu before layer 1"), "soft-paper",
            SoftModulesPaper(OBSERVATION, outputs, TASKS, HIDDEN, EMBEDDING, layers, modules, WIDTH, flag),
            **sizes, relu_input=flag)
    add("mixture of experts", "experts", MixtureOfExperts(OBSERVATION, outputs, TASKS, HIDDEN, 3), experts=3)
    # The second and third task share their first two modules.
    routes = np.array([[3, 0, 1], [2, 2, 0], [2, 2, 3]])
    add("hard routing", "hard", HardModules(OBSERVATION, outputs, TASKS, HIDDEN, EMBEDDING, 4, WIDTH, routes), layers=3,
        modules=4, routes=routes)
    write("sac_networks", {"source": f"{TORCH} autograd, float64", **SIZES, "outputs": outputs, "task": TASK,
                           "cases": cases})


# --- Updates --------------------------------------------------------------------------------------------------------


def task_weights(log_alpha, normalisation):
    """w of each task, constants in the losses: the released code's, with mean 1, the paper's, with sum 1, or ones."""
    alpha = torch.exp(log_alpha)
    if normalisation == "code":
        return len(alpha) * (1 / alpha) / (1 / alpha).sum()
    return torch.exp(-alpha) / torch.exp(-alpha).sum() if normalisation == "paper" else torch.ones_like(alpha)


class SAC:
    """One learner: `update` is the released code's, in its order (temperatures, actor, critics, targets)."""

    TRAINED = ("actor", "critic1", "critic2")

    def __init__(self, networks, numbers, log_alpha, settings, dtype):
        self.networks, self.settings, self.dtype = networks, settings, dtype
        # Networks of one task each are agents side by side: losses and clipping are each one's own.
        self.agents = TASKS if getattr(networks["actor"], "kind", "") == "single" else 1
        self.p = {name: tensors(p, dtype) for name, p in numbers.items()}
        self.log_alpha = torch.tensor(log_alpha, dtype=dtype, requires_grad=True)
        adam = lambda p: torch.optim.Adam(p, lr=settings["rate"], betas=(settings["beta1"], settings["beta2"]),
                                          eps=settings["epsilon"])
        self.optimizers = {"log_alpha": adam([self.log_alpha])}
        for name in self.TRAINED:
            self.optimizers[name] = adam([v.requires_grad_() for v in self.p[name].values()])

    def sample(self, observation, noise, task):
        """tanh(u) and its log-probability, u = mean + std noise."""
        s = self.settings
        mean, log_std = self.networks["actor"](self.p["actor"], observation, task).split(ACTIONS, 1)
        low, high = s["log_std_low"], s["log_std_high"]
        # Of the latest sample, for the assertion that some are.
        self.clamped = {"below": (log_std < low).sum().item(), "above": (log_std > high).sum().item()}
        log_std = torch.clamp(log_std, low, high)
        u = mean + log_std.exp() * noise
        action = torch.tanh(u)
        log_slope = {"corrected": torch.log(1 - action**2 + s["correction"]),
                     "stable": 2 * (math.log(2) - u - torch.nn.functional.softplus(-2 * u))}[s["squashing"]]
        return action, (torch.distributions.Normal(mean, log_std.exp()).log_prob(u) - log_slope).sum(1)

    def q(self, name, observation, action, task):
        network = self.networks["critic"]
        return network(self.p[name], torch.cat([observation, action], 1), task)[:, 0]

    def step(self, name, loss):
        """The gradients of each agent's network, clipped together, into its optimiser: the gradients before, and their
        norms."""
        p, limit = self.p[name], self.settings["clip_norm"]
        gradients, norms = dict(zip(p, torch.autograd.grad(loss, p.values()))), []
        for key, gradient in gradients.items():
            p[key].grad = gradient.clone()
        for agent in range(self.agents):
            # Every parameter has the agents outermost.
            part = lambda x: x[agent] if self.agents > 1 else x
            norm = math.sqrt(sum((part(gradient)**2).sum().item() for gradient in gradients.values()))
            # PyTorch adds 1e-6 to the norm before it divides: a factor of norm / (norm + 1e-6), where it clips at all.
            if self.dtype == torch.float64:
                theirs = [torch.nn.Parameter(part(x)) for x in gradients.values()]
                for x, gradient in zip(theirs, gradients.values()):
                    x.grad = part(gradient).clone()
                torch.nn.utils.clip_grad_norm_(theirs, limit)
                for x, gradient in zip(theirs, gradients.values()):
                    close(x.grad, part(gradient) * min(1, limit / (norm + 1e-6)))
            for key, gradient in gradients.items():
                part(p[key].grad)[...] = part(gradient) * (limit / max(norm, limit))
            norms.append(norm)
        self.optimizers[name].step()
        return gradients, norms

    def update(self, batch, noise, next_noise):
        s, b = self.settings, tensors(batch, self.dtype)
        task = torch.tensor(batch["task"])
        noise, next_noise = (torch.tensor(x, dtype=self.dtype) for x in (noise, next_noise))
        before = {name: {key: v.detach().clone() for key, v in p.items()} for name, p in self.p.items()}

        action, log_p = self.sample(b["observation"], noise, task)
        mean = lambda x: self.agents * x.mean()  # an agent's loss is a mean over its own rows
        alpha_loss = -mean(self.log_alpha[task] * (log_p.detach() - ACTIONS))  # the target entropy is -ACTIONS
        self.log_alpha.grad, = torch.autograd.grad(alpha_loss, [self.log_alpha])
        self.optimizers["log_alpha"].step()
        # From here on the new temperatures.
        alpha = self.log_alpha.detach().exp()[task]
        weights = task_weights(self.log_alpha.detach(), s["balance"])
        w = weights[task]

        # Every loss is of the parameters before any step: next actions are the actor's of before, too.
        with torch.no_grad():
            next_action, next_log_p = self.sample(b["next_observation"], next_noise, task)
            next_q = [self.q(name, b["next_observation"], next_action, task) for name in ("target1", "target2")]
            continues = 1 - b["terminated"] if s["terminated_masks"] else 1
            y = b["reward"] + s["discount"] * continues * (torch.minimum(*next_q) - alpha * next_log_p)
        q = {name: self.q(name, b["observation"], b["action"], task) for name in ("critic1", "critic2")}
        actor_q = [self.q(name, b["observation"], action, task) for name in ("critic1", "critic2")]
        losses = {"actor": mean(w * (alpha * log_p - torch.minimum(*actor_q)))}
        losses |= {name: mean(w * (q[name] - y) ** 2) for name in q}
        steps = {name: self.step(name, losses[name]) for name in self.TRAINED}
        with torch.no_grad():
            for target, critic in (("target1", "critic1"), ("target2", "critic2")):
                for key, v in self.p[target].items():
                    v += s["polyak"] * (self.p[critic][key] - v)

        values = {"log_probability": log_p, "next_log_probability": next_log_p, "log_alpha": self.log_alpha,
                  "weights": weights, "target": y, "q1": q["critic1"], "q2": q["critic2"], "alpha_loss": alpha_loss}
        values |= {f"{name}_loss": loss for name, loss in losses.items()}
        values = {name: x.detach().numpy().copy() for name, x in values.items()}
        values |= {f"{name}_gradient_norms": np.array(norms) for name, (_, norms) in steps.items()}
        gradients = {name: arrays(gradients) for name, (gradients, _) in steps.items()}
        after = {name: {key: v.detach().clone().numpy() for key, v in p.items()} for name, p in self.p.items()}
        moved = {name: {key: after[name][key] - before[name][key].numpy() for key in p} for name, p in after.items()}
        return values, gradients, after, moved


def probes(parts):
    """sum_i cos(i) x_i of each flat array: every element enters, with a weight of its own."""
    probe = lambda x: np.cos(np.arange(x.size)) @ x.reshape(-1)
    return {part: {name: probe(x) for name, x in arrays.items()} for part, arrays in parts.items()}


def write_update():
    g = np.random.default_rng(23)
    rows, layers, modules = len(TASK), 3, 2
    makers = {"mt-sac": lambda i, o: MLP("shared", i, o, TASKS, HIDDEN),
              "mt-mh-sac": lambda i, o: MLP("heads", i, o, TASKS, HIDDEN),
              "soft-code": lambda i, o: SoftModulesCode(i, o, TASKS, HIDDEN, EMBEDDING, GATING, layers, modules, WIDTH),
              "soft-paper": lambda i, o: SoftModulesPaper(i, o, TASKS, HIDDEN, EMBEDDING, layers, modules, WIDTH),
              "sac": lambda i, o: MLP("single", i, o, TASKS, HIDDEN),
              "experts": lambda i, o: MixtureOfExperts(i, o, TASKS, HIDDEN, 4),
              "hard": lambda i, o: HardModules(i, o, TASKS, HIDDEN, EMBEDDING, modules, WIDTH, ROUTES)}
    networks = {name: {"actor": make(OBSERVATION, 2 * ACTIONS), "critic": make(OBSERVATION + ACTIONS, 1)}
                for name, make in makers.items()}
    batch = {"task": TASK, "observation": normal(g, rows, OBSERVATION),
             "action": f32(g.uniform(-1, 1, (rows, ACTIONS))), "reward": normal(g, rows),
             "next_observation": normal(g, rows, OBSERVATION), "terminated": np.array([0, 1, 0, 0, 1, 0])}
    log_alpha = grid(g, TASKS, step=1 / 8, limit=1.5)
    noise, next_noise = normal(g, 2, rows, ACTIONS), normal(g, 2, rows, ACTIONS)
    clamped = set()

    def case(name, network, numbers, full=False, **settings):
        settings = {"balance": "off", "terminated_masks": 0, "squashing": "corrected", "correction": 1e-6,
                    "log_std_low": -20, "log_std_high": 2, "discount": 0.99, "polyak": 0.005, "clip_norm": 1,
                    "rate": 3e-4, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8} | settings
        settings = {key: v if isinstance(v, str) else float(f32(v)) for key, v in settings.items()}
        learner, single = (SAC(networks[network], numbers, log_alpha, settings, dtype)
                           for dtype in (torch.float64, torch.float32))
        updates = []
        for each in zip(noise, next_noise):
            values, gradients, after, moved = learner.update(batch, *each)
            values32, gradients32, _, moved32 = single.update(batch, *each)
            alike(values32, values, 1e-5, 1.0)
            for part, changes in moved.items():
                alike(moved32[part], changes, 5e-4)
                if not all(np.any(change) for change in changes.values()):  # rectifiers that are off on all rows
                    raise Unfit(name, part)
            for part in gradients:
                alike(gradients32[part], gradients[part], 3e-5)
            narrow = settings["log_std_low"] > -1
            if narrow and not 0 < sum(learner.clamped.values()) < ACTIONS * rows:
                raise Unfit(name, learner.clamped)
            clamped.update(side for side, count in learner.clamped.items() if count)
            update = {"noise": each[0], "next_noise": each[1]} | values
            update |= {"gradient_probes": probes(gradients), "change_probes": probes(moved)}
            updates.append(update | ({"gradients": gradients, "parameters": after} if full else {}))
        return {"name": name, "network": network} | settings | {"updates": updates}

    def followed(network):
        """Parameters from the first seed with which float32 gets where float64 does, and the cases that they make."""
        for seed in range(100):
            g = np.random.default_rng([23, seed])
            # Small policies: where tanh is flat, float32 loses the digits of log(1 - tanh(u)^2 + 1e-6).
            numbers = {part: draw(g, networks[network]["actor" if part == "actor" else "critic"],
                                  1.5 if part == "actor" else 2.0)
                       for part in ("actor", "critic1", "critic2", "target1", "target2")}
            try:
                return numbers, [
                    case(f"{network}, as released", network, numbers, full=network == "mt-sac",
                         balance="code" if network.startswith("soft") else "off"),
                    case(f"{network}, terminated masks, stable log-probability, epsilon 1e-5, narrow log std", network,
                         numbers, terminated_masks=1, squashing="stable", epsilon=1e-5, log_std_low=-0.25,
                         log_std_high=0.25),
                    case(f"{network}, the paper's balance", network, numbers, balance="paper")]
            except Unfit as reason:
                last = reason
        raise last

    numbers, cases = {}, []
    for network in networks:
        numbers[network], more = followed(network)
        cases += more
    norms = [norm for each in cases for update in each["updates"] for part in SAC.TRAINED
             for norm in update[f"{part}_gradient_norms"] / each["clip_norm"]]
    assert min(norms) < 1 < max(norms) and clamped == {"below", "above"}
    write("sac_update", {
        "source": f"{TORCH} autograd and optim.Adam, float64", **SIZES, "layers": layers, "modules": modules,
        "routes": ROUTES, **batch, "log_alpha": log_alpha, "networks": numbers, "cases": cases})


# --- Balance --------------------------------------------------------------------------------------------------------


def pcgrad(gradients, order):
    """Yu et al. 2020, algorithm 1, one order for all: each gradient loses what opposes the others' original ones."""
    projected = gradients.copy()
    for i in range(len(gradients)):
        for j in order:
            if j != i:
                g = gradients[j]
                projected[i] -= min(0, projected[i] @ g / (g @ g + 1e-8)) * g
    return projected


def write_balance():
    g = np.random.default_rng(20)
    weights, temperatures, surgery = [], [], []
    for name, log_alpha in (
        ("alpha 0.1, 1, 10", f32(np.log([0.1, 1, 10]))), ("equal", np.full(4, -0.75)), ("one task", np.array([0.5])),
        ("ten tasks", normal(g, 10)), ("far apart", np.array([-9, -3, 0.25, 2.5, 4])),
    ):
        case = {"name": name, "log_alpha": log_alpha}
        case |= {rule: task_weights(torch.tensor(log_alpha), rule).numpy() for rule in ("code", "paper", "off")}
        close(case["code"], len(log_alpha) * torch.softmax(torch.tensor(-log_alpha), 0))
        close(case["paper"], torch.softmax(-torch.tensor(log_alpha).exp(), 0))
        weights.append(case)
    close(weights[0]["code"], [2.70, 0.27, 0.027], 5e-3)
    close(weights[0]["paper"], [0.711, 0.289, 0.00004], 5e-4)
    for name, task, tasks in (("two rows a task", TASK, TASKS), ("uneven rows", np.array([1, 1, 1, 3, 0]), 4)):
        log_p, target = normal(g, len(task), scale=3.0), -float(ACTIONS)
        log_alpha = torch.tensor(normal(g, tasks), requires_grad=True)
        loss = -(log_alpha[torch.tensor(task)] * (torch.tensor(log_p) + target)).mean()
        loss.backward()
        temperatures.append({"name": name, "tasks": tasks, "task": task, "log_alpha": log_alpha.detach().numpy(),
                             "log_probability": log_p, "target_entropy": target, "loss": loss.item(),
                             "d_log_alpha": log_alpha.grad.numpy()})
    for name, tasks, count, shift in (
        ("two tasks", 2, 5, 0), ("three tasks", 3, 7, 0), ("six tasks", 6, 17, 0), ("no conflict", 3, 9, 2),
    ):
        gradients = f32(g.standard_normal((tasks, count)) + shift)
        if name == "two tasks":
            gradients[1] = f32(-0.5 * gradients[0] + 0.25 * gradients[1])
        order = g.permutation(tasks)
        products = gradients @ gradients.T
        norms = np.sqrt(np.diag(products))
        projected = pcgrad(gradients, order)
        assert np.any(products < 0) != (name == "no conflict")
        surgery.append({"name": name, "tasks": tasks, "count": count, "gradients": gradients, "order": order,
                        "projected": projected, "average": projected.mean(0),
                        "cosines": products / np.outer(norms, norms)})
    write("sac_balance", {"source": f"{TORCH} autograd and numpy {np.__version__}, float64", "weights": weights,
                          "temperatures": temperatures, "surgery": surgery})


FILES = {"networks": write_networks, "update": write_update, "balance": write_balance}

if __name__ == "__main__":
    assert_counts()
    for wanted in sys.argv[1:] or FILES:
        FILES[wanted]()
