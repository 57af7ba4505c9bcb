"""The protocol of a worker process: it hosts batches of environments, one of each task, and steps them when its host asks.

The host (Sources/CWorkers, Sources/Environments/Worker) gives four descriptors: a socket of packets, one JSON object
each; the shared memory; and two eventfds. `start.json` says what to host and where each array of a batch lies.
What can be hosted is `Batch` in the modules beside this one: it steps a batch and writes into the arrays. Instead of batches it
may ask what environments look like.
The worker answers {"ready": ...} or {"error": text, "kind": ...}. After that all goes through the shared memory,
where each batch has a command of its own, and the socket carries only an error, or the news that the host has gone.

Episodes end as SAME_STEP says: `observation` is then the first of the next episode, `final` the last of the old one.
However the worker comes to its end, short of being killed, its environments are closed.
"""

import importlib
import json
import os
import sys
import time
import traceback

from . import process, user_error

MAGIC, VERSION = 0x504D574B, 3
WORK, CLOSE = 1, 2  # requests
RESET, STEP, SAVE, RESTORE = 1, 2, 4, 8  # commands of a batch
LONGEST_ERROR = 30_000
CUT_OFF = 96  # exit status

# Offsets in the header: the host's line, the worker's, and the host's commands.
REQUESTED, REQUEST_KIND, COMPLETED, WORKING, COMMANDS, HEADER_END = 8, 12, 64, 68, 128, 4096


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
    return importlib.import_module(f"{__package__}.{kind}_batch")


class Host:
    """The batches that this worker hosts, and what it does with them."""

    def __init__(self, worker, folder):
        self.worker, self.folder = worker, folder
        self.batches = []  # each with its index
        self.opened = []  # environments that were only looked at

    def state_file(self, index):
        return os.path.join(self.folder, f"state-{index}")

    def restore(self, index, batch):
        with open(self.state_file(index), "rb") as file:
            batch.restore(file.read())

    def handle(self, index, batch, command):
        process.advance()
        if command & RESET:
            batch.reset()
        if command & STEP:
            batch.step()
        if command & SAVE:
            state = batch.save()
            with open(self.state_file(index), "wb") as file:
                file.write(state or b"")  # empty where it can't be had

    def answer(self, message):
        self.worker.control.send(json.dumps(message).encode())

    def serve(self):
        """Makes what start.json tells, and does what is asked, until that is to end."""
        with open(os.path.join(self.folder, "start.json"), "rb") as file:
            start = json.load(file)
        time.sleep(start["delay"])
        process.advance()
        if "describe" in start:
            asked = start["describe"]
            spaces, versions = module(asked["kind"]).describe(asked["options"], self.opened)
            self.answer({"ready": True, "spaces": spaces, "versions": [versions]})
            return
        memory, done = self.worker.memory, self.worker.done
        header = memory[:COMMANDS].cast("I")
        if (header[0], header[1]) != (MAGIC, VERSION) or start["version"] != VERSION:
            raise RuntimeError(f"host and worker speak different versions of the protocol, this is {VERSION}")
        requested, request = header[REQUESTED // 4 :], header[REQUEST_KIND // 4 :]
        completed, working = header[COMPLETED // 4 :], header[WORKING // 4 :]
        commands = memory[COMMANDS:HEADER_END]

        for told in start["batches"]:
            working[0] = told["index"] + 1
            process.advance()
            batch = module(told["kind"]).Batch(
                told["slots"], told["seeds"], told["options"], arrays(memory, told["arrays"]))
            self.batches.append((told["index"], batch))
        working[0] = 0
        self.answer({"ready": True, "versions": [batch.versions for _, batch in self.batches]})

        one = (1).to_bytes(8, sys.byteorder)
        while True:
            os.read(self.worker.request, 8)
            if request[0] == CLOSE:
                return
            # All are restored before any steps: they share the process's generators.
            for index, batch in self.batches:
                if commands[index] & RESTORE:
                    working[0] = index + 1
                    self.restore(index, batch)
            for index, batch in self.batches:
                if commands[index]:
                    working[0] = index + 1
                    self.handle(index, batch, commands[index])
            if self.worker.is_child:
                return  # an environment forked, and this is the child
            working[0] = 0
            # Raises where an environment has closed the descriptor: nothing counts as completed that can't be told.
            os.get_inheritable(done)
            completed[0] = requested[0]
            os.write(done, one)

    def report(self, error):
        """Tells the host of an exception, and gives the exit status. One that has a kind says all in its message."""
        kind = "package" if isinstance(error, ModuleNotFoundError) else getattr(error, "kind", "exception")
        self.worker.log("".join(traceback.format_exception(error)))
        text = user_error.line(error) if kind == "exception" else str(error)
        packages = getattr(error, "packages", []) if kind == "package" else []
        try:
            self.answer({"error": text[:LONGEST_ERROR], "kind": kind, "packages": packages})
        except OSError:
            return CUT_OFF  # an environment has closed the socket
        return 1

    def close(self):
        for environment in self.opened:
            process.close("an environment", environment.close)
        for _, batch in self.batches:
            batch.close()
        # os._exit leaves out what multiprocessing has to do at the end: its folders in TMPDIR would stay.
        if multiprocessing := sys.modules.get("multiprocessing.util"):
            process.close("multiprocessing", multiprocessing._exit_function)


def main(folder):
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    worker = process.worker = process.Process()
    host = Host(worker, folder)
    status = 0
    try:
        host.serve()
        worker.is_leaving = True
    except BaseException as error:
        if worker.is_child:
            os._exit(1)
        status = 1
        was_asked, worker.is_leaving = worker.is_leaving, True
        if not was_asked:
            status = host.report(error)
        elif where := user_error.place(error):
            worker.log(f"it was at {where.rstrip(': ')} when it was asked to end")
    # A child that a fork left here has environments that are its parent's.
    if not worker.is_child:
        host.close()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass  # an environment has closed it
    os._exit(status)  # without the interpreter's teardown, which may wait for threads of an environment
