#!/usr/bin/env python3
"""Training end to end beside a peer, on both cores.

    Tests/Peers/end_to_end.py arcade PYTHON    jax_arcade.py, by a Python with requirements-jax.txt
    Tests/Peers/end_to_end.py atari PYTHON     Sample Factory, by a Python with requirements-sample-factory.txt

The two take turns of a second, one stopped while the other runs, so that a shared machine's other tenants slow both
alike. Each counts its steps by the clock on the wall and was stopped half of the time: what it reports is doubled.
"""

import argparse
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
TURN = 1.0


class Program:
    """A command with its children, stopped until its turn; its output in a file."""

    def __init__(self, command, directory):
        self.output = directory / (pathlib.Path(command[0]).name + "-output.txt")
        self.process = subprocess.Popen(
            [str(word) for word in command], stdout=self.output.open("w"), stderr=subprocess.STDOUT, start_new_session=True)
        self.signal(signal.SIGSTOP)

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass

    def turn(self):
        self.signal(signal.SIGCONT)
        time.sleep(TURN)
        self.signal(signal.SIGSTOP)

    def text(self):
        return self.output.read_text()


def reported(text):
    return json.loads(text.strip().splitlines()[-1])["stepsPerSecond"]


def sample_factory_steps(text):
    """Agent steps a second, by the times of its second report of frames and of its last."""
    reports = re.findall(r"\[(\d+-\d+-\d+ \d+:\d+:\d+),\d+\].*Total num frames: ([1-9]\d*)", text)
    (start, first), (end, last) = [
        (time.mktime(time.strptime(when, "%Y-%m-%d %H:%M:%S")), int(frames)) for when, frames in (reports[1], reports[-1])]
    return (last - first) / (end - start) / 4


OURS = {
    "arcade": ["--suite", "arcade", "--environments-per-task", "8", "--unroll", "20"],
    "atari": ["--suite", "atari8", "--tasks", "breakout", "--network", "shallow3", "--environments-per-task", "64"],
}


def theirs(row, python, seconds, directory):
    if row == "arcade":
        return [python, HERE / "jax_arcade.py", "--seconds", seconds], reported
    flags = (
        "--env=atari_breakout --device=cpu --num_workers=2 --num_envs_per_worker=8 --worker_num_splits=2 --rollout=32 "
        "--batch_size=256 --num_epochs=1 --num_batches_per_epoch=2 --async_rl=True --restart_behavior=overwrite").split()
    # It has no end of its own here: it is stopped when ours is done.
    flags += [f"--train_dir={directory}", f"--train_for_seconds={100 * seconds}"]
    return [python, HERE / "sample_factory_atari.py", *flags], sample_factory_steps


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("row", choices=OURS)
    parser.add_argument("python", help="of the peer's virtual environment")
    parser.add_argument("--seconds", type=int, default=100, help="on the wall: half of them run")
    row, python, seconds = vars(parser.parse_args()).values()
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        command, rate = theirs(row, python, seconds, directory)
        ours = Program(["./polymath", "bench", *OURS[row], "--seconds", seconds, "--json"], directory)
        peer = Program(command, directory)
        try:
            while ours.process.poll() is None or (row == "arcade" and peer.process.poll() is None):
                ours.turn()
                peer.turn()
                if peer.process.poll():
                    sys.exit(f"{command[1]} ended with {peer.process.returncode}:\n{peer.text()[-2000:]}")
        finally:
            for program in (ours, peer):
                program.signal(signal.SIGKILL)
                program.process.wait()
        mine, others = 2 * reported(ours.text()), 2 * rate(peer.text())
    print(f"{row}: ours {mine:,.0f} agent steps a second, theirs {others:,.0f}, ratio {mine / others:.2f}")


main()
