"""What a command began is taken away when it is asked to end."""

import signal

import pytest

from fraudstream.commands.ending import tidied


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_whoever_is_asked_to_end_unwinds(how: signal.Signals) -> None:
    """With the exit code that shells give; afterwards all is as it was before."""
    before = signal.signal(how, signal.SIG_DFL)
    try:
        with pytest.raises(SystemExit) as end, tidied():
            signal.raise_signal(how)
        assert end.value.code == 128 + how
        assert signal.getsignal(how) is signal.SIG_DFL
    finally:
        signal.signal(how, before)


def test_what_nohup_started_goes_on() -> None:
    """Nobody hears a signal that was told to be ignored."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with tidied():
            signal.raise_signal(signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
