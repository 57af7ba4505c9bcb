"""PyTorch's side of the comparison: one SAC update on many tasks, as `polymath bench sac` makes it.

Temperatures, policy, two critics, clipping, Adam, targets at the sizes of Meta-World: 39 numbers seen, 4 done. The modules of soft
modularization are batched into one product a layer, and critics give the policy its gradient without their own. Prints
updates a second, median of the repetitions after two that are not counted.
"""

import argparse
import json
import math
import time

import torch
from torch import nn
from torch.nn import functional

OBSERVATION, ACTION, GAMMA = 39, 4, 0.99


class Perceptron(nn.Module):
    def __init__(self, inputs, outputs, tasks):
        super().__init__()
        sizes = [inputs + tasks, 400, 400, 400]
        layers = [part for a, b in zip(sizes, sizes[1:]) for part in (nn.Linear(a, b), nn.ReLU())]
        self.layers = nn.Sequential(*layers, nn.Linear(400, outputs))

    def forward(self, x, z):
        return self.layers(torch.cat([x, z], 1))


class SoftModules(nn.Module):
    """The released code's definition (Yang et al. 2020)."""

    def __init__(self, inputs, outputs, tasks, layers, modules, width):
        super().__init__()
        self.modules_, self.width, square = modules, width, modules * modules
        self.state = nn.Sequential(nn.Linear(inputs, 400), nn.ReLU(), nn.Linear(400, 400))
        self.task = nn.Linear(tasks, 400)
        self.gate = nn.Sequential(nn.ReLU(), nn.Linear(400, 256), nn.ReLU(), nn.Linear(256, 256))
        self.first = nn.Linear(400, modules * width)
        self.weights = nn.ParameterList(
            nn.Parameter(torch.randn(modules, width, width) / math.sqrt(width)) for _ in range(layers - 1))
        self.biases = nn.ParameterList(nn.Parameter(torch.zeros(modules, 1, width)) for _ in range(layers - 1))
        self.logits = nn.ModuleList(nn.Linear(256, square) for _ in range(layers - 1))
        self.skips = nn.ModuleList(nn.Linear(count * square, 256) for count in range(1, layers))
        self.last, self.head = nn.Linear(256, modules), nn.Linear(width, outputs)

    def forward(self, x, z):
        rows, n = len(x), self.modules_
        f = self.state(x)
        gated = self.gate(f * self.task(z))

        def mixture(logits, chosen):
            return functional.softmax(logits(functional.relu(chosen)).view(rows, -1, n), -1)

        routing = [mixture(self.logits[0], gated)]
        for skip, logits in zip(self.skips, [*self.logits[1:], self.last]):
            seen = torch.cat([p.flatten(1) for p in routing], 1)
            routing.append(mixture(logits, skip(seen) * gated))
        y = self.first(functional.relu(f)).view(rows, n, self.width)
        for p, weight, bias in zip(routing, self.weights, self.biases):
            mixed = functional.relu(torch.bmm(p, y))
            y = (torch.bmm(mixed.transpose(0, 1), weight) + bias).transpose(0, 1)
        return self.head(functional.relu(torch.bmm(routing[-1], y)).flatten(1))


class Update:
    def __init__(self, make, tasks, batch, compiled):
        self.policy, self.critics = make(OBSERVATION, 2 * ACTION), [make(OBSERVATION + ACTION, 1) for _ in range(2)]
        self.targets = [make(OBSERVATION + ACTION, 1).requires_grad_(False) for _ in range(2)]
        for target, critic in zip(self.targets, self.critics):
            target.load_state_dict(critic.state_dict())
        self.log_alpha = torch.zeros(tasks, requires_grad=True)
        self.optimizers = [torch.optim.Adam(p, 3e-4) for p in (
            [self.log_alpha], self.policy.parameters(), *(critic.parameters() for critic in self.critics))]
        self.call = torch.compile if compiled else lambda network: network
        self.pi, self.q = self.call(self.policy), [self.call(critic) for critic in self.critics]
        self.q_target = [self.call(target) for target in self.targets]
        self.task = torch.arange(batch) // (batch // tasks)
        self.z = functional.one_hot(self.task, tasks).float()
        self.state, self.next = torch.randn(batch, OBSERVATION), torch.randn(batch, OBSERVATION)
        self.action, self.reward = torch.rand(batch, ACTION) * 2 - 1, torch.randn(batch, 1)

    def act(self, state):
        mean, deviation = self.pi(state, self.z).chunk(2, 1)
        deviation = deviation.clamp(-20, 2)
        noise = torch.randn_like(mean)
        u = mean + deviation.exp() * noise
        squash = 2 * (math.log(2) - u - functional.softplus(-2 * u))
        log_p = -0.5 * noise * noise - deviation - 0.5 * math.log(2 * math.pi) - squash
        return u.tanh(), log_p.sum(1, keepdim=True)

    def step(self, optimizer, network, loss):
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()

    def __call__(self):
        action, log_p = self.act(self.state)
        temperature, *optimizers = self.optimizers
        temperature.zero_grad()
        (-(self.log_alpha[self.task, None] * (log_p.detach() - ACTION)).mean()).backward()
        temperature.step()
        log_alpha = self.log_alpha.detach()
        alpha, weight = log_alpha.exp()[self.task, None], (functional.softmax(-log_alpha, 0) * len(log_alpha))[self.task, None]
        with torch.no_grad():
            next_action, next_log_p = self.act(self.next)
            x = torch.cat([self.next, next_action], 1)
            value = torch.min(*(q(x, self.z) for q in self.q_target))
            target = self.reward + GAMMA * (value - alpha * next_log_p)
        for critic in self.critics:
            critic.requires_grad_(False)
        x = torch.cat([self.state, action], 1)
        value = torch.min(*(q(x, self.z) for q in self.q))
        self.step(optimizers[0], self.policy, (weight * (alpha * log_p - value)).mean())
        x = torch.cat([self.state, self.action], 1)
        for critic, q, optimizer in zip(self.critics, self.q, optimizers[1:]):
            critic.requires_grad_(True)
            self.step(optimizer, critic, (weight * (q(x, self.z) - target) ** 2).mean())
        with torch.no_grad():
            for slow, critic in zip(self.targets, self.critics):
                torch._foreach_lerp_(list(slow.parameters()), list(critic.parameters()), 0.005)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", choices=["mt-sac", "soft-shallow", "soft-deep"], default="soft-shallow")
    parser.add_argument("--tasks", type=int, default=10)
    parser.add_argument("--batch", type=int, default=1280)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--mode", choices=["default", "compile"], default="default")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    tasks = arguments.tasks
    make = {
        "mt-sac": lambda i, o: Perceptron(i, o, tasks),
        "soft-shallow": lambda i, o: SoftModules(i, o, tasks, 2, 2, 256),
        "soft-deep": lambda i, o: SoftModules(i, o, tasks, 4, 4, 128),
    }[arguments.network]
    update = Update(make, tasks, arguments.batch, arguments.mode == "compile")
    times = []
    for _ in range(arguments.repetitions + 2):
        start = time.perf_counter()
        update()
        times.append(time.perf_counter() - start)
    times = sorted(times[2:])
    print(json.dumps({"updatesPerSecond": 1 / times[len(times) // 2]}))


main()
