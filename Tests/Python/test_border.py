#!/usr/bin/env python3
"""What crosses the border between agents and environments is in its space, or is refused by name.

    Tests/Python/test_border.py [-v] [TEST ...]    by a Python with gymnasium
"""

import decimal
import fractions
import math
import pathlib
import sys
import unittest
import warnings

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[2] / "Sources/Environments/Worker/Python"))
warnings.filterwarnings("ignore")

import gymnasium  # noqa: E402
import numpy  # noqa: E402
from gymnasium import spaces  # noqa: E402
from polymath_worker import border, border_actions  # noqa: E402
from polymath_worker.border import SILENT, SOLVED, UNSOLVED, Refused  # noqa: E402
from polymath_worker.border_observations import Observer  # noqa: E402

INTEGERS = [numpy.int8, numpy.uint8, numpy.int16, numpy.uint16, numpy.int32, numpy.uint32, numpy.int64, numpy.uint64]
FLOATS = [numpy.float16, numpy.float32, numpy.float64, numpy.longdouble]


class Random:
    """Spaces and numbers, drawn."""

    def __init__(self, seed):
        self.draw = numpy.random.default_rng(seed)

    def shape(self, most=3):
        return tuple(int(n) for n in self.draw.integers(1, 4, self.draw.integers(0, most + 1)))

    def bounds(self, shape, dtype):
        """Two arrays of any magnitude, some equal, some the largest there are."""
        info = numpy.finfo(dtype)
        exponent = self.draw.uniform(-8, math.log10(float(min(info.max, numpy.finfo(numpy.float64).max))), (2, *shape))
        with numpy.errstate(over="ignore", under="ignore"):
            values = (self.draw.choice([-1, 1], (2, *shape)) * 10.0**exponent).astype(dtype)
        values = numpy.clip(values, info.min, info.max)
        for special in (info.max, info.min, 0, 0.1, values[0]):
            values = numpy.where(self.draw.random(values.shape) < 0.1, dtype(special) if numpy.ndim(special) == 0 else special, values)
        return numpy.minimum(*values).astype(dtype), numpy.maximum(*values).astype(dtype)

    def action_space(self):
        kind = self.draw.integers(4)
        if kind == 0:
            dtype = self.draw.choice(INTEGERS)
            start = int(self.draw.integers(0, 60)) - (30 if numpy.iinfo(dtype).min < 0 else 0)
            return spaces.Discrete(int(self.draw.integers(1, 60)), start=start, dtype=dtype)
        if kind == 1:
            shape = self.shape(2) or (2,)
            dtype = self.draw.choice(INTEGERS)
            start = self.draw.integers(0, 60, shape) - (30 if numpy.iinfo(dtype).min < 0 else 0)
            counts = self.draw.integers(1, 4 if math.prod(shape) < 5 else 3, shape)
            return spaces.MultiDiscrete(counts, dtype=dtype, start=start)
        if kind == 2:
            return spaces.MultiBinary(int(self.draw.integers(1, 10)) if self.draw.random() < 0.5 else [2, 3])
        shape, dtype = self.shape(), FLOATS[self.draw.integers(len(FLOATS))]
        return spaces.Box(*self.bounds(shape, dtype), shape, dtype)

    def leaf_space(self):
        """A space of observations, and a value that is not in it."""
        kind = self.draw.integers(6)
        if kind == 0:
            shape, dtype = self.shape(), self.draw.choice([*INTEGERS, bool])
            info = numpy.iinfo(dtype if dtype is not bool else numpy.uint8)
            low, high = (0, 1) if dtype is bool else numpy.sort(self.draw.integers(max(info.min, -999), min(info.max, 999), 2))
            outside = numpy.full(shape, self.draw.choice([float(low) - 1, float(high) + 1, float(low) + 0.5, numpy.nan]))
            return spaces.Box(int(low), int(high), shape, dtype), outside
        if kind == 1:
            shape = self.shape()
            outside = numpy.zeros(shape)
            outside.flat[self.draw.integers(outside.size)] = self.draw.choice([numpy.nan, numpy.inf, -numpy.inf, 1e300])
            return spaces.Box(-1, 1, shape, FLOATS[self.draw.integers(3)]), outside
        if kind == 2:
            count, start = int(self.draw.integers(1, 9)), int(self.draw.integers(-9, 9))
            return spaces.Discrete(count, start=start), int(self.draw.choice([start - 1, start + count, start - count]))
        if kind == 3:
            shape = self.shape(2) or (2,)
            start, counts = self.draw.integers(-9, 9, shape), self.draw.integers(1, 5, shape)
            return spaces.MultiDiscrete(counts, start=start), start + self.draw.choice([-1, 5])
        if kind == 4:
            shape = self.shape(2) or (2,)
            return spaces.MultiBinary(shape), numpy.full(shape, self.draw.choice([-1, 2]))
        return spaces.Text(4), "§"

    def observation_space(self, depth=2):
        """A space, a member, and a value that is not in it because of the part that is named."""
        kind = self.draw.integers(3) if depth else 0
        if kind == 0:
            space, outside = self.leaf_space()
            space.seed(int(self.draw.integers(1 << 30)))
            return space, space.sample(), outside, ""
        names = ["ears", "eye", "place"] if kind == 1 else range(3)
        inner = {name: self.observation_space(depth - 1) for name in names}
        broken = list(names)[self.draw.integers(3)]
        members = {name: member for name, (_, member, _, _) in inner.items()}
        outside = {**members, broken: inner[broken][2]}
        path = f"{broken}/{inner[broken][3]}".strip("/")
        if kind == 1:
            return spaces.Dict({name: space for name, (space, *_) in inner.items()}), members, outside, path
        return spaces.Tuple([space for space, *_ in inner.values()]), tuple(members.values()), tuple(outside.values()), path


