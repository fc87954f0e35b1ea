"""The command line: names, help and exit codes. What a command does stands in its own module and room."""

import os
import sys
from collections.abc import Callable
from typing import Final

import typer

from fraudstream.commands import (
    churn,
    demo,
    dlq,
    doctor,
    drift,
    erase,
    evaluate,
    explain,
    features,
    flags,
    labels,
    lists,
    local,
    lookup,
    models,
    nightly,
    offer,
    operate,
    policies,
    publish,
    replay,
    rules,
    score,
    serve,
    settings,
    simulate,
    state,
    top,
    topics,
    train,
    tutorial,
)
from schemas.errors import DONE, FraudstreamError, Usage

INTERRUPTED: Final = 130
WRONG_WORDS: Final = 2
"""What the library ends with when it does not understand the command line; ours is that of Usage."""

app = typer.Typer(
    name="fraudstream",
    help="Card fraud scoring on Kafka: exactly once, explainable, recomputable.",
    epilog="Begin with `fraudstream demo`; on your own broker with `fraudstream doctor`.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

COMMANDS: Final[dict[Callable[..., None], str]] = {
    demo.demo: "Watch transactions being scored on a real Kafka.",
    tutorial.tutorial: "Try out batch against real time.",
    local.up: "Start a real Kafka and Redis on this machine.",
    local.down: "Stop what `up` started.",
    local.status: "Tell whether they run and answer.",
    score.score: "Score transactions until stopped.",
    serve.serve: "Show the stream in a browser, answer requests.",
    publish.publish: "Publish transactions from a file or a pipe.",
    simulate.simulate: "Make up transactions, some of them fraud.",
    labels.label: "Publish a verdict on one transaction.",
    features.features: "Write the training table of any transactions.",
    train.train: "Train a model, judge it, register it.",
    evaluate.evaluate: "Judge a model on labelled transactions.",
    drift.drift: "Tell whether transactions still look as they did.",
    flags.flags: "Print flags as they come.",
    top.top: "Watch the workers: lag, latency, outcomes.",
    explain.explain: "Take one decision apart, and compute it anew.",
    lookup.lookup: "Tell what is known of single customers.",
    offer.offer: "Tell what to offer a customer who calls.",
    erase.erase: "Take one customer out of what is kept.",
    replay.replay: "Compute past decisions anew and compare them.",
    doctor.doctor: "Find out what is wrong, and how to mend it.",
    settings.settings: "Show each setting and where it comes from.",
}
for command, summary in COMMANDS.items():
    app.command(short_help=summary)(command)
app.add_typer(topics.app, name="topics", short_help="Make and check the product's topics.")
app.add_typer(labels.app, name="labels", short_help="Publish many verdicts at once.")
app.add_typer(dlq.app, name="dlq", short_help="See what could not be scored, and send it back.")
app.add_typer(operate.app, name="operate", short_help="Pause, skip, drain, move a running group.")
app.add_typer(state.app, name="state", short_help="See, prune, seed and rebuild snapshots of the cards' state.")
app.add_typer(models.app, name="models", short_help="See, check, promote and roll back models.")
app.add_typer(churn.app, name="churn", short_help="Train, judge and explain churn models.")
app.add_typer(policies.app, name="policies", short_help="See, add, promote and roll back policies.")
app.add_typer(nightly.app, name="nightly", short_help="Score every customer, publish the scores, go back.")
app.add_typer(rules.app, name="rules", short_help="See and try the rules; snooze one.")
app.add_typer(lists.app, name="lists", short_help="Block or allow by hand, for a time.")


def main() -> None:
    """Every failure is one message on stderr and the exit code of its class."""
    try:
        app()
    except FraudstreamError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 the command line speaks here
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)
    except Exception as error:
        end = refusal(error)
        if end is None:
            raise
        print(f"error: {end}", file=sys.stderr)  # noqa: T201
        sys.exit(end.exit_code)
    except SystemExit as end:
        sys.exit(Usage.exit_code if end.code == WRONG_WORDS else end.code)


def refusal(error: Exception) -> FraudstreamError | None:
    """A Kafka client that cannot be made says so with an error of its own, whichever command wanted it."""
    if "confluent_kafka" not in sys.modules:
        return None
    from confluent_kafka import KafkaError, KafkaException

    if not isinstance(error, KafkaException) or error.args[0].code() not in {
        KafkaError._INVALID_ARG,  # noqa: SLF001
        KafkaError._CONFLICT,  # noqa: SLF001
    }:
        return None
    from fraudstream.topics import unaccepted

    return unaccepted(error)
