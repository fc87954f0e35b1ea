"""A command that takes only its share of the processor, however long a single step of it computes."""

import ctypes
import os
import signal
import sys
from typing import Final

from schemas.errors import Misconfigured

PERIOD_S: Final = 0.02
"""Of running and resting once: what must go on beside it waits for no more than its share of this."""
HEARD: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP)
ENDS: Final = (*HEARD, signal.SIGKILL)
DIE_WITH_PARENT: Final = 1
ENDED_BY_SIGNAL: Final = 128


def pace(share: float) -> None:
    """Goes on in a child that leads its own session and runs for `share` of the time; here it never returns.

    This process lets the child run and rest, hands on what it is told by signals, and ends as the child does. A child
    never outlives it, so none is left behind at rest.
    """
    if share == 1:
        return
    if not sys.platform.startswith("linux"):
        raise Misconfigured("a share of the processor can be given on Linux alone", fix="leave nightly.share at 1")
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # where it is ignored nobody learns how a child ended
    heard = {each for each in HEARD if signal.getsignal(each) is not signal.SIG_IGN}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, heard)
    parent = os.getpid()
    bound, binding = os.pipe()
    child = os.fork()
    if child:
        os.close(binding)
        os.read(bound, 1)  # a child that rested before it was bound to this process might rest for ever
        sys.exit(_led(heard, child, share * PERIOD_S, (1 - share) * PERIOD_S))
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(ENDED_BY_SIGNAL + signal.SIGKILL)
    os.setsid()
    os.close(bound)
    os.close(binding)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _led(heard: set[signal.Signals], child: int, runs_s: float, rests_s: float) -> int:
    """What it exits with."""
    while True:
        os.kill(child, signal.SIGCONT)
        _hear(heard, child, runs_s)
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else _ended_by(-code)
        os.kill(child, signal.SIGSTOP)
        _hear(heard, child, rests_s)


def _hear(heard: set[signal.Signals], child: int, seconds: float) -> None:
    """Asleep for so long, or until something is said."""
    said = signal.sigtimedwait(heard, seconds)
    if said is None:
        return
    if said.si_signo == signal.SIGTSTP:
        os.kill(child, signal.SIGSTOP)
        os.kill(os.getpid(), signal.SIGSTOP)
    else:
        os.kill(child, said.si_signo)


def _ended_by(number: int) -> int:
    """By the same signal, so that whoever waits sees no difference; the first process of a container outlives that."""
    if number in ENDS:
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
        os.kill(os.getpid(), number)
    return ENDED_BY_SIGNAL + number
