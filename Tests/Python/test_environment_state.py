#!/usr/bin/env python3
"""Environments go on with the same bits after they were saved and restored in another process, or are refused.

    Tests/Python/test_environment_state.py [-v] [TEST ...]    by a Python with gymnasium; what lacks a package is skipped

STATE_SWEEP=metaworld plays all 50 tasks, STATE_SWEEP=atari all games, STATE_SWEEP=metaworld,atari both: minutes each.
"""

import collections
import ctypes
import dataclasses
import enum
import functools
import hashlib
import importlib.util
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import unittest
import warnings

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[2] / "Sources/Environments/Worker/Python"))
os.environ["OMP_NUM_THREADS"] = "1"
warnings.filterwarnings("ignore")

import gymnasium  # noqa: E402
import numpy  # noqa: E402
from polymath_worker.environment_state import HEADER, StateKeeper  # noqa: E402
from gymnasium import spaces, wrappers  # noqa: E402
from polymath_worker.state_kinds import StateMismatch, StateNotOffered  # noqa: E402

SWEEP = os.environ.get("STATE_SWEEP", "").split(",")


def has(package):
    return importlib.util.find_spec(package) is not None


def make(case):
    """`case` is an id, or that and arguments: a "stack" of frames, or what the environment takes."""
    name, arguments = (case, {}) if isinstance(case, str) else (case[0], dict(case[1]))
    if name in MADE_HERE:
        return MADE_HERE[name]()
    if name.startswith("ALE/"):
        import ale_py

        ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    if name.startswith("Meta-World/"):
        import metaworld  # noqa: F401
    stack = arguments.pop("stack", 0)
    environment = gymnasium.make(name, **arguments)
    if stack:
        environment = wrappers.FrameStackObservation(wrappers.AtariPreprocessing(environment, frame_skip=4), stack)
    return environment


def play(environment, steps, actions):
    """Plays on, over the ends of episodes; the digest of all that was seen."""
    seen = hashlib.sha256()

    def see(*values):
        for value in values:
            if isinstance(value, (dict, tuple)):
                see(*(value.values() if isinstance(value, dict) else value))
            else:
                seen.update(numpy.asarray(value).tobytes())

    for _ in range(steps):
        space = environment.action_space
        if isinstance(space, spaces.Discrete):
            action = int(space.start + actions.integers(space.n))
        else:
            action = actions.uniform(space.low, space.high).astype(space.dtype)
        observation, reward, terminated, truncated, information = environment.step(action)
        see(observation, float(reward), bool(terminated), bool(truncated), float(information.get("success", 0)))
        if terminated or truncated:
            see(environment.reset()[0])
    return seen.hexdigest()


def start(case, seed):
    environment = make(case)
    keeper = StateKeeper([environment])
    environment.reset(seed=seed)
    return environment, keeper


def continue_there(folder):
    """In the other process."""
    for number, (case, steps) in enumerate(json.loads((folder / "cases.json").read_text())):
        environment, keeper = start(case, seed=1)
        saved = (folder / f"{number}").read_bytes()
        keeper.restore(saved)
        again = keeper.save() == saved
        print(json.dumps([again, play(environment, steps, numpy.random.default_rng(2))]), flush=True)
        environment.close()


class Counter:
    def __init__(self):
        self.count = 0


class Mode(enum.Enum):
    CALM, WILD = 1, 2


Pair = collections.namedtuple("Pair", "left right")


@dataclasses.dataclass
class Mote:
    position: float
    trail: list


