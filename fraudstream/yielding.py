"""Work that can wait lets everything else on its host go first."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

LAST: Final = 19
AUTOGROUP: Final = Path("/proc/self/autogroup")


def yield_to_others() -> None:
    """Never fails. Where Linux shares the processor by sessions, niceness alone counts only among those of one session,
    so that of a session of our own is lowered too; a terminal's or a shell's stays as it is.
    """
    with suppress(OSError):
        os.nice(LAST)
        if os.getsid(0) == os.getpid():
            AUTOGROUP.write_text(str(LAST))