class Actions(unittest.TestCase):
    def test_every_action_is_a_member_like_a_sample(self):
        for seed in range(600):
            random = Random(seed)
            space = random.action_space()
            convert = border_actions.converter(space)
            if "discrete" in convert.action:
                rows = random.draw.integers(convert.action["discrete"], size=6).astype(numpy.int32)
            else:
                rows = numpy.tanh(3 * random.draw.normal(size=(6, convert.action["box"]))).astype(numpy.float32)
                rows[0], rows[1], rows[2] = -1, 1, 0
            # Gymnasium's own sample fails in the widest boxes, and of the widest type.
            sample = numpy.zeros(space.shape, space.dtype) if isinstance(space, spaces.Box) else space.sample()
            actions = convert(rows)
            for action in list(actions):
                with self.subTest(space=space, action=action):
                    self.assertTrue(space.contains(action))
                    self.assertTrue(numpy.isfinite(action).all())
                    self.assertIs(type(action), type(sample))
                    self.assertEqual((action.dtype, action.shape), (sample.dtype, sample.shape))
            if isinstance(space, spaces.Box):
                numpy.testing.assert_array_equal(actions[0], space.low)
                numpy.testing.assert_array_equal(actions[1], space.high)

    def test_every_number_is_another_action(self):
        for space, expected in [
            (spaces.Discrete(3, start=-1), [-1, 0, 1]),
            (spaces.MultiDiscrete([2, 3], start=[5, -1]), [[5, -1], [5, 0], [5, 1], [6, -1], [6, 0], [6, 1]]),
            (spaces.MultiBinary(2), [[0, 0], [0, 1], [1, 0], [1, 1]]),
        ]:
            convert = border_actions.converter(space)
            self.assertEqual(numpy.array(list(convert(numpy.arange(convert.action["discrete"])))).tolist(), expected)

    def test_boxes_meet_their_middle_and_their_bounds(self):
        convert = border_actions.converter(spaces.Box(numpy.array([-2, 0.1]), numpy.array([5, 0.3]), dtype=numpy.float64))
        actions = convert(numpy.array([[-1, 1], [1, -1], [0, 0]], numpy.float32))
        numpy.testing.assert_allclose(actions, [[-2, 0.3], [5, 0.1], [1.5, 0.2]], rtol=1e-15)
        self.assertEqual((actions[0, 0], actions[0, 1], actions[1, 0], actions[1, 1]), (-2, 0.3, 5, 0.1))

    def test_what_an_environment_does_to_an_action_stays_with_it(self):
        convert = border_actions.converter(spaces.MultiDiscrete([2, 2]))
        convert(numpy.array([3]))[0][:] = 7
        self.assertEqual(convert(numpy.array([3]))[0].tolist(), [1, 1])

    def test_useless_spaces_are_refused(self):
        inf = numpy.inf
        for space, reason in [
            (spaces.Box(-1, 1, (0,)), "hold no number"),
            (spaces.MultiDiscrete(numpy.zeros((0,), int)), "hold no number"),
            (spaces.Box(-inf, 1, (2,)), "finite numbers"),
            (spaces.Box(numpy.array([-1, -1.0]), numpy.array([1, inf])), "finite numbers"),
            (spaces.MultiDiscrete([50, 50]), "2500 combinations"),
            (spaces.Box(0, 5, (2,), numpy.int64), "box of floats"),
            (spaces.Dict(a=spaces.Discrete(2)), "box of floats"),
            (spaces.Text(3), "box of floats"),
        ]:
            with self.subTest(space=space), self.assertRaisesRegex(Refused, reason):
                border_actions.converter(space)