class Everything(gymnasium.Env):
    """Holds each kind of value that can be saved, and shows a digest of all of them."""

    observation_space = spaces.Box(0, 255, (32,), numpy.uint8)
    action_space = spaces.Discrete(3)
    episodes = 0
    history = []

    def __init__(self):
        self.counter = self.alias = Counter()
        self.frames = numpy.zeros((4, 3))
        self.last = self.frames[-1]
        self.turned = numpy.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1) + 0
        self.recent = collections.deque(maxlen=5)
        self.tally = collections.defaultdict(int)
        self.tally[0] = 0
        self.loop = [1]
        self.loop.append(self.loop)
        self.own_random = random.Random(3)
        self.legacy = numpy.random.RandomState(4)
        self.philox = numpy.random.Generator(numpy.random.Philox(5))
        self.mode, self.motes = Mode.CALM, []
        calls = 0

        def tick():
            nonlocal calls
            calls += 1
            return calls

        self.rules = [tick, self.wander]
        self.draw, self.push = functools.partial(numpy.random.default_rng().normal, 2), self.loop.append
        self.rule = tick

    def wander(self):
        return self.own_random.gauss(0, 1) + self.draw() + self.legacy.normal() + self.philox.random() + numpy.random.random()

    def show(self):
        values = [
            *self.frames.ravel(), *self.last, *self.turned.ravel(), self.counter.count, self.alias.count, *self.recent,
            *self.tally.values(), *(mote.position for mote in self.motes), *(len(mote.trail) for mote in self.motes),
            self.mode.value, self.rule(), self.big % 7, self.pair.left, self.loop[1][0], self.episodes, len(self.history),
            self.action_space.sample(), self.child.random(), random.random(), *sorted(self.seen), self.zero, self.choice,
        ]  # fmt: skip
        digest = hashlib.sha256(numpy.array(values, float).tobytes()).digest()
        return numpy.frombuffer(digest, numpy.uint8)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        Everything.episodes += 1
        self.history.append(self.np_random.random())
        self.time, self.motes, self.seen = 0, [], set()
        self.big, self.zero, self.choice = 2**127 + self.time, -0.0, numpy.float32(numpy.nan)
        self.pair = Pair(0, self.motes)
        self.child = self.np_random.spawn(1)[0]
        return self.show(), {}

    def step(self, action):
        self.time += 1
        self.counter.count += action
        self.last[:] = numpy.roll(self.last, 1) + self.np_random.normal(size=3)
        self.turned[self.time % 4] += action
        self.recent.append(float(action))
        self.tally[action, self.time % 2] += 1
        self.seen.add(action)
        self.pair = Pair(self.pair.left + 1, self.motes)
        self.motes.append(Mote(self.np_random.random(), self.recent if action else [action]))
        self.big += 1 << 90
        self.loop[0] += 1
        self.mode, self.rule = (Mode.WILD, self.rules[1]) if action == 2 else (Mode.CALM, self.rules[0])
        return self.show(), 0.0, self.np_random.random() < 0.03, False, {}


MADE_HERE = {"everything": Everything}
CONTROL = ["CartPole-v1", "MountainCar-v0", "MountainCarContinuous-v0", "Pendulum-v1", "Acrobot-v1", "everything"]
TOYS = ["FrozenLake-v1", "CliffWalking-v1", "Blackjack-v1", "Taxi-v4"]
MUJOCO = ["HalfCheetah-v5", "Ant-v5", "Humanoid-v5", "Hopper-v5"]


def meta_world(name):
    return ["Meta-World/MT1", {"env_name": name, "reward_function_version": "v2", "seed": 7, "num_goals": 5}]


