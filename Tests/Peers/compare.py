"""Polymath beside its peers, alternately: ours, theirs, ours, theirs; the medians of the pairs' ratios as one table.

    Tests/Peers/compare.py [ROW ...]     rows by part of their name, all by default

Needs `./polymath` and a Python with Tests/Peers/requirements.txt: `make bench-peers` sees to both. Every ratio is how many
times faster ours is. `OPENBLAS_CORETYPE` is passed on as it is set: unset it to use this processor.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
MODES = ["default", "channels-last", "compile"]
PAIRS = 3


def run(*command):
    result = subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE, text=True)
    return next(iter(json.loads(result.stdout.strip().splitlines()[-1]).values()))


def ours(*arguments):
    return run("./polymath", "bench", *arguments, "--json")


def torch(*arguments):
    return run(sys.executable, HERE / "torch_impala.py", *arguments)


def rates(name, mine, peer, modes):
    """Pairs of rates, ours and theirs, against the peer's fastest mode: that of the best of two rounds, as a machine's
    neighbours may slow any one measurement."""
    trials = [(peer(mode), mode) for _ in range(2) for mode in modes] if len(modes) > 1 else [(0, modes[0])]
    fastest = max(trials)[1]
    return name, fastest, [(mine(), peer(fastest)) for _ in range(PAIRS)]


def learner(network, batch, threads=1):
    flags = ["--network", network, "--unroll", 20, "--batch", batch, "--threads", threads]
    return lambda name: rates(
        name, lambda: ours("learner", *flags, "--shards", 4, "--repetitions", 3),
        lambda mode: torch(*flags, "--repetitions", 3, "--mode", mode), MODES)


def inference(network, batch):
    flags = ["--network", network, "--batch", batch]
    return lambda name: rates(
        name, lambda: ours("inference", *flags, "--repetitions", 100),
        lambda mode: torch("--inference", *flags, "--repetitions", 100, "--mode", mode), MODES)


def vtrace(unroll, batch):
    flags = ["--unroll", unroll, "--batch", batch]
    return lambda name: rates(
        name, lambda: 1e6 / ours("vtrace", *flags), lambda _: 1e6 / run(sys.executable, HERE / "rlax_vtrace.py", *flags),
        ["rlax, jitted"])


def sac(network, threads=1):
    flags = ["--network", network, "--tasks", 10, "--batch", 1280, "--threads", threads]
    return lambda name: rates(
        name, lambda: ours("sac", *flags, "--repetitions", 3),
        lambda mode: run(sys.executable, HERE / "torch_sac.py", *flags, "--repetitions", 9, "--mode", mode),
        ["default", "compile"])


ROWS = {
    "update, deep, T 20, B 32": learner("deep", 32),
    "update, deep, T 20, B 8": learner("deep", 8),
    "update, shallow2, T 20, B 32": learner("shallow2", 32),
    "update, shallow3, T 20, B 32": learner("shallow3", 32),
    "update, deep, T 20, B 32, 2 threads": learner("deep", 32, threads=2),
    "acting, deep, B 32": inference("deep", 32),
    "acting, deep, B 1": inference("deep", 1),
    "acting, shallow2, B 32": inference("shallow2", 32),
    "acting, shallow2, B 1": inference("shallow2", 1),
    "V-trace, T 100, B 1024": vtrace(100, 1024),
    "SAC update, MT-SAC, batch 1280": sac("mt-sac"),
    "SAC update, soft shallow, batch 1280": sac("soft-shallow"),
    "SAC update, soft deep, batch 1280": sac("soft-deep"),
    "SAC update, soft deep, batch 1280, 2 threads": sac("soft-deep", threads=2),
}


def rate(number):
    return f"{number:,.0f}" if number >= 100 else f"{number:.2f}"


def main():
    wanted = sys.argv[1:]
    print(f"OPENBLAS_CORETYPE {os.environ.get('OPENBLAS_CORETYPE', 'unset')}, load {os.getloadavg()[0]:.2f}", flush=True)
    print("| work | theirs | ours, a second | theirs, a second | ratio, median (least, most) |")
    print("| --- | --- | --- | --- | --- |")
    for name, row in ROWS.items():
        if wanted and not any(word in name for word in wanted):
            continue
        name, mode, pairs = row(name)
        ratios = sorted(mine / theirs for mine, theirs in pairs)
        mine, theirs = (statistics.median(values) for values in zip(*pairs))
        print(
            f"| {name} | {mode} | {rate(mine)} | {rate(theirs)} | {statistics.median(ratios):.2f} ({ratios[0]:.2f}, "
            f"{ratios[-1]:.2f}) |", flush=True)


main()
