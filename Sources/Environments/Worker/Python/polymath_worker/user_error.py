"""An exception in one line, with the place in the user's own code."""

import os
import sysconfig
import traceback

LONGEST = 2_000
OWN = os.path.dirname(os.path.abspath(__file__))
PATHS = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
LIBRARIES = tuple(sorted((os.path.join(path, "") for path in PATHS), key=len, reverse=True))  # the innermost first


def is_written_by(user_only, path):
    """Whether a file is not part of this package, nor, with `user_only`, of Python or of an installed one."""
    if path.startswith("<") or os.path.dirname(os.path.abspath(path)) == OWN:
        return False
    return not (user_only and os.path.abspath(path).startswith(LIBRARIES))


def short(path):
    """A package's file as one imports it, a user's by its name."""
    path = os.path.abspath(path)
    library = next((library for library in LIBRARIES if path.startswith(library)), None)
    return os.path.relpath(path, library) if library else os.path.basename(path)


def place(error):
    """`file.py:12 in step: `, the innermost line of the user's, or else of a package; nothing where there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    for user_only in (True, False):
        for frame in reversed(frames):
            if is_written_by(user_only, frame.filename):
                return f"{short(frame.filename)}:{frame.lineno} in {frame.name}: "
    return ""


def line(error):
    """What went wrong and where, in one line."""
    # A syntax error is not in a line that ran.
    if isinstance(error, SyntaxError) and error.filename:
        where, what = f"{short(error.filename)}:{error.lineno}: ", f"{type(error).__name__}: {error.msg}"
    else:
        where, what = place(error), traceback.format_exception_only(error)[0]
    return where + " ".join(what.split())[:LONGEST]
