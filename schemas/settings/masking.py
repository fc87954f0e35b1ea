"""No password, key or token is ever shown: what counts as one, and what is shown instead.

Values live in `SecretStr` from the moment they are read, so that a dump, a log line or a traceback of anything that
holds them shows asterisks. `reveal` is for the line that hands them to a client.
"""

import re
from collections.abc import Mapping
from typing import Final

from pydantic import SecretStr

MASK: Final = "***"
SECRET_NAMES: Final = re.compile(
    r"password|passphrase|secret|token|private|credential|user\.info|api\.?key|key\.pem|jaas\.config"
    r"|oauthbearer\.(config|extensions)|kinit\.cmd",
    re.IGNORECASE,
)
USER_INFO: Final = re.compile(r"(?<=://)(?P<user>[^\s:/@]*:)?\S*(?=@)")
SECRET_PARAMETERS: Final = re.compile(
    r"(?<=[?&])(?P<name>[^=&\s]*(password|secret|token|key)[^=&\s]*=)[^&\s]*", re.IGNORECASE
)

Property = str | SecretStr


def masked(text: str) -> str:
    """The text without the passwords that stand in its URLs; rather too much is hidden than too little."""
    without_user_info = USER_INFO.sub(lambda found: f"{found['user'] or ''}{MASK}", text)
    return SECRET_PARAMETERS.sub(lambda found: f"{found['name']}{MASK}", without_user_info)


def is_secret(name: str, value: str) -> bool:
    return bool(SECRET_NAMES.search(name)) or masked(value) != value


def reveal(value: Property) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value


def shown(value: Property, name: str = "") -> str:
    """On one line, whatever it holds: certificates may be given as text."""
    return MASK if SECRET_NAMES.search(name) else masked(reveal(value)).replace("\n", "\\n")


def conceal(properties: Mapping[str, Property]) -> dict[str, Property]:
    return {
        name: SecretStr(value) if isinstance(value, str) and is_secret(name, value) else value
        for name, value in properties.items()
    }
