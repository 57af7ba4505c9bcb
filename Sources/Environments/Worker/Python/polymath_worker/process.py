"""What a worker is as a process: its descriptors, its signals, its log, and how it says that it is getting on.

Environments share the process and may do to it what they like: close descriptors 1 and 2 or send them elsewhere, change the
folder, fork, start programs and end them by signals. Nothing here depends on what they change.
"""

import fcntl
import faulthandler
import mmap
import os
import resource
import select
import signal
import socket
import threading

from . import user_error

GIVEN = CONTROL, DATA, REQUEST, DONE = 10, 11, 12, 13
CLOSING, PROGRESS = 16, 72  # offsets in the header
HIGHEST = 1 << 16


class Closing(BaseException):
    """Raised wherever the process is, when its host wants it to end."""


class Process:
    """This process. Made once, by the bridge."""

    def __init__(self):
        # Descriptors beyond the limit, which environments don't know of: what closes all others leaves these.
        limit, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        first = min(limit if limit != resource.RLIM_INFINITY else HIGHEST, HIGHEST) - len(GIVEN) - 1
        moved = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, first) for number in (*GIVEN, 1)]
        for number in GIVEN:
            os.close(number)
        resource.setrlimit(resource.RLIMIT_NOFILE, (first, most))
        control, data, self.request, self.done, self.log_file = moved
        faulthandler.enable(self.log_file)  # a crash in native code leaves its Python stack in the log
        shared = mmap.mmap(data, os.fstat(data).st_size)
        shared.madvise(mmap.MADV_DONTFORK)  # a child that goes on with this worker's work can't write into it
        self.memory = memoryview(shared)
        self.closing = self.memory[CLOSING : CLOSING + 4].cast("I")
        self.progress = self.memory[PROGRESS : PROGRESS + 4].cast("I")
        self.control = socket.socket(fileno=control)
        self.number = os.getpid()
        self.is_leaving = False
        self.is_closing = False  # something that may be interrupted when it takes too long
        self.end_with_host()
        self.take_signals()
        self.masks = threading.local()
        os.register_at_fork(
            before=self.hold_signals, after_in_parent=self.release_signals, after_in_child=self.become_child)

    def end_with_host(self):
        """Makes the kernel kill this process when the host's end of the socket closes, however the host ended.

        What is in its process group is killed with it. PR_SET_PDEATHSIG follows the thread that started the worker, which may
        end long before the host does; a watching thread would never run while a hung environment holds the interpreter.
        """
        control = self.control.fileno()
        fcntl.fcntl(control, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(control, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(control, fcntl.F_SETFL, fcntl.fcntl(control, fcntl.F_GETFL) | os.O_ASYNC)
        poll = select.poll()
        poll.register(control, 0)
        if poll.poll(0):  # it had gone before the signal was armed
            os._exit(1)

    SIGNALS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP

    def take_signals(self):
        """Signals that are sent to the host and all its processes are the host's business.

        They have handlers instead of being ignored or blocked, because that would pass on to programs that an environment
        starts: these could then not be ended by SIGTERM.
        """

        def answer(number, frame):
            if number == signal.SIGTERM and self.closing[0] and not self.is_leaving:
                self.is_leaving = True
                raise Closing
            if number == signal.SIGTERM and self.closing[0] > 1 and self.is_closing:
                self.is_closing = False
                raise Closing

        for number in self.SIGNALS:
            signal.signal(number, answer)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, self.SIGNALS)

    def hold_signals(self):
        """A signal that reaches a child before it has become one would be answered as this process does, and be lost."""
        self.masks.before = signal.pthread_sigmask(signal.SIG_BLOCK, self.SIGNALS)

    def release_signals(self):
        signal.pthread_sigmask(signal.SIG_SETMASK, self.masks.before)

    def become_child(self):
        """After a fork the child is nobody's worker: it can't answer for this one, and ends by signals."""
        for number in self.SIGNALS:
            signal.signal(number, signal.SIG_DFL)
        self.release_signals()
        self.control.close()
        for number in (self.request, self.done):
            os.close(number)

    @property
    def is_child(self):
        return os.getpid() != self.number

    def log(self, text):
        """Writes to the worker's log, wherever standard output goes by now."""
        try:
            os.write(self.log_file, (text + "\n").encode(errors="backslashreplace"))
        except OSError:
            pass  # a full disk: what is said is for people only


worker = None  # the Process, in one; these functions do nothing elsewhere, as in tests


def advance():
    """Another environment is about to be made, reset, stepped or closed: the time limit begins anew."""
    if worker:
        worker.progress[0] = (worker.progress[0] + 1) & 0xFFFFFFFF


def close(what, end):
    """Calls `end`. The host interrupts it when it takes too long, so that what comes after it is closed all the same."""
    advance()
    try:
        if worker:
            worker.is_closing = True
        end()
    except Closing:
        log(f"{what} was interrupted, as it took too long to be closed")
    except BaseException as error:
        log(f"{what} can't be closed: {user_error.line(error)}")
    if worker:
        worker.is_closing = False


def log(text):
    if worker:
        worker.log(text)
    else:
        print(text)
