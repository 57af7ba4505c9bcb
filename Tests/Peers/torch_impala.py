"""PyTorch's side of the comparison: one IMPALA update, or acting, on the networks of Espeholt et al. 2018.

Forward, V-trace, losses, backward, clip, RMSProp on T + 1 rows of B pictures, as `polymath bench learner` does; with
--inference one forward pass of B pictures. Prints steps a second (T B an update; B a forward pass), median of the
repetitions after two that are not counted.
"""

import argparse
import json
import time

import torch
from torch import nn
from torch.nn import functional

GAMMA, ACTIONS = 0.99, 18


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + self.second(functional.relu(self.first(functional.relu(x))))


def deep():
    layers, inputs = [], 4
    for outputs in (16, 32, 32):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.MaxPool2d(3, 2, 1), Residual(outputs), Residual(outputs)]
        inputs = outputs
    return nn.Sequential(*layers, nn.ReLU(), nn.Flatten(), nn.Linear(3872, 256), nn.ReLU()), 256


def shallow2():
    return nn.Sequential(
        nn.Conv2d(4, 16, 8, 4), nn.ReLU(), nn.Conv2d(16, 32, 4, 2), nn.ReLU(), nn.Flatten(), nn.Linear(2592, 256),
        nn.ReLU()), 256


def shallow3():
    return nn.Sequential(
        nn.Conv2d(4, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU(),
        nn.Flatten(), nn.Linear(3136, 512), nn.ReLU()), 512


class Agent(nn.Module):
    def __init__(self, network, channels_last):
        super().__init__()
        self.trunk, features = {"deep": deep, "shallow2": shallow2, "shallow3": shallow3}[network]()
        self.policy, self.value = nn.Linear(features, ACTIONS), nn.Linear(features, 1)
        self.format = torch.channels_last if channels_last else torch.contiguous_format

    def forward(self, pictures):
        features = self.trunk((pictures.float() / 255).contiguous(memory_format=self.format))
        return self.policy(features), self.value(features).squeeze(-1)


def vtrace(log_rho, reward, discount, value):
    """Espeholt et al. 2018, equation 1, all limits at 1; value has T + 1 rows."""
    rho = log_rho.exp().clamp(max=1)
    delta = rho * (reward + discount * value[1:] - value[:-1])
    trace, traces = torch.zeros_like(reward[0]), []
    for t in range(len(reward) - 1, -1, -1):
        trace = delta[t] + discount[t] * rho[t] * trace
        traces.append(trace)
    targets = torch.stack(traces[::-1]) + value[:-1]
    following = torch.cat([targets[1:], value[-1:]])
    return targets, rho * (reward + discount * following - value[:-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", default="deep", choices=["deep", "shallow2", "shallow3"])
    parser.add_argument("--unroll", type=int, default=20)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--mode", default="default", choices=["default", "channels-last", "compile"])
    parser.add_argument("--inference", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    agent = Agent(options.network, options.mode != "default")
    if options.mode != "default":
        agent = agent.to(memory_format=torch.channels_last)
    call = torch.compile(agent) if options.mode == "compile" else agent
    steps, batch = options.unroll, options.batch
    count = steps * batch

    if options.inference:
        pictures = torch.randint(0, 256, (batch, 4, 84, 84), dtype=torch.uint8)

        @torch.inference_mode()
        def work():
            logits, _ = call(pictures)
            torch.distributions.Categorical(logits=logits).sample()
    else:
        optimizer = torch.optim.RMSprop(agent.parameters(), lr=6e-4, alpha=0.99, eps=0.01)
        pictures = torch.randint(0, 256, (count + batch, 4, 84, 84), dtype=torch.uint8)
        action, behaviour = torch.randint(0, ACTIONS, (count,)), torch.full((count,), -2.9)
        reward, discount = torch.randn(steps, batch), torch.full((steps, batch), GAMMA)

        def work():
            logits, value = call(pictures)
            value = value.view(steps + 1, batch)
            log_pi = functional.log_softmax(logits[:count], -1)
            chosen = log_pi.gather(1, action[:, None]).squeeze(1)
            with torch.no_grad():
                targets, advantage = vtrace((chosen - behaviour).view(steps, batch), reward, discount, value)
            loss = -(chosen * advantage.flatten()).sum() + 0.25 * ((targets - value[:-1]) ** 2).sum()
            loss = loss + 0.01 * (log_pi.exp() * log_pi).sum()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 40.0)
            optimizer.step()

    for _ in range(2):
        work()
    times = []
    for _ in range(options.repetitions):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    median = sorted(times)[len(times) // 2]
    print(json.dumps({"stepsPerSecond": (batch if options.inference else count) / median}))


main()