class RoundTrips(unittest.TestCase):
    def check(self, cases, before, after):
        """Saves each case after some steps, and plays on here and in another process."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "cases.json").write_text(json.dumps([[case, after] for case in cases]))
            played = []
            for number, case in enumerate(cases):
                environment, keeper = start(case, seed=1)
                play(environment, before[number % len(before)], numpy.random.default_rng(3))
                (folder / f"{number}").write_bytes(keeper.save())
                played.append([True, play(environment, after, numpy.random.default_rng(2))])
                environment.close()
            there = subprocess.run([sys.executable, HERE, "continue", folder], stdout=subprocess.PIPE, check=True, text=True)
        answers = [json.loads(line) for line in there.stdout.splitlines() if line.startswith("[")]
        for case, here, answer in zip(cases, played, answers, strict=True):
            self.assertEqual(here, answer, case)

    def test_control(self):
        self.check(CONTROL + TOYS, [57, 120], 300)

    @unittest.skipUnless(has("mujoco"), "no mujoco")
    def test_mujoco(self):
        self.check(MUJOCO, [150, 30], 250)

    @unittest.skipUnless(has("ale_py"), "no ale_py")
    def test_atari(self):
        cases = [["ALE/Pong-v5", {"frameskip": 3}]]
        if has("cv2"):
            cases.append(["ALE/SpaceInvaders-v5", {"frameskip": 1, "stack": 4}])
        self.check(cases, [70, 40], 60)

    @unittest.skipUnless(has("metaworld"), "no metaworld")
    def test_meta_world(self):
        self.check([meta_world("push-v3")], [480], 40)

    @unittest.skipUnless("metaworld" in SWEEP, "STATE_SWEEP=metaworld")
    def test_all_of_meta_world(self):
        from metaworld.env_dict import ALL_V3_ENVIRONMENTS

        self.check([meta_world(name) for name in ALL_V3_ENVIRONMENTS], [1, 250, 499, 500, 501, 730], 600)

    @unittest.skipUnless("atari" in SWEEP, "STATE_SWEEP=atari")
    def test_all_games(self):
        import ale_py  # noqa: F401

        names = [name for name in gymnasium.registry if name.startswith("ALE/") and name.endswith("-v5")]
        refused = {"ALE/MiniatureGolf-v5", "ALE/Pitfall2-v5"}
        self.check([[name, {}] for name in names if name not in refused], [20, 77, 31, 150], 100)

    def test_equal_states_are_equal_bytes(self):
        states = []
        for _ in range(2):
            environment, keeper = start("CartPole-v1", seed=5)
            numpy.random.seed(1)
            random.seed(1)
            play(environment, 40, numpy.random.default_rng(0))
            states.append(keeper.save())
        self.assertEqual(*states)

    def test_wrappers(self):
        def wrapped():
            environment = wrappers.NormalizeObservation(gymnasium.make("CartPole-v1"))
            environment = wrappers.TimeAwareObservation(wrappers.NormalizeReward(environment))
            environment = wrappers.StickyAction(wrappers.DelayObservation(environment, 2), 0.3)
            return wrappers.RecordEpisodeStatistics(wrappers.FrameStackObservation(environment, 3))

        first, second = wrapped(), wrapped()
        keepers = StateKeeper([first]), StateKeeper([second])
        first.reset(seed=1)
        play(first, 75, numpy.random.default_rng(0))
        second.reset(seed=2)
        keepers[1].restore(keepers[0].save())
        self.assertEqual(*(play(environment, 200, numpy.random.default_rng(1)) for environment in (first, second)))
        self.assertEqual(keepers[0].save(), keepers[1].save())

    def test_several_at_once_share_a_generator(self):
        def several():
            environments = [Everything(), Everything()]
            environments[1].own_random = environments[0].own_random
            return environments, StateKeeper(environments)

        def play_all(environments):
            return [play(environment, 5, actions) for _ in range(20) for environment in environments]

        Everything().reset()  # the generator of the class's space comes with its first sample, and is there from then on
        first, keeper = several()
        for environment in first:
            environment.reset(seed=1)
        actions = numpy.random.default_rng(0)
        play_all(first)
        saved = keeper.save()
        actions = numpy.random.default_rng(1)
        expected = play_all(first)
        second, keeper = several()
        keeper.restore(saved)
        self.assertEqual(keeper.save(), saved)
        actions = numpy.random.default_rng(1)
        self.assertEqual(play_all(second), expected)

    @unittest.skipUnless(has("mujoco"), "no mujoco")
    def test_a_simulation_is_restored_to_what_is_derived(self):
        first, keeper = start("Ant-v5", seed=1)
        play(first, 40, numpy.random.default_rng(0))
        first.unwrapped.model.opt.gravity[2] = -5
        first.unwrapped.model.body_pos[1, 0] += 0.25
        first.unwrapped.torso = first.unwrapped.data.body("torso").xpos
        second, other = start("Ant-v5", seed=2)
        second.unwrapped.model.opt.timestep = 0.02
        other.restore(keeper.save())
        a, b = first.unwrapped, second.unwrapped
        for name in ("xpos", "cfrc_ext", "qacc_warmstart", "sensordata", "geom_xmat"):
            self.assertEqual(getattr(a.data, name).tobytes(), getattr(b.data, name).tobytes(), name)
        self.assertEqual(a.data.contact.dist.tobytes(), b.data.contact.dist.tobytes())
        self.assertEqual([b.model.opt.gravity[2], b.model.opt.timestep], [-5, a.model.opt.timestep])
        self.assertEqual(*(play(environment, 100, numpy.random.default_rng(1)) for environment in (first, second)))
        self.assertEqual(b.torso.ctypes.data, b.data.body("torso").xpos.ctypes.data)


class Hidden(bytearray):
    """With contents that aren't attributes."""