def pictures(height=2, width=3, channels=1):
    return spaces.Box(0, 255, (height, width, channels), numpy.uint8)


def written(space, *observations):
    """One row for each observation, by both ways to write it: all at once, and one by one."""
    observer = Observer(space)
    blocks = [numpy.full((len(observations), *observer.leaf["shape"]), 7, observer.leaf["element"]) for _ in range(2)]
    observer.write_all(blocks[0], observations)
    for row, observation in zip(observer.rows(blocks[1]), observations):
        observer.write(row, observation)
    numpy.testing.assert_array_equal(*blocks)
    return blocks[0]


class Observations(unittest.TestCase):
    SPACES = [
        spaces.Box(-1, 1, (3,)),
        spaces.Box(-1, 1, (2, 3), numpy.float64),
        spaces.Box(-5, 5, (), numpy.float64),
        spaces.Box(-100, 100, (4,), numpy.int64),
        spaces.Box(0, 255, (5,), numpy.uint8),
        spaces.Box(0, 1, (2, 2, 2), bool),
        pictures(),
        spaces.Discrete(4, start=-2),
        spaces.MultiDiscrete([[2, 3], [4, 1]], start=[[0, -1], [5, 0]]),
        spaces.MultiBinary([2, 3]),
        spaces.Text(6),
        spaces.Tuple((spaces.Discrete(3), spaces.Box(0, 1, (2,)), spaces.Dict(z=spaces.Discrete(2), a=spaces.MultiBinary(2)))),
        spaces.OneOf((spaces.Discrete(3), spaces.Box(0, 1, (2,)))),
    ]

    def test_members_are_written_as_gymnasium_flattens_them(self):
        for space in self.SPACES:
            space.seed(1)
            samples = [space.sample() for _ in range(20)]
            flat = numpy.array([spaces.flatten(space, sample) for sample in samples], numpy.float32)
            with self.subTest(space=space):
                numpy.testing.assert_array_equal(written(space, *samples).reshape(20, -1), flat)

    def test_of_any_nested_space_members_are_taken_and_what_is_outside_is_refused_by_its_part(self):
        for seed in range(400):
            space, member, outside, path = Random(seed).observation_space()
            with self.subTest(seed=seed, space=space):
                row = written(space, member, member)[0]
                divisors = Observer(space).divisors
                if not divisors:
                    numpy.testing.assert_array_equal(row.ravel(), spaces.flatten(space, member).astype(numpy.float32))
                self.assertTrue(numpy.isfinite(row).all())
                with self.assertRaisesRegex(Refused, f"part {path} .* is not in " if path else "the observation .* is not in "):
                    written(space, outside, outside)

    def test_what_converts_without_loss_is_taken(self):
        for space, observation, expected in [
            (spaces.Box(-1, 1, (2,)), [0.5, -1], [0.5, -1]),
            (spaces.Box(-1, 1, (2,)), numpy.array([0.5, 1]), [0.5, 1]),
            (spaces.Box(-1, 1, (2,)), numpy.array([3, -7]), [3, -7]),  # out of bounds: floats often are
            (spaces.Box(-1, 1, (), numpy.float64), 0.25, [0.25]),
            (spaces.Box(-9, 9, (2,), numpy.int64), numpy.array([2.0, -3.0]), [2, -3]),
            (spaces.Box(-numpy.inf, numpy.inf, (1,)), numpy.array([1e30]), [numpy.float32(1e30)]),
            (pictures(1, 2), numpy.array([[[255.0], [0.0]]]), [255, 0]),
            (pictures(1, 2), [[[255], [0]]], [255, 0]),
            (spaces.Box(0, 1, (1, 2), bool), numpy.array([[1, 0]]), [1, 0]),
            (spaces.Discrete(3), 2, [0, 0, 1]),
            (spaces.Discrete(3), numpy.array(2), [0, 0, 1]),
            (spaces.Discrete(3), numpy.array([1.0]), [0, 1, 0]),
            (spaces.MultiDiscrete([2, 2]), [1, 0], [0, 1, 1, 0]),
            (spaces.MultiBinary(3), [True, False, True], [1, 0, 1]),
            (spaces.Tuple((spaces.Discrete(2), spaces.Discrete(2))), [1, 0], [0, 1, 1, 0]),
            (spaces.Dict(a=spaces.Discrete(2)), {"a": 1, "b": 5}, [0, 1]),
        ]:
            with self.subTest(space=space, observation=observation):
                self.assertEqual(written(space, observation, observation)[1].ravel().tolist(), expected)

    def test_what_is_not_in_its_space_is_refused_with_leaf_value_and_space(self):
        byte = pictures(1, 2)
        nested = spaces.Dict(camera=spaces.Dict(left=byte), place=spaces.Box(-1, 1, (2,)))
        for space, observation, reason in [
            (byte, numpy.full((1, 2, 1), 0.25), r"observation 0.25 at \[0, 0, 0\] is not in Box\(0, 255, .* multiply by 255"),
            (byte, numpy.full((1, 2, 1), 77.5), "77.5 at .* numbers are whole"),
            (byte, numpy.full((1, 2, 1), 256), "256 at .* out of bounds"),
            (byte, numpy.full((1, 2, 1), 256, numpy.uint16), "256 at .* out of bounds"),
            (byte, numpy.full((1, 2, 1), -1), "-1 at .* out of bounds"),
            (byte, numpy.full((1, 2, 1), -1, numpy.int8), "-1 at .* out of bounds"),
            (byte, numpy.full((1, 2, 1), numpy.nan), "nan at"),
            (byte, numpy.zeros((1, 2), numpy.uint8), r"its shape is \(1, 2\)"),
            (byte, numpy.zeros((2, 1, 1), numpy.uint8), "its shape is"),
            (byte, None, "None is not in Box"),
            (spaces.Box(0, 3, (2, 2), numpy.uint8), numpy.full((2, 2), 4, numpy.uint8), r"4 at \[0, 0\]"),
            (spaces.Box(0, 1, (2, 2), bool), numpy.full((2, 2), 2), r"2 at \[0, 0\]"),
            (spaces.Box(0, 9, (2,), numpy.int64), numpy.array([3, 10]), r"10 at \[1\] is not in Box"),
            (spaces.Box(0, 9, (2,), numpy.int64), numpy.array([3, 1.5]), r"1.5 at \[1\]"),
            (spaces.Box(-1, 1, (2,)), numpy.array([0, numpy.nan]), r"nan at \[1\] .* not a finite number"),
            (spaces.Box(-numpy.inf, numpy.inf, (2,)), numpy.array([-numpy.inf, 0]), r"-inf at \[0\]"),
            (spaces.Box(-numpy.inf, numpy.inf, (2,)), numpy.array([0, 1e300]), r"1e\+300 at \[1\] .* float32"),
            (spaces.Box(-1, 1, (2,)), ["a", "b"], "its elements are of type"),
            (spaces.Box(-1, 1, (2,)), [[1], [1, 2]], "not an array of numbers"),
            (spaces.Box(-1, 1, (2,)), numpy.array([1j, 0]), "complex"),
            (spaces.Box(-1, 1, (1,)), 0.5, r"its shape is \(\)"),
            (spaces.Discrete(3), -1, "-1 is not in Discrete.*one of 0 to 2"),
            (spaces.Discrete(3, start=1), 0, "one of 1 to 3"),
            (spaces.Discrete(3), 3, "3 is not in"),
            (spaces.Discrete(3), 1.5, "not a whole number"),
            (spaces.Discrete(3), "1", "not a whole number"),
            (spaces.Discrete(3), None, "not a whole number"),
            (spaces.MultiDiscrete([2, 2]), numpy.array([0, -1]), r"-1 at \[1\]"),
            (spaces.MultiDiscrete([2, 2]), numpy.array([2, 0]), r"2 at \[0\]"),
            (spaces.MultiBinary(2), numpy.array([0, 2]), r"2 at \[1\]"),
            (spaces.Text(2), "abc", "is not in Text"),
            (nested, {"camera": {"left": numpy.full((1, 2, 1), 300)}, "place": [0, 0]}, "part camera/left 300 at"),
            (nested, {"camera": {"left": numpy.zeros((1, 2, 1))}}, "lacks 'place'"),
            (nested, [0, 0], "not a dict"),
            (spaces.Tuple((byte, byte)), (numpy.zeros((1, 2, 1)),), "not a tuple of 2"),
        ]:
            with self.subTest(space=space, observation=observation):
                with self.assertRaisesRegex(Refused, reason) as caught:
                    written(space, observation, observation)
                self.assertNotIn("\n", str(caught.exception))
                self.assertIn("is not in", str(caught.exception))

    def test_spaces_without_numbers_are_refused(self):
        empty = [spaces.Box(0, 1, (0,)), pictures(0, 4, 3), pictures(4, 0, 3), pictures(4, 4, 0), spaces.Dict({}), spaces.Tuple(())]
        for space in [*empty, spaces.Dict(a=empty[1], b=empty[3])]:
            with self.subTest(space=space), self.assertRaisesRegex(Refused, "hold no number"):
                Observer(space)
        with self.assertRaisesRegex(Refused, "at most"):
            Observer(spaces.Discrete(10**12))
        mixed = spaces.Dict(a=empty[1], b=spaces.Discrete(2))
        self.assertEqual(written(mixed, {"a": empty[1].sample(), "b": 1}).tolist(), [[0, 1]])

    def test_what_is_no_space_is_refused(self):
        class Own(gymnasium.Space):
            pass

        for space in (None, int, "Box"):
            with self.assertRaisesRegex(Refused, "observation_space is .* none of Gymnasium's"):
                Observer(space)
            with self.assertRaisesRegex(Refused, "action_space is .* none of Gymnasium's"):
                border_actions.converter(space)
        for space in (Own(), spaces.Dict(a=Own())):
            with self.assertRaisesRegex(Refused, "an? Own that can't be flattened"):
                Observer(space)
        with self.assertRaisesRegex(Refused, "box of floats is needed"):
            border_actions.converter(Own((2,)))

    def test_flattened_pictures_are_scaled_and_noted(self):
        space = spaces.Dict(eye=pictures(1, 2), place=spaces.Box(0, 9, (1,)))
        row = written(space, {"eye": numpy.array([[[255], [51]]], numpy.uint8), "place": [9]})
        numpy.testing.assert_allclose(row, [[1, 0.2, 9]], rtol=1e-6)
        observer = Observer(space)
        self.assertEqual(observer.divisors, {"eye": 255})
        self.assertEqual(len(observer.notes), 1)
        self.assertRegex(observer.notes[0], "part eye, .* flattened to a vector and divided by 255")
        stacked = Observer(spaces.Box(0, 255, (2, 4, 4, 3), numpy.uint8))
        self.assertEqual((stacked.divisors, len(stacked.notes)), ({"observation": 255}, 1))
        self.assertRegex(Observer(spaces.Box(0, 1, (8, 8, 3))).notes[0], "is flattened to a vector: networks")
        self.assertRegex(Observer(pictures(3, 84, 84)).notes[0], "channels to the end")
        for space in (pictures(84, 84, 3), pictures(10, 10, 4), spaces.Box(0, 255, (128,), numpy.uint8), spaces.Discrete(3)):
            self.assertEqual((Observer(space).notes, Observer(space).divisors), ([], {}))

    def test_remarks_tell_of_floats_out_of_bounds_and_of_parts_unseen(self):
        space = spaces.Dict(a=spaces.Box(-1, 1, (2,)))
        self.assertEqual(Observer(space).remarks({"a": numpy.array([1, -1])}), [])
        (_, bounds), (_, unseen) = Observer(space).remarks({"a": numpy.array([0, 1.5]), "b": 0})
        self.assertRegex(bounds, r"part a 1.5 at \[1\] is out of the bounds of Box")
        self.assertRegex(unseen, "a part 'b' that .* lacks")


