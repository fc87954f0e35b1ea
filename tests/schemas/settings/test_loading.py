"""Flag over environment over file over default, for every setting by itself; whatever is wrong is named, all of it."""

import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import Misconfigured
from schemas.settings import Settings, load, read
from schemas.settings.kafka import Kafka

NUMBERS = ("score.lot_rows", "score.workers", "topics.partitions", "redis.budget_ms")
PROPERTIES = ("kafka.properties.client.rack", "kafka.properties.linger.ms")
PLACES = st.dictionaries(st.sampled_from([*NUMBERS, *PROPERTIES]), st.integers(1, 99))


def variable(path: str) -> str:
    if path in PROPERTIES:
        name = path.removeprefix("kafka.properties.").replace(".", "_")
        return f"FRAUDSTREAM_KAFKA_PROPERTIES__{name.upper()}"
    return f"FRAUDSTREAM_{path.replace('.', '_').upper()}"


def lines(values: dict[str, int]) -> str:
    return "\n".join(f"{path} = {value}" for path, value in values.items())


def held(settings: Settings, path: str) -> object:
    group, field, *key = path.split(".", 2)
    value = getattr(getattr(settings, group), field)
    return value.get(*key) if key else value


@given(flags=PLACES, env=PLACES, file=PLACES)
def test_the_nearest_source_wins(flags: dict[str, int], env: dict[str, int], file: dict[str, int]) -> None:
    """Whatever is set where, each setting has the value of its nearest source and says which that is."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mine.toml"
        path.write_text(lines(file))
        given_flags = {name: str(value) for name, value in flags.items()}
        loaded = read(given_flags, env={variable(name): str(value) for name, value in env.items()}, file=path)
    for name in (*NUMBERS, *PROPERTIES):
        expected, origin = held(Settings(), name), "default"
        for source, said in ((file, f"{path} line "), (env, f"environment {variable(name)}"), (flags, "command line")):
            if name in source:
                expected, origin = source[name], said
        assert str(held(loaded.settings, name)) == str(expected)
        assert loaded.origin(name).startswith(origin)


def test_without_any_source_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing set anywhere gives the tree as it is written."""
    monkeypatch.chdir(tmp_path)
    assert load(env={}) == Settings()


def test_the_process_environment_counts_unless_another_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is read when `load` is called, not when the module is imported."""
    monkeypatch.setenv("FRAUDSTREAM_SCORE_WORKERS", "3")
    assert load().score.workers == 3
    assert load(env={}).score.workers == 1


def test_the_constructor_never_looks_at_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """`Settings()` is the defaults, whatever the process was started with."""
    monkeypatch.setenv("KAFKA", '{"bootstrap": "elsewhere:1"}')
    monkeypatch.setenv("FRAUDSTREAM_KAFKA_BOOTSTRAP", "elsewhere:1")
    assert Settings().kafka.bootstrap == "127.0.0.1:9092"


def test_tables_are_merged_key_by_key(tmp_path: Path) -> None:
    """A property from the environment joins those of the file instead of replacing the table."""
    path = tmp_path / "mine.toml"
    path.write_text('[kafka.properties]\nsecurity.protocol = "SSL"\n"client.rack" = "a"\nlinger.ms = 5\n')
    env = {"FRAUDSTREAM_KAFKA_PROPERTIES": '{"client.rack": "b", "client.id": "c"}'}
    loaded = read({"kafka.properties.client.id": "d"}, env=env, file=path)
    assert loaded.settings.kafka.properties == {
        "security.protocol": "SSL",
        "client.rack": "b",
        "client.id": "d",
        "linger.ms": "5",
    }
    assert loaded.origin("kafka.properties.client.rack") == "environment FRAUDSTREAM_KAFKA_PROPERTIES"


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Names nobody knows are listed together, from every source, each with the nearest name there is."""
    path = tmp_path / "mine.toml"
    path.write_text("[kafka]\n\nbootstrp = 'a:1'\n")
    with pytest.raises(Misconfigured) as caught:
        load({"score.worker": "2"}, env={"FRAUDSTREAM_REDIS_URI": "x"}, file=path)
    assert caught.value.exit_code == 78
    assert caught.value.message.splitlines() == [
        "3 settings are wrong:",
        "  - score.worker (command line): there is no such setting; did you mean score.workers?",
        "  - FRAUDSTREAM_REDIS_URI (environment): there is no such setting; did you mean FRAUDSTREAM_REDIS_URL?",
        f"  - kafka.bootstrp ({path} line 3): there is no such setting; did you mean kafka.bootstrap?",
    ]


def test_a_bad_value_is_told_with_its_source_and_what_is_allowed() -> None:
    """The sentence names the setting, where it was set, what it said and what it may say."""
    with pytest.raises(Misconfigured) as caught:
        load({}, env={"FRAUDSTREAM_SCORE_WORKERS": "many"})
    assert caught.value.message == (
        "score.workers (environment FRAUDSTREAM_SCORE_WORKERS): 'many' should be: integer from 1 to 256"
    )
    assert caught.value.__context__ is None, "a traceback would drag the library's error and the values along"


def test_settings_that_contradict_each_other_are_both_named() -> None:
    """A contradiction tells both settings and both sources."""
    with pytest.raises(Misconfigured) as caught:
        load({"policy.review_at": "0.95"}, env={})
    assert caught.value.message.startswith("policy.review_at and policy.block_at (command line; default): ")


def test_a_long_value_is_quoted_in_part() -> None:
    """A pasted file does not fill the screen."""
    with pytest.raises(Misconfigured) as caught:
        load({"log.level": "x" * 10_000}, env={})
    assert len(caught.value.message) < 200


def test_settings_cannot_be_changed() -> None:
    """What was loaded holds until the process ends."""
    settings = load(env={})
    with pytest.raises(ValueError, match="frozen"):
        settings.score.workers = 2
    with pytest.raises(ValueError, match="frozen"):
        settings.kafka = Kafka()


def test_settings_travel_to_another_process() -> None:
    """A worker process gets them pickled, secrets included."""
    settings = load({"kafka.properties.sasl.password": "quiet"}, env={})
    travelled = pickle.loads(pickle.dumps(settings))
    assert travelled == settings
    assert travelled.kafka.client()["sasl.password"] == "quiet"


def test_importing_the_settings_is_light() -> None:
    """Commands that only need the settings do not wait for the clients and the compiler."""
    heavy = ("confluent_kafka", "numba", "numpy", "pyarrow", "redis", "rich", "sklearn")
    code = f"import sys, schemas.settings; print([each for each in {heavy} if each in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
