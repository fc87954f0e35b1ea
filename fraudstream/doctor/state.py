"""Where snapshots of the cards' state are kept: a folder helps only whoever starts on the same machine again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from fraudstream.doctor.addresses import brokers
from fraudstream.doctor.finding import Finding, info, ok, warning
from fraudstream.doctor.folders import writable
from schemas.settings import Settings
from schemas.settings.masking import masked
from schemas.settings.serve import is_loopback

SUBJECT: Final = "state.url"
ELSEWHERE: Final = (
    "name an object store in state.url (s3://bucket/folder), or see that each slot comes back to the same machine or "
    "the same volume"
)
WRITABLE: Final = "set state.url to a folder that this user may write to"


def check(settings: Settings) -> Iterator[Finding]:
    url = settings.state.url.get_secret_value()
    folder = local(url)
    if folder is None:
        yield ok(SUBJECT, f"{masked(url)} can be read from any machine; `fraudstream state show` asks it")
        return
    if not writable(folder):
        yield warning(SUBJECT, f"{folder} cannot be written to: a restart reads the whole retained log", WRITABLE)
    what = f"{folder} is a folder of this machine"
    if here(settings):
        yield info(SUBJECT, f"{what}, as the broker is on it")
    else:
        yield warning(SUBJECT, f"{what}: a worker that starts on another one reads the whole retained log", ELSEWHERE)


def local(url: str) -> Path | None:
    """None: it is no folder."""
    if "://" not in url:
        return Path(url).expanduser()
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def here(settings: Settings) -> bool:
    """A deployment whose broker is on this machine has no other."""
    return all(is_loopback(each.host) for each in brokers(settings.kafka.bootstrap))
