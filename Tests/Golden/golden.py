"""What the scripts share: numbers as float32 holds them, and the JSON that Tests/TestSupport/Golden.swift reads."""

import json
import math
import pathlib

import numpy as np

HERE = pathlib.Path(__file__).parent


def f32(x):
    """x rounded to float32, in float64."""
    return np.asarray(x, np.float64).astype(np.float32).astype(np.float64)


def normal(generator, *shape, scale=1.0):
    return f32(generator.standard_normal(shape) * scale)


def grid(generator, *shape, step, limit):
    """Multiples of `step`: few digits each, which keeps the larger files small."""
    return generator.integers(-round(limit / step), round(limit / step) + 1, shape) * float(step)


def close(a, b, tolerance=1e-11):
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=tolerance, atol=tolerance)


def number(x, digits):
    """9 digits name a float32 exactly. JSON has no infinity: "infinity" and "-infinity" stand for it."""
    x = float(x)
    if math.isinf(x):
        return '"infinity"' if x > 0 else '"-infinity"'
    assert not math.isnan(x)
    if x == int(x) and abs(x) < 1e9:
        return str(int(x))
    return f"{x:.{digits}g}"


def text(value, digits, indent):
    """Arrays become {"shape": [...], "data": [...]}, flat and row-major; a line each, so that a diff stays readable."""
    pad = " " * indent
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, dict):
        lines = [f'{pad} {json.dumps(k)}: {text(v, digits, indent + 1)}' for k, v in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{pad}}}"
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"{pad} {text(v, digits, indent + 1)}" for v in value) + f"\n{pad}]"
    array = np.asarray(value)
    if array.ndim == 0:
        return number(array, digits)
    data = ",".join(number(x, digits) for x in array.reshape(-1))
    return f'{{"shape": {json.dumps(list(array.shape), separators=(",", ":"))}, "data": [{data}]}}'


def write(name, content, digits=9):
    path = HERE / f"{name}.json"
    path.write_text(text(content, digits, 0) + "\n")
    json.loads(path.read_text())
    print(f"{path.name:20} {path.stat().st_size:7} bytes")
