"""The border between agents and environments: what `reset` and `step` return is read strictly.

What has a plain meaning is taken; everything else is refused by name, in one line. Actions and observations have modules of
their own, `border_actions.py`, `border_observations.py` and `border_parts.py`.
"""

import inspect
import math
import os
import re

import gymnasium
import numpy

from . import process, user_error

# What a step says of success. An episode is solved where one of its steps says so; `SILENT` leaves the question open.
UNSOLVED, SOLVED, SILENT = 0, 1, 2
LARGEST = float(numpy.finfo(numpy.float32).max)
LOWEST = -LARGEST
SEQUENCES = (tuple, list)
OLD_INTERFACE = "adapt an environment of the old gym with the package shimmy"
GYMNASIUM = os.path.dirname(os.path.abspath(gymnasium.__file__))
# What calls an environment's methods, and may take apart what they return.
CALLERS = (os.path.abspath(__file__), os.path.join(GYMNASIUM, "core.py"), os.path.join(GYMNASIUM, "wrappers", ""))


class Refused(Exception):
    """Says all in one line."""

    kind = "refused"

    def __str__(self):
        return " ".join(super().__str__().split())  # numpy breaks lines


def located(refused, environment, method):
    """The same with `file.py:12 in step: ` before it, where the user's outermost wrapper or environment defines the method."""
    layers = [environment]
    while isinstance(layers[-1], gymnasium.Wrapper):
        layers.append(layers[-1].env)
    codes = [getattr(inspect.unwrap(getattr(layer, method)), "__code__", None) for layer in layers]
    codes = [code for code in codes if code]
    own = [code for code in codes if user_error.is_written_by(True, code.co_filename)] or codes[-1:]
    where = f"{user_error.short(own[0].co_filename)}:{own[0].co_firstlineno} in {method}: " if own else ""
    return Refused(f"{where}{refused}")


def shown(value, longest=100):
    """A value in a message."""
    text = " ".join((str if isinstance(value, numpy.ndarray) else repr)(value).split())
    return text if len(text) <= longest else text[: longest - 3] + "..."


def require_space(space, name):
    if not isinstance(space, gymnasium.Space):
        raise Refused(f"{name} is {shown(space)}, which is none of Gymnasium's spaces: use gymnasium.spaces")


def origin(error):
    """The file in which an exception was raised."""
    trace = error.__traceback__
    while trace.tb_next:
        trace = trace.tb_next
    return os.path.abspath(trace.tb_frame.f_code.co_filename)


def is_of_the_call(error):
    """Whether an exception comes from how an environment's method was called or read, not from within it."""
    return origin(error).startswith(CALLERS)


def miscount(error):
    """How many values a method returned, in words, where an exception says that its caller needed another number; else None."""
    if "unpack" not in str(error) or not is_of_the_call(error):
        return None
    found = re.search(r"got (\d+)", str(error))
    return f"{found[1]} values" if found else f"something else ({error})"


# MARK: Single values


def number(value, name):
    """One finite number: a plain one, or an array, tensor or list of one element."""
    single = value
    try:
        if isinstance(value, (list, tuple, numpy.ndarray, numpy.generic)) and not isinstance(value, float):
            array = numpy.asarray(value)
            single = array.item() if array.size == 1 and array.dtype.kind in "biuf" else None
        if isinstance(single, (str, bytes)):  # which `float` would read
            single = None
        value = float(single)
    except OverflowError:
        value = math.inf
    except (TypeError, ValueError, RuntimeError):
        raise Refused(f"step returned the {name} {shown(value)}, which is not one number: return a float") from None
    if not LOWEST <= value <= LARGEST:
        limit = f"a finite number of at most {LARGEST:.2g}, as larger ones are inf in float32"
        raise Refused(f"step returned the {name} {value}: return {limit}")
    return value


def flag(value, name):
    """A truth value: a plain one, a number that is 0 or 1, or an array or list of one such element."""
    if type(value) is numpy.bool_:
        return bool(value)
    try:
        truth = number(value, name)
    except Refused:
        truth = None
    if truth not in (0, 1):
        raise Refused(f"step returned {shown(value)} for {name}: return True or False")
    return truth == 1


def dictionary(information, where):
    if information is None:
        return {}
    if isinstance(information, dict):
        return information
    raise Refused(f"{where} returned the info {shown(information)}: return a dict")


def success(information):
    """Whether a step solved the task, by `success`, else by `is_success`."""
    for key in ("success", "is_success"):
        value = information.get(key)
        if value is not None:
            try:
                return SOLVED if number(value, key) > 0 else UNSOLVED
            except Refused:
                raise Refused(
                    f'info["{key}"] is {shown(value)}: it is True, False, one number or None; give anything else another name'
                ) from None
    return SILENT


# MARK: Answers


def step(environment, action):
    """Observation, reward, terminated, truncated, and what is said of success."""
    process.advance()
    try:
        answer = environment.step(action)
    except (TypeError, ValueError) as error:
        if found := miscount(error):
            refuse_step(found)
        raise
    if type(answer) not in SEQUENCES or len(answer) != 5:
        refuse_step(f"{len(answer)} values" if type(answer) in SEQUENCES else shown(answer))
    observation, reward, terminated, truncated, information = answer
    if type(reward) is not float or not LOWEST <= reward <= LARGEST:
        reward = number(reward, "reward")
    if terminated is not False and terminated is not True:
        terminated = flag(terminated, "terminated")
    if truncated is not False and truncated is not True:
        truncated = flag(truncated, "truncated")
    if type(information) is not dict:
        information = dictionary(information, "step")
    return observation, reward, terminated, truncated, success(information) if information else SILENT


def refuse_step(found):
    raise Refused(
        f"step returned {found}, and Gymnasium's step returns five: observation, reward, terminated, truncated, "
        f"info; {OLD_INTERFACE}"
    )


def reset(environment, **arguments):
    """The first observation of an episode."""
    process.advance()
    try:
        answer = environment.reset(**arguments)
    except (TypeError, ValueError) as error:
        if found := miscount(error):
            refuse_reset(found)
        argument = re.search(r"unexpected keyword argument '(seed|options)'", str(error))
        if argument and is_of_the_call(error):
            raise Refused(
                f"reset takes no {argument[1]}, and Gymnasium's is reset(self, seed=None, options=None); {OLD_INTERFACE}"
            ) from error
        raise
    if type(answer) not in SEQUENCES or len(answer) != 2 or not isinstance(answer[1], (dict, type(None))):
        refuse_reset(shown(answer))
    return answer[0]


def refuse_reset(found):
    raise Refused(f"reset returned {found}, and Gymnasium's reset returns two: observation, info; {OLD_INTERFACE}")