class Refusals(unittest.TestCase):
    def refused(self, value, words, later=True):
        environment = gymnasium.make("CartPole-v1")
        keeper = StateKeeper([environment]) if later else None
        environment.unwrapped.foo = value
        keeper = keeper or StateKeeper([environment])
        environment.reset(seed=0)
        with self.assertRaises(StateNotOffered) as raised:
            keeper.save()
        self.assertIn(words, str(raised.exception))
        self.assertTrue(raised.exception.path.startswith("env.unwrapped.foo"), raised.exception.path)

    def test_what_is_not_data(self):
        with open(os.devnull) as file:
            for value, words in [
                ((number for number in range(3)), "env.unwrapped.foo is a builtins.generator, whose state can't be read"),
                (file, "_io.TextIOWrapper"),
                ([{"lock": threading.Lock()}], "env.unwrapped.foo[0]['lock'] is a _thread.lock"),
                (ctypes.c_void_p(1), "c_void_p"),
                (ctypes.CDLL(None), "CDLL"),
                (iter([1]), "list_iterator"),
                (numpy.array([object()]), "an array of object"),
                (Hidden(b"abc"), "env.unwrapped.foo is a __main__.Hidden"),
                (memoryview(b"abc"), "memoryview"),
            ]:
                for later in (False, True):
                    with self.subTest(words=words, later=later):
                        self.refused(value, words, later)

                self.refused(threading.Thread(target=print), "env.unwrapped.foo._", later=False)
                self.refused(lambda file=file: file, "env.unwrapped.foo.__defaults__[0] is a _io.TextIOWrapper", later=False)
                self.refused(file.read, "env.unwrapped.foo.__self__ is a _io.TextIOWrapper", later=False)

    def test_what_came_after_an_environment_was_made(self):
        for value, words in [
            (lambda: 1, "is a function that the environment didn't have when it was made"),
            (self.check, "is a method that"),
            (b"cos\nsystem\n", "is a bytes that"),
            (collections.UserDict(), "is of UserDict, a class from elsewhere than the environment's"),
            (type("Local", (), {})(), "is of Local, a class from elsewhere than the environment's"),
        ]:
            self.refused(value, words)

    def check(self):
        pass

    @unittest.skipUnless(has("Box2D") and has("pygame"), "no Box2D")
    def test_box2d(self):
        environment, keeper = start("LunarLander-v3", seed=0)
        with self.assertRaises(StateNotOffered) as raised:
            keeper.save()
        self.assertIn("env.unwrapped.", raised.exception.path)

    @unittest.skipUnless(has("ale_py"), "no ale_py")
    def test_an_emulator_whose_clones_are_not_whole(self):
        environment, keeper = start("ALE/Pitfall2-v5", seed=0)
        with self.assertRaisesRegex(StateNotOffered, "env.unwrapped.ale is an emulator of pitfall2"):
            keeper.save()

    def test_other_bytes(self):
        environment, keeper = start("CartPole-v1", seed=0)
        other, of_other = start("Pendulum-v1", seed=0)
        saved = keeper.save()
        header = HEADER.size
        length = HEADER.unpack_from(saved)[2]
        content = json.loads(saved[header : header + length])
        first = next(number for number, node in enumerate(content["nodes"]) if node[1] == "Object")

        def forged(change):
            nodes = json.loads(json.dumps(content["nodes"]))
            change(nodes)
            text = json.dumps({**content, "nodes": nodes}).encode()
            rest = len(text).to_bytes(8, "little") + text + saved[header + length :]
            return saved[:8] + hashlib.sha256(rest).digest() + rest

        def attribute(value):
            return lambda nodes: nodes[first][2]["attributes"].append(["state", value])

        def class_named(name):
            def change(nodes):
                nodes.append([None, "Class", {"name": name, "data": []}])
                nodes.append([None, "Object", {"class": ["node", len(nodes) - 1], "attributes": [], "slots": []}])

            return change

        def array_of(dtype):
            def change(nodes):
                nodes.append([None, "Block", [0, 8]])
                geometry = {"offset": 0, "shape": [2], "strides": [8], "writes": True}
                nodes.append([None, "Array", {"memory": [len(nodes) - 1, None], "dtype": dtype, **geometry}])

            return change

        for data, words in [
            (b"", "not a state"),
            (saved[:40], "not a state"),
            (saved[:-1], "damaged or cut short"),
            (saved[:100] + bytes([saved[100] ^ 1]) + saved[101:], "damaged or cut short"),
            (of_other.save(), "a state of .*Pendulum.*, not of .*CartPole"),
            (forged(class_named("subprocess:Popen")), "subprocess:Popen"),
            (forged(class_named("os:system")), "os:system"),
            (forged(attribute(["node", 10**6])), "can't be restored: IndexError"),
            (forged(attribute(["eval", "1"])), "can't be restored: KeyError"),
            (forged(lambda nodes: nodes.append([None, "Constant", []])), "a Constant that the fresh environment lacks"),
            (forged(lambda nodes: nodes.append([first, "List", {"items": []}])), "a List where"),
            (forged(lambda nodes: nodes.append([None, "Block", [1 << 40, 8]])), "bytes that aren't there"),
            (forged(array_of("|O")), "an array of objects"),
            (forged(array_of("<f8")), "can't be restored: ValueError: strides"),  # it ends behind its block
        ]:
            with self.subTest(words=words), self.assertRaisesRegex(StateMismatch, words):
                keeper.restore(data)
        keeper.restore(saved)
        self.assertEqual(keeper.save(), saved)

    def test_bytes_are_not_carried_over(self):
        """They may be code, as those of Meta-World's tasks are: other ones make another environment."""
        keepers = []
        for script in (b"one", b"two"):
            environment = gymnasium.make("CartPole-v1")
            environment.unwrapped.script = script
            keepers.append(StateKeeper([environment]))
        saved = keepers[0].save()
        self.assertNotIn(b"one", saved)
        with self.assertRaisesRegex(StateMismatch, "made with other arguments, seeds or versions"):
            keepers[1].restore(saved)


if __name__ == "__main__":
    if sys.argv[1:2] == ["continue"]:
        continue_there(pathlib.Path(sys.argv[2]))
    else:
        unittest.main()
