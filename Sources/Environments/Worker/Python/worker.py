"""A worker process: hosts batches of environments, one of each task, and steps them when its host asks.

The host (Sources/CWorkers, Sources/Environments/Worker) gives four descriptors: a socket of packets, one JSON object
each; the shared memory; and two eventfds. `start.json` says what to host and where each array of a batch lies.
What can be hosted is `Batch` in the modules beside this one: it steps a batch and writes into the arrays. Instead of batches it
may ask what environments look like.
The worker answers {"ready": ...} or {"error": traceback, "kind": ...}. After that all goes through the shared memory,
where each batch has a command of its own, and the socket carries only an error, or the news that the host has gone.

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
MAGIC, VERSION = 0x504D574B, 2
WORK, CLOSE = 1, 2  # requests
RESET, STEP, SAVE, RESTORE = 1, 2, 4, 8  # commands of a batch
LONGEST_ERROR = 30_000
LONGEST_LOG = 16 << 20

# Offsets in the header: the host's line, the worker's, and the host's commands.
REQUESTED, REQUEST_KIND, COMPLETED, WORKING, COMMANDS, HEADER_END = 8, 12, 64, 68, 128, 4096


def end_with_host(control):
    """Makes the kernel kill this process when the host's end of the socket closes, however the host ended.

    What this process has started is killed with it. PR_SET_PDEATHSIG follows the thread that started the worker, which may end long before the host does; a watching
    thread would never run while a hung environment holds the interpreter.
    """
    fcntl.fcntl(control, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(control, fcntl.F_SETOWN, -os.getpgrp())
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


def module(kind):
    """What hosts environments of this kind. Loaded when it is needed, as a missing package is an error to report."""
    return importlib.import_module(kind + "_batch")


def restore(index, batch):
    with open(f"state-{index}", "rb") as file:
        batch.restore(file.read())


def obey(index, batch, command):
    if command & RESET:
        batch.reset()
    if command & STEP:
        batch.step()
    if command & SAVE:
        state = batch.save()
        with open(f"state-{index}", "wb") as file:
            file.write(state or b"")  # empty where it can't be had


def serve(control):
    with open("start.json", "rb") as file:
        start = json.load(file)
    end_with_host(CONTROL)
    time.sleep(start["delay"])
    if "describe" in start:
        asked = start["describe"]
        spaces, versions = module(asked["kind"]).describe(asked["options"])
        control.send(json.dumps({"ready": True, "spaces": spaces, "versions": [versions]}).encode())
        return
    memory = memoryview(mmap.mmap(DATA, os.fstat(DATA).st_size))
    header = memory[:COMMANDS].cast("I")
    if (header[0], header[1]) != (MAGIC, VERSION) or start["version"] != VERSION:
        raise RuntimeError(f"host and worker speak different versions of the protocol, this is {VERSION}")
    requested, request = header[REQUESTED // 4 :], header[REQUEST_KIND // 4 :]
    completed, working = header[COMPLETED // 4 :], header[WORKING // 4 :]
    commands = memory[COMMANDS:HEADER_END]

    batches = []
    for told in start["batches"]:
        working[0] = told["index"] + 1
        batch = module(told["kind"]).Batch(
            told["slots"], told["seeds"], told["options"], arrays(memory, told["arrays"]))
        batches.append((told["index"], batch))
    working[0] = 0
    control.send(json.dumps({"ready": True, "versions": [batch.versions for _, batch in batches]}).encode())

    own, one = os.getpid(), (1).to_bytes(8, sys.byteorder)
    while True:
        os.read(REQUEST, 8)
        if request[0] == CLOSE:
            for _, batch in batches:
                batch.close()
            return
        # All are restored before any steps: they share the process's generators.
        for index, batch in batches:
            if commands[index] & RESTORE:
                working[0] = index + 1
                restore(index, batch)
        for index, batch in batches:
            if commands[index]:
                working[0] = index + 1
                obey(index, batch, commands[index])
        if os.getpid() != own:
            os._exit(1)  # an environment forked, and this is the child
        working[0] = 0
        completed[0] = requested[0]
        os.write(DONE, one)
        if requested[0] % 1024 == 0 and os.fstat(1).st_size > LONGEST_LOG:
            os.ftruncate(1, 0)


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