class Environment(gymnasium.Env):
    """Returns what it is told."""

    observation_space, action_space = spaces.Box(-1, 1, (2,)), spaces.Discrete(2)

    def __init__(self, answer):
        self.answer = answer

    def reset(self, seed=None, options=None):
        return self.answer

    def step(self, action):
        return self.answer


class Tensor:
    """A number as a library of tensors has it."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def __float__(self):
        if len(self.numbers) != 1:
            raise RuntimeError("only one element tensors can be converted to Python scalars")
        return float(self.numbers[0])


OBSERVATION = numpy.zeros(2, numpy.float32)


def answer(reward=1.0, terminated=False, truncated=False, information=None):
    return border.step(Environment((OBSERVATION, reward, terminated, truncated, {} if information is None else information)), 0)


class Answers(unittest.TestCase):
    def test_rewards_of_one_number_are_taken(self):
        for reward, expected in [
            (1.5, 1.5), (2, 2), (True, 1), (numpy.float16(1.5), 1.5), (numpy.float64(1.5), 1.5), (numpy.int8(-3), -3),
            (numpy.bool_(True), 1), (numpy.array(1.5), 1.5), (numpy.array([1.5]), 1.5), (numpy.array([[1.5]]), 1.5),
            ([1.5], 1.5), ((1.5,), 1.5), (fractions.Fraction(3, 2), 1.5), (decimal.Decimal("1.5"), 1.5), (Tensor(1.5), 1.5), (1e12, 1e12), (1e-30, 1e-30),
        ]:  # fmt: skip
            with self.subTest(reward=reward):
                self.assertEqual(answer(reward)[1], expected)
                self.assertIsInstance(answer(reward)[1], float)

    def test_other_rewards_are_refused_by_name(self):
        inf = float("inf")
        for reward in [None, "1.5", b"1.5", numpy.complex64(1j), numpy.str_("1"), [], [1.0, 2.0], Tensor(1, 2), numpy.zeros(3), [[1], [1, 2]], {}, 1j, inf, -inf, math.nan, 1e300, 10**400,
                       numpy.array([math.nan]), numpy.array(["1"])]:  # fmt: skip
            with self.subTest(reward=reward), self.assertRaisesRegex(Refused, "step returned the reward "):
                answer(reward)

    def test_flags_are_truth_values(self):
        for value in [True, numpy.bool_(True), 1, 1.0, numpy.array([True]), numpy.array(1), [True]]:
            with self.subTest(value=value):
                self.assertIs(answer(terminated=value)[2], True)
                self.assertIs(answer(truncated=value)[3], True)
        for value in [False, numpy.bool_(False), 0, numpy.array([False])]:
            self.assertIs(answer(terminated=value)[2], False)
        for value in [None, "no", 2, {}, numpy.zeros(2, bool), math.nan]:
            with self.subTest(value=value):
                with self.assertRaisesRegex(Refused, "for terminated"):
                    answer(terminated=value)
                with self.assertRaisesRegex(Refused, "for truncated"):
                    answer(truncated=value)

    def test_success_is_what_info_says(self):
        for information, expected in [
            ({}, SILENT), ({"other": 1}, SILENT), ({"success": None}, SILENT), ({"success": True}, SOLVED),
            ({"success": 0.0}, UNSOLVED), ({"is_success": numpy.array([True])}, SOLVED), ({"success": numpy.array([[0]])}, UNSOLVED),
            ({"success": None, "is_success": 1}, SOLVED), ({"success": False, "is_success": 1}, UNSOLVED),
        ]:  # fmt: skip
            with self.subTest(information=information):
                self.assertEqual(answer(information=information)[4], expected)
        self.assertEqual(border.step(Environment((OBSERVATION, 1.0, False, False, None)), 0)[4], SILENT)
        for value in ["yes", [True, False], {"door": True}]:
            with self.subTest(value=value), self.assertRaisesRegex(Refused, r'info\["success"\] is'):
                answer(information={"success": value})
        with self.assertRaisesRegex(Refused, "the info 3: return a dict"):
            answer(information=3)

    def test_wrong_numbers_of_values_are_named(self):
        limited = gymnasium.wrappers.TimeLimit

        class Seen(gymnasium.ObservationWrapper):
            def observation(self, observation):
                return observation

        for given, reason in [
            ((OBSERVATION, 1.0, False, {}), "step returned 4 values, .* returns five"),
            (None, "step returned (None|something else)"),
            (OBSERVATION, "step returned "),
            ((OBSERVATION, 1.0), "step returned 2 values"),
        ]:
            for wrapped in (Environment(given), limited(Environment(given), 5)):
                with self.subTest(given=given, wrapped=wrapped):
                    if wrapped.unwrapped is not wrapped:
                        wrapped._elapsed_steps = 0
                    with self.assertRaisesRegex(Refused, reason):
                        border.step(wrapped, 0)
        for given in [OBSERVATION, None, (OBSERVATION,), (OBSERVATION, {}, 1), (OBSERVATION, OBSERVATION)]:
            with self.subTest(given=given):
                with self.assertRaisesRegex(Refused, "reset returned .* returns two"):
                    border.reset(Environment(given))
                if given is None or len(given) != 2:
                    with self.assertRaisesRegex(Refused, "reset returned .* returns two"):
                        border.reset(Seen(Environment(given)))
        for given in [(OBSERVATION, None), [OBSERVATION, {}]]:
            self.assertIs(border.reset(Environment(given)), OBSERVATION)
        self.assertEqual(border.step(Environment([OBSERVATION, 1, False, True, {}]), 0)[1:], (1, False, True, SILENT))

    def test_a_reset_without_seed_is_named_and_other_errors_are_the_environment_s_own(self):
        class Unseeded(Environment):
            def reset(self):
                return OBSERVATION, {}

        class Failing(Environment):
            def step(self, action):
                first, second = (1, 2, 3)

            def reset(self, seed=None, options=None):
                self.step(seed=seed)

        with self.assertRaisesRegex(Refused, "reset takes no seed"):
            border.reset(Unseeded(None), seed=1)
        with self.assertRaisesRegex(Refused, "reset takes no (seed|options)"):
            border.reset(gymnasium.wrappers.TimeLimit(Unseeded(None), 5), seed=1)
        with self.assertRaisesRegex(ValueError, "too many values"):
            border.step(Failing(None), 0)
        with self.assertRaisesRegex(TypeError, "seed"):
            border.reset(Failing(None), seed=1)


if __name__ == "__main__":
    unittest.main()
