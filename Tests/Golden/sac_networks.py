"""The networks of the SAC family in PyTorch, straight from their formulas: nothing is batched or stacked for speed.

A network is a table of shapes by parameter name and a function of numbers by those names. Weights are [in, out],
grouped ones [groups, in, out]; x is [rows, inputs], z the tasks' one-hot rows. Soft modules: Yang et al. 2020,
arXiv 2003.13661.
"""

import torch
from torch.nn.functional import softmax


def dense(p, name, x):
    return x @ p[f"{name}.weight"] + p[f"{name}.bias"]


def pick(p, name, x, group):
    """Row r through the group's own layer: x[r] W[group[r]] + b[group[r]]."""
    weight, bias = p[f"{name}.weight"], p[f"{name}.bias"]
    return torch.stack([row @ weight[g] + bias[g] for row, g in zip(x, group)])


class Network:
    def __init__(self, tasks):
        self.tasks, self.shapes = tasks, {}

    def add(self, name, inputs, outputs, groups=None):
        lead = () if groups is None else (groups,)
        self.shapes |= {f"{name}.weight": (*lead, inputs, outputs), f"{name}.bias": (*lead, outputs)}

    def one_hot(self, x, task):
        return torch.eye(self.tasks, dtype=x.dtype)[task]

    @property
    def count(self):
        return sum(torch.Size(shape).numel() for shape in self.shapes.values())


class MLP(Network):
    """`shared`: one head, `heads`: one a task, both on [x, z]; `single`: one whole network a task, on x."""

    def __init__(self, kind, inputs, outputs, tasks, hidden):
        super().__init__(tasks)
        self.kind = kind
        inputs += 0 if kind == "single" else tasks
        for layer in range(3):
            self.add(f"fc{layer}", hidden if layer else inputs, hidden, tasks if kind == "single" else None)
        self.add("head", hidden, outputs, None if kind == "shared" else tasks)

    def __call__(self, p, x, task):
        if self.kind != "single":
            x = torch.cat([x, self.one_hot(x, task)], 1)
        for layer in range(3):
            name = f"fc{layer}"
            x = torch.relu(pick(p, name, x, task) if self.kind == "single" else dense(p, name, x))
        return dense(p, "head", x) if self.kind == "shared" else pick(p, "head", x, task)


class MixtureOfExperts(Network):
    """sum_e g_e expert_e([x, z]) with g = softmax of a gate on [x, z]; the experts' first layers are columns of one."""

    def __init__(self, inputs, outputs, tasks, hidden, experts):
        super().__init__(tasks)
        self.experts, self.hidden = experts, hidden
        self.add("expert.fc0", inputs + tasks, experts * hidden)
        for name, width in (("fc1", hidden), ("fc2", hidden), ("head", outputs)):
            self.add(f"expert.{name}", hidden, width, experts)
        self.add("gate.fc0", inputs + tasks, hidden)
        self.add("gate.fc1", hidden, hidden)
        self.add("gate.head", hidden, experts)

    def __call__(self, p, x, task):
        x = torch.cat([x, self.one_hot(x, task)], 1)
        gate = torch.relu(dense(p, "gate.fc1", torch.relu(dense(p, "gate.fc0", x))))
        gate = softmax(dense(p, "gate.head", gate), 1)
        first = torch.relu(dense(p, "expert.fc0", x))
        out = 0
        for e in range(self.experts):
            y = first[:, e * self.hidden:(e + 1) * self.hidden]
            for name in ("expert.fc1", "expert.fc2"):
                y = torch.relu(y @ p[f"{name}.weight"][e] + p[f"{name}.bias"][e])
            out = out + gate[:, e:e + 1] * (y @ p["expert.head.weight"][e] + p["expert.head.bias"][e])
        return out


class HardModules(Network):
    """Hard routing: in each layer a task's rows pass the one module that `routes`, [tasks, layers], names."""

    def __init__(self, inputs, outputs, tasks, hidden, embedding, modules, width, routes):
        super().__init__(tasks)
        self.routes = torch.tensor(routes)
        self.add("state.fc0", inputs, hidden)
        self.add("state.fc1", hidden, embedding)
        for l in range(self.routes.shape[1]):
            self.add(f"module.{l}", width if l else embedding, width, modules)
        self.add("head", width, outputs)

    def __call__(self, p, x, task):
        for name in ("state.fc0", "state.fc1"):
            x = torch.relu(dense(p, name, x))
        for l in range(self.routes.shape[1]):
            x = torch.relu(pick(p, f"module.{l}", x, self.routes[task, l]))
        return dense(p, "head", x)


class SoftModules(Network):
    """What both variants share: encoders of state and task, and modules, the first layer's as columns of one matrix."""

    def __init__(self, inputs, tasks, hidden, embedding, layers, modules, width):
        super().__init__(tasks)
        self.layers, self.modules, self.width = layers, modules, width
        self.add("state.fc0", inputs, hidden)
        self.add("state.fc1", hidden, embedding)
        self.add("task", tasks, embedding)
        self.add("module.0", embedding, modules * width)

    def encoded(self, p, x, task):
        f = dense(p, "state.fc1", torch.relu(dense(p, "state.fc0", x)))
        return f, dense(p, "task", self.one_hot(x, task))

    def module(self, p, layer, j, x):
        """Module j of a layer."""
        weight, bias = p[f"module.{layer}.weight"], p[f"module.{layer}.bias"]
        if layer == 0:
            columns = slice(j * self.width, (j + 1) * self.width)
            return x @ weight[:, columns] + bias[columns]
        return x @ weight[j] + bias[j]

    def square(self, r):
        """The routing weights [rows, target i, source j]: softmax over the sources."""
        return softmax(r.reshape(-1, self.modules, self.modules), 2)

    def __call__(self, p, x, task):
        return self.routed(p, x, task)[0]


