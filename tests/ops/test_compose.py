"""What docker-compose.yml promises is what the programs in it expect."""

import re
import tomllib
from base64 import urlsafe_b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from consumer.supervisor import GRACE_S
from schemas.errors import Misconfigured
from schemas.settings import Settings, leaves, load

Services = dict[str, Any]
SettingsOf = Callable[[str], Settings]
Published = Callable[[str], Any]
PROFILES = {
    "nightly": {"nightly"},
    "page": {"page"},
    "registry": {"registry"},
    "ui": {"ui"},
    "observe": {"prometheus", "grafana"},
}
OURS = ("topics", "scorer")
ALL_OURS = (*OURS, "nightly")


def listeners(text: str) -> dict[str, str]:
    return dict(each.split("://") for each in text.split(","))


def test_services_and_profiles(services: Services) -> None:
    """Kafka, Redis, the topics and the scorer always run; everything else waits to be asked for by its profile."""
    by_profile: dict[str, set[str]] = {}
    for name, service in services.items():
        for profile in service.get("profiles", ["always"]):
            by_profile.setdefault(profile, set()).add(name)
    assert by_profile == {"always": {"kafka", "redis", *OURS}, **PROFILES}


def test_settings_exist_and_are_valid(services: Services, settings_of: SettingsOf) -> None:
    """Every variable that our containers are given is a setting, and together they load."""
    known = {leaf.env for leaf in leaves()}
    for name in ALL_OURS:
        assert set(services[name]["environment"]) <= known
        assert settings_of(name) != Settings()


def test_images_are_pinned(services: Services, root: Path) -> None:
    """Every image has a tag that names a version; ours is the version of the package."""
    version = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    for service in services.values():
        name, _, tag = service["image"].partition(":")
        assert re.fullmatch(r"v?\d+\.\d+(\.\d+)?(-\w+)?", tag), service["image"]
        assert name != "fraudstream" or tag == version


def test_kafka_is_the_version_that_is_tested(services: Services, root: Path) -> None:
    """The image holds the broker that the local one and the suite run."""
    jars = (root / "fraudstream" / "local" / "jars.sha256").read_text("utf-8")
    (version,) = re.findall(r"kafka_2\.13-(\S+)\.jar", jars)
    assert services["kafka"]["image"] == f"apache/kafka:{version}"


def test_kafka_is_reached_from_both_sides(services: Services, settings_of: SettingsOf, published: Published) -> None:
    """Each listener is advertised as its clients reach it: this machine by the published port, containers by name."""
    environment = services["kafka"]["environment"]
    bound, advertised = (listeners(environment[f"KAFKA_{each}LISTENERS"]) for each in ("", "ADVERTISED_"))
    port = published("kafka")
    assert bound["HOST"] == f"0.0.0.0:{port.inside}"
    assert advertised["HOST"] == f"{port.host}:{port.outside}" == Settings().kafka.bootstrap
    assert bound["CONTAINER"].rpartition(":")[2] == advertised["CONTAINER"].rpartition(":")[2]
    assert {settings_of(name).kafka.bootstrap for name in OURS} == {advertised["CONTAINER"]}
    assert services["registry"]["environment"]["KARAPACE_BOOTSTRAP_URI"] == advertised["CONTAINER"]
    assert services["ui"]["environment"]["KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS"] == advertised["CONTAINER"]
    assert services["kafka"]["healthcheck"]["test"][-1] == advertised["CONTAINER"]


