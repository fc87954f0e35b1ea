"""Who may ask, and where a door may listen."""

import ssl
import subprocess
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError
from support.gated import Gated
from support.served import served

from schemas.errors import Misconfigured
from schemas.settings.serve import Serve
from serving.door.live import Live
from serving.keys import Keys

ONE, OTHER = "first-key-0123456789", "second-key-0123456789"


def live() -> Live:
    model = Gated()
    model.open.set()
    return Live(model, Serve())


def test_keys(tmp_path: Path) -> None:
    """Every key of settings and file opens the door, in both headers, and one right one suffices; probes need none."""
    file = tmp_path / "keys"
    file.write_text(f"{OTHER}\n")
    with served(live(), keys=ONE, keys_file=file) as url, httpx.Client(base_url=url) as client:
        right: list[dict[str, str]] = [{"x-api-key": ONE}, {"authorization": f"Bearer {OTHER}"}]
        right += [{"authorization": f"bearer {ONE}"}, {"x-api-key": "wrong", "authorization": f"Bearer {ONE}"}]
        right += [{"authorization": "Bearer wrong", "x-api-key": ONE}]
        for headers in right:
            assert client.post("/invocations", json={"inputs": [1]}, headers=headers).status_code == 200
        for headers in ({}, {"x-api-key": ONE[:-1]}, {"x-api-key": f"{ONE},"}, {"authorization": f"Basic {ONE}"}):
            answer = client.post("/invocations", json={"inputs": [1]}, headers=headers)
            assert (answer.status_code, answer.json()["error_code"]) == (401, "UNAUTHENTICATED")
            assert answer.headers["www-authenticate"] == "Bearer"
        assert client.get("/version").status_code == client.get("/metrics").status_code == 401
        assert client.get("/ping").status_code == client.get("/health/ready").status_code == 200


def test_keys_are_not_shown() -> None:
    """Neither the settings nor what is made of them have a key in their words."""
    settings = Serve(keys=ONE)
    assert ONE not in f"{settings!r} {Keys.of(settings)!r}"
    with pytest.raises(ValidationError) as error:
        Serve(keys="short,secret")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("content", [None, "", "short"])
def test_a_file_of_no_use(tmp_path: Path, content: str | None) -> None:
    """A file that is not there, is empty or has a key that could be guessed opens no door."""
    file = tmp_path / "keys"
    if content is not None:
        file.write_text(content)
    with pytest.raises(Misconfigured):
        Keys.of(Serve(keys_file=file))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "example.org"])
def test_strangers(host: str) -> None:
    """An address that others can reach needs keys, or somebody who says that it needs none."""
    with pytest.raises(ValidationError, match="no key is asked for"):
        Serve(host=host)
    assert Serve(host=host, keys=ONE).has_keys
    assert Serve(host=host, without_keys=True).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_this_machine(host: str) -> None:
    """What only this machine can reach needs no key."""
    assert not Serve(host=host).has_keys


def test_tls(tmp_path: Path) -> None:
    """With a certificate the door speaks HTTPS; a key that is not its own is refused at the start, and named."""
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(cert), "-days", "2"]
    subprocess.run(command, check=True, capture_output=True)
    with served(live(), tls_cert=cert, tls_key=key) as url:
        assert url.startswith("https://")
        trusted = ssl.create_default_context(cafile=str(cert))
        answer = httpx.post(f"{url}/invocations", json={"inputs": [4]}, verify=trusted)
        assert answer.json() == {"predictions": [8]}
    key.write_text("no key at all")
    with pytest.raises(Misconfigured, match="cannot be used"), served(live(), tls_cert=cert, tls_key=key):
        pass