class SoftModulesCode(SoftModules):
    """The variant of the authors' released code."""

    def __init__(self, inputs, outputs, tasks, hidden, embedding, gating, layers, modules, width, observation=True):
        super().__init__(inputs, tasks, hidden, embedding, layers, modules, width)
        self.observation = observation
        square = modules * modules
        self.add("gate.fc0", embedding, gating)
        self.add("gate.fc1", gating, gating)
        self.add("routing.0", gating, square)
        for l in range(1, layers - 1):
            self.add(f"skip.{l}", l * square, gating)
            self.add(f"routing.{l}", gating, square)
        self.add("skip.last", (layers - 1) * square, gating)
        self.add("routing.last", gating, modules)
        for l in range(1, layers):
            self.add(f"module.{l}", width, width, modules)
        self.add("head", width, outputs)

    def routed(self, p, x, task):
        """out, [P of each layer], q."""
        n = self.modules
        f, h = self.encoded(p, x, task)
        e = torch.relu(f * h if self.observation else h)
        e = dense(p, "gate.fc1", torch.relu(dense(p, "gate.fc0", e)))
        squares = [self.square(dense(p, "routing.0", torch.relu(e)))]
        flat = lambda: torch.cat([square.flatten(1) for square in squares], 1)
        for l in range(1, self.layers - 1):
            squares.append(self.square(dense(p, f"routing.{l}", torch.relu(dense(p, f"skip.{l}", flat()) * e))))
        q = softmax(dense(p, "routing.last", torch.relu(dense(p, "skip.last", flat()) * e)), 1)

        y = [self.module(p, 0, j, torch.relu(f)) for j in range(n)]
        for l in range(1, self.layers):
            mixed = [torch.relu(sum(squares[l - 1][:, i, j:j + 1] * y[j] for j in range(n))) for i in range(n)]
            y = [self.module(p, l, i, mixed[i]) for i in range(n)]
        return dense(p, "head", torch.relu(sum(q[:, j:j + 1] * y[j] for j in range(n)))), squares, q


class SoftModulesPaper(SoftModules):
    """The variant of the paper's equations 5 to 9, with biases and with a matrix of its own for each routing layer."""

    def __init__(self, inputs, outputs, tasks, hidden, embedding, layers, modules, width, relu_input=True):
        super().__init__(inputs, tasks, hidden, embedding, layers, modules, width)
        self.relu_input = relu_input
        square = modules * modules
        self.add("routing.0", embedding, square)
        for l in range(1, layers - 1):
            self.add(f"up.{l}", square, embedding)
            self.add(f"routing.{l}", embedding, square)
        for l in range(1, layers - 1):
            self.add(f"module.{l}", width, width, modules)
        self.add(f"module.{layers - 1}", width, outputs, modules)

    def routed(self, p, x, task):
        """out, [P of each layer], None: no weights choose among the last layer's modules."""
        n = self.modules
        f, h = self.encoded(p, x, task)
        raw = [dense(p, "routing.0", torch.relu(f * h))]
        for l in range(1, self.layers - 1):
            raw.append(dense(p, f"routing.{l}", torch.relu(dense(p, f"up.{l}", raw[-1]) * (f * h))))
        squares = [self.square(r) for r in raw]

        g = [torch.relu(f) if self.relu_input else f] * n
        for l in range(self.layers - 1):
            y = [torch.relu(self.module(p, l, j, g[j])) for j in range(n)]
            g = [sum(squares[l][:, i, j:j + 1] * y[j] for j in range(n)) for i in range(n)]
        return sum(self.module(p, self.layers - 1, j, g[j]) for j in range(n)), squares, None


def assert_counts():
    """Parameters of the full-size actors: observations of 12 (v1) and 39 (v3), 10 and 50 tasks, 4 actions.

    Those of `code` are the released networks'.
    """
    table = {
        "code, shallow": (680222, 696222, 691022, 707022), "code, deep": (781644, 797644, 792444, 808444),
        "paper, shallow": (381028, 397028, 391828, 407828), "paper, deep": (544384, 560384, 555184, 571184),
        "single": (329208, 329208, 340008, 340008), "shared": (333208, 349208, 344008, 360008),
        "heads": (362080, 506400, 372880, 517200), "experts": (1504036, 1584036, 1558036, 1638036),
        "hard": (570088, 570088, 580888, 580888)}
    for column, (s, m) in enumerate([(12, 10), (12, 50), (39, 10), (39, 50)]):
        counts = {kind: MLP(kind, s, 8, m, 400).count for kind in ("shared", "heads")}
        counts["single"] = MLP("single", s, 8, m, 400).count // m
        counts["experts"] = MixtureOfExperts(s, 8, m, 400, 4).count
        counts["hard"] = HardModules(s, 8, m, 400, 400, 4, 128, [[0] * 4] * m).count
        for size, (layers, width) in {"shallow": (2, 256), "deep": (4, 128)}.items():
            counts[f"code, {size}"] = SoftModulesCode(s, 8, m, 400, 400, 256, layers, layers, width).count
            counts[f"paper, {size}"] = SoftModulesPaper(s, 8, m, 400, 400, layers, layers, width).count
        assert counts == {name: row[column] for name, row in table.items()}, counts
