"""Real clients read docker-compose.yml where they are installed."""

import subprocess
from pathlib import Path

import yaml

CLIENTS = (("docker-compose",), ("docker", "compose"))
PROFILES = ("nightly", "page", "registry", "ui", "observe")


def installed() -> list[tuple[str, ...]]:
    """The compose clients of this machine, of either generation."""
    found: list[tuple[str, ...]] = []
    for command in CLIENTS:
        try:
            done = subprocess.run([*command, "version"], capture_output=True, check=False)
        except FileNotFoundError:
            continue
        if done.returncode == 0:
            found.append(command)
    return found


def test_the_client_understands_it(root: Path, tmp_path: Path, offered: dict[str, str]) -> None:
    """It accepts the file with every profile, and a port moved in .env moves with its advertised address."""
    env_file = tmp_path / "env"
    moved = {**offered, "KAFKA_PORT": "19999"}
    env_file.write_text("".join(f"{name}={value}\n" for name, value in moved.items()))
    profiles = [argument for name in PROFILES for argument in ("--profile", name)]
    for client in installed():
        command = [*client, "-f", str(root / "docker-compose.yml"), "--env-file", str(env_file), *profiles, "config"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        services = yaml.safe_load(done.stdout)["services"]
        always = {"kafka", "redis", "topics", "scorer"}
        assert always | {"page", "nightly", "registry", "ui", "prometheus", "grafana"} == set(services)
        assert "HOST://127.0.0.1:19999" in services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
        assert services["scorer"]["environment"]["FRAUDSTREAM_REGISTRY_URL"] == ""