def test_one_broker_is_enough(services: Services, settings_of: SettingsOf) -> None:
    """Nothing asks for more copies than there are brokers, and topics are made by us alone."""
    environment = services["kafka"]["environment"]
    copies = {name: value for name, value in environment.items() if re.search(r"REPLICATION_FACTOR|MIN_ISR", name)}
    assert set(copies.values()) == {"1"}
    assert {name.removeprefix("KAFKA_").split("_")[0] for name in copies} == {"OFFSETS", "TRANSACTION", "SHARE"}
    assert environment["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] == "false"
    assert settings_of("topics").topics.replication == 1


def test_the_cluster_has_an_id(services: Services) -> None:
    """A fixed one, 16 bytes in URL-safe base64, so that a new container accepts the data of the one before."""
    identity = services["kafka"]["environment"]["CLUSTER_ID"]
    assert len(urlsafe_b64decode(f"{identity}==")) == 16
    assert not identity.startswith("-")


def test_data_outlives_containers(services: Services) -> None:
    """What must survive a new container stands on a volume, at the place the program writes to."""
    kafka, redis = services["kafka"], services["redis"]
    assert kafka["volumes"] == [f"kafka-data:{kafka['environment']['KAFKA_LOG_DIRS']}"]
    assert redis["volumes"] == ["redis-data:/data"]
    assert redis["command"] == ["redis-server", "--maxmemory-policy", "noeviction", "--appendonly", "yes"]


def test_redis_is_where_the_settings_say(settings_of: SettingsOf, published: Published) -> None:
    """Containers reach it by name, this machine by the default address."""
    port = published("redis")
    for name in ALL_OURS:
        url = urlsplit(settings_of(name).redis.url.get_secret_value())
        assert (url.hostname, url.port) == ("redis", port.inside)
    default = urlsplit(Settings().redis.url.get_secret_value())
    assert (default.hostname, default.port) == (port.host, port.outside)


def test_health_is_published_and_asked(services: Services, settings_of: SettingsOf, published: Published) -> None:
    """The scorer listens where Docker forwards to, and its health check asks that port."""
    health = settings_of("scorer").health
    assert published("scorer") == ("127.0.0.1", Settings().health.port, health.port)
    assert health.host == "0.0.0.0"
    assert f"http://127.0.0.1:{health.port}/health/live" in services["scorer"]["healthcheck"]["test"][-1]


def test_the_page_asks_for_a_key(services: Services, published: Published) -> None:
    """It listens for more than its own container, so it does not start before somebody has chosen one."""
    given = {name: str(value) for name, value in services["page"]["environment"].items()}
    with pytest.raises(Misconfigured, match=r"set serve\.keys"):
        load(env=given)
    serve = load(env=given | {"FRAUDSTREAM_SERVE_KEYS": "k" * 16}).serve
    assert published("page") == ("127.0.0.1", Settings().serve.port, serve.port)
    assert services["page"]["command"] == ["serve", "--node", f"scorer:{published('scorer').inside}"]
    assert f"http://127.0.0.1:{serve.port}/health" in services["page"]["healthcheck"]["test"][-1]


def test_a_new_container_is_the_same_worker(settings_of: SettingsOf) -> None:
    """The node has a name, so that the static member and its transactions outlive the container."""
    score = settings_of("scorer").score
    assert score.node
    assert score.membership == "static"


def test_the_scorer_may_finish_its_lot(services: Services) -> None:
    """Docker waits longer than the supervisor does before it kills, and starts a scorer that died."""
    assert int(services["scorer"]["stop_grace_period"].removesuffix("s")) > GRACE_S
    assert services["scorer"]["restart"] == "unless-stopped"


def test_start_order(services: Services) -> None:
    """The scorer starts when Kafka and Redis are healthy and the topics are there."""
    waits = {name: each["condition"] for name, each in services["scorer"]["depends_on"].items()}
    assert waits == {
        "kafka": "service_healthy",
        "redis": "service_healthy",
        "topics": "service_completed_successfully",
    }
    assert all("healthcheck" in services[name] for name in ("kafka", "redis"))
    assert services["topics"]["command"] == ["topics", "create"]


def test_nothing_listens_beyond_this_machine(services: Services, published: Published) -> None:
    """Every published port is bound to 127.0.0.1, and no two are the same."""
    ports = [published(name) for name in services if "ports" in services[name]]
    assert {port.host for port in ports} == {"127.0.0.1"}
    assert len({port.outside for port in ports}) == len(ports)


def test_our_containers_have_no_rights_to_spare(services: Services) -> None:
    """They may write to their volume and to a scratch folder alone, and may become nobody else."""
    for name in ALL_OURS:
        service = services[name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        ours, *others = service["volumes"]
        assert ours == "fraudstream-data:/var/lib/fraudstream"
        assert all(each.endswith(":ro") for each in others)


def test_variables_are_offered_with_their_defaults(compose_text: str, offered: dict[str, str]) -> None:
    """.env.example shows every variable of the compose file with the default it has there, and no other."""
    used = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", compose_text))
    assert compose_text.count("$") == len(re.findall(r"\$\{\w+:-[^}]*\}", compose_text))
    assert offered == {"COMPOSE_PROFILES": "", **used}


def test_the_registry_is_where_the_example_says(services: Services, published: Published, root: Path) -> None:
    """The address that .env.example gives for the registry is that of the service."""
    (address,) = re.findall(r"http://\S+?:\d+", (root / ".env.example").read_text("utf-8"))
    registry, port = services["registry"], published("registry").inside
    assert address == f"http://registry:{port}"
    assert registry["environment"]["KARAPACE_PORT"] == str(port)
    assert f"127.0.0.1:{port}" in registry["healthcheck"]["test"][-1]


def test_mounted_files_exist(services: Services, root: Path) -> None:
    """Docker would make an empty folder of a missing file."""
    mounts = [each for service in services.values() for each in service.get("volumes", []) if each.startswith("./")]
    assert mounts
    for each in mounts:
        assert (root / each.split(":")[0]).is_file()
        assert each.endswith(":ro")
