"""A worker process: hosts one batch of environments and steps it when its host asks.

The host (Sources/CWorkers, Sources/Environments/Worker) gives four descriptors: a socket of packets, one JSON object
each; the shared memory; and two eventfds. Its first packet says what to host and where each array of the batch lies.
What can be hosted is `Batch` in the modules beside this one: it steps a batch and writes into the arrays. Where the packet has no
arrays, the host only asks what the environments look like.
The worker answers {"ready": ...} or {"error": traceback, "kind": ...}. After that all goes through the shared memory,
and the socket carries only an error, or the news that the host has gone.

Episodes end as SAME_STEP says: `observation` is then the first of the next episode, `final` the last of the old one.
"""

import fcntl
import faulthandler
import importlib
import json
import mmap
import os
import select
import signal
import socket
import sys
import time
import traceback

CONTROL, DATA, REQUEST, DONE = 10, 11, 12, 13
MAGIC, VERSION = 0x504D574B, 1
RESET, STEP, CLOSE = 1, 2, 3
LONGEST_ERROR = 30_000

# Offsets in the header: the host's line, then the worker's.
REQUESTED, COMMAND, COMPLETED = 8, 12, 64


def end_with_host(control):
    """Makes the kernel kill this process when the host's end of the socket closes, however the host ended.

    PR_SET_PDEATHSIG follows the thread that started the worker, which may end long before the host does; a watching
    thread would never run while a hung environment holds the interpreter.
    """
    fcntl.fcntl(control, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(control, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(control, fcntl.F_SETFL, fcntl.fcntl(control, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(control, 0)
    if poll.poll(0):  # it had gone before the signal was armed
        os._exit(1)


def arrays(memory, descriptions):
    """The arrays of the batch by name: memoryviews of the shared memory, `observation` and `final` lists of them."""

    def view(description):
        offset, count = description["offset"], description["bytes"]
        return memory[offset : offset + count].cast(description["format"], description["shape"])

    return {
        name: [view(leaf) for leaf in value] if isinstance(value, list) else view(value)
        for name, value in descriptions.items()
    }


def serve(control):
    start = json.loads(control.recv(1 << 20))
    end_with_host(CONTROL)
    time.sleep(start["delay"])
    # Only now, as a missing package is an error to report.
    batches = importlib.import_module(start["kind"] + "_batch")
    if "arrays" not in start:
        control.send(json.dumps({"ready": True, **batches.describe(start["options"])}).encode())
        return
    memory = memoryview(mmap.mmap(DATA, os.fstat(DATA).st_size))
    header = memory[:128].cast("I")
    if (header[0], header[1]) != (MAGIC, VERSION) or start["version"] != VERSION:
        raise RuntimeError(f"host and worker speak different versions of the protocol, this is {VERSION}")
    requested, command, completed = header[REQUESTED // 4 :], header[COMMAND // 4 :], header[COMPLETED // 4 :]

    batch = batches.Batch(start["slots"], start["seeds"], start["options"], arrays(memory, start["arrays"]))
    control.send(json.dumps({"ready": True, "versions": batch.versions}).encode())

    one = (1).to_bytes(8, sys.byteorder)
    while True:
        os.read(REQUEST, 8)
        if command[0] == STEP:
            batch.step()
        elif command[0] == RESET:
            batch.reset()
        else:
            batch.close()
            return
        completed[0] = requested[0]
        os.write(DONE, one)


def main():
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    faulthandler.enable()  # a crash in native code leaves its Python stack in the log
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    control = socket.socket(fileno=CONTROL)
    status = 0
    try:
        serve(control)
    except BaseException as error:
        status = 1
        # An error that has a kind says all in its message; any other needs its traceback.
        kind = "package" if isinstance(error, ModuleNotFoundError) else getattr(error, "kind", "exception")
        text = traceback.format_exc() if kind == "exception" else str(error)
        print(text, file=sys.stderr)
        control.send(json.dumps({"error": text[-LONGEST_ERROR:], "kind": kind}).encode())
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # without the interpreter's teardown, which may wait for threads of an environment


main()
