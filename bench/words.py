"""The sentences of docs/benchmarks.md that do not follow from figures."""  # noqa: INP001

from typing import Final

INTRODUCTION: Final = """\
One job, done by every peer on the same broker, the same topic and the same model: Avro transactions in, per card the
count and the sum of the last hour (exact), 15 features, a gradient boosting of 100 trees with 31 leaves, every score
out with its key. `bench/peers/job.py` is its definition. The transactions are simulated. Ratios within this page carry
over to other machines; figures a second do not.
"""

METHOD: Final = """\
- **Saturation.** The topic is filled first; a peer starts with an empty state and a new group. Its outputs carry the
  broker's timestamps, and the rate is that of the last two thirds of the time between the first output and the last:
  start, compilation and warm-up are left out for all. Where only flags are written, the positions that the group
  commits count in place of outputs.
- **Open loop.** A sender in a process of its own puts events on an empty topic at a fixed rate, whatever comes back. An
  event counts from the moment it was due, so that a peer that stalls is charged for everything that waited meanwhile
  (no coordinated omission), until a reader of committed records has its output.
- **Processor and memory** are those of the peer with all its child processes, from the kernel's accounts over the same
  time as the rate; memory is the sum of what each process held at most.
- **Turns.** Peers alternate, and each round begins with another one. Figures are medians of the rounds.
- **Equality.** Each run's first scores are compared with those that scikit-learn gives for windows computed in one
  pass; a peer that is further off than 1e-12 anywhere, or answers an event twice under exactly-once, has no figure.
- **Order.** The input is in order of event time per partition, without duplicates: no peer needs an allowance for
  late events, and every window is exact.
"""

CAVEATS: Final = """\
- Broker, peer, sender and reader share the machine's cores. A peer that leaves the broker more of them gains twice.
- One broker, replication 1, no TLS: transactions are cheaper here than on a cluster of three.
- `product-job` is the product's worker with the job's features, model and output in the place of its own. It
  is the same process otherwise, with snapshots, labels and churn asked for. Its cards remember all that the product's
  do, 37 days of entries instead of an hour. It is not a command that users have.
- **The product does more than the job**: `fraudstream score` computes all its features, rules, reasons and drift, asks
  for churn, writes snapshots, and uses its own model. Its scores are therefore not compared here; that they equal the
  library's, bit for bit, is held by its tests. Flags-only writes few records, which is in its favour; a decision is a
  record of about 525 bytes where a score has 19, which is not.
- The plain loops, FastStream and the pass-through keep **no durable state**: after a crash their windows are wrong.
  That is in their favour. Kafka Streams and Quix Streams keep theirs in RocksDB and a changelog; the product keeps its
  in memory with snapshots.
- Kafka Streams runs two threads in one process; its trees are flat arrays in Java, not a general model server. Its
  state is one value per card, read and written once an event, with caching on. Where latency is measured its producer's
  linger is 0; throughput has the default.
- Python peers call scikit-learn's `predict_proba`, as their users would, on one thread of OpenMP: the
  broker needs the other core.
- fastavro reads the schema without its logical type, so that no `datetime` is built for each record.
- Lots of the loops are bounded by what has come, never waited for. `fetch.queue.backoff.ms` is 2 in every client of
  librdkafka that lets it be set: with its default of 1,000 a full queue pauses fetching for up to a second.
- At-least-once peers commit on an interval and would repeat up to that much after a crash; nothing crashes here. What
  failures cost is another page's: [faults](faults.md).
- Java peers run on the broker's Java runtime, with 1 GiB of heap.
"""

LEFT_OUT: Final = """\
- **The client's calls by the lot.** Of 3.3 us that the job takes an event, the client's calls for single messages are
  1.2: taking them .5, handing them over .7. librdkafka can do both by the lot, and Python can reach that without a
  compiler, through the library inside of the client's wheel. But the name of that library and where its fields lie
  change with the wheel, the client's callbacks and errors would have to be made anew, and a mistake is not an
  exception but the end of the process in the middle of a transaction. What decides about payments stays on calls that
  somebody promises to keep. So a bare loop on the same client is the bound.
- **Publishing a lot while the next one is computed.** Kernels run without the interpreter's lock, and a thread can
  commit meanwhile. Tried, the job was 4 to 9 % slower in two pairs of runs: handing over holds the lock, taking the
  next lot waits for it, and a million events took 4.1 s of processor instead of 3.6. Two workers do the same with two
  interpreters, and are in the table.
- **Computing a lot while the one before is delivered**, at least once. Tried, half of the events at 1,000/s were
  answered within 2.3 ms instead of 2.7, the slowest hundredth no sooner, at 10,000/s none, and a million events took as
  much processor. Not worth a protocol in which what is counted is not delivered yet.
- **Windows that are kept running.** Counts and sums need not be summed anew with each event; but highest, median and
  outliers look at each amount anyway, and what is kept running has to be mended with each late event.
"""

MISSED: Final = {
    "the same job, 1 worker: Kafka Streams, exactly once": (
        "an event takes one interpreter {product-job-1} us. A loop that only hands records on takes {pass-through-tx} "
        "us on the same client, and is {bare against Streams} times Kafka Streams itself; what it does not do is "
        "{decode to encode, the job of the peers us} us in lots of 1,000, and somewhat less in larger ones. Kafka "
        "Streams has {streams-eos cores} cores for that, the worker {product-job-1 cores}."
    ),
    "the same job, 1 worker: bare transactions": (
        "for the same reason: the aim leaves the job half of the time that the bare loop takes for nothing at all. "
        "A worker that kept an hour instead of 37 days, and neither verdicts nor snapshots, would be nearer."
    ),
    "the same job, 2 workers: Kafka Streams, exactly once": (
        "the machine is full. A million events take the workers {product-job-2 cpu} s of processor and the broker "
        "{product-job-2 broker}, on two cores. More cores were not tried."
    ),
    "flags only, all features: bare transactions of every record": (
        "{product-flags-1} us an event for everything, against {pass-through-tx} of a loop that does nothing."
    ),
    "p99 at 1,000/s, at least once: the bare loop": (
        "computing is done by the lot, and a lot of one or two costs nearly what one of a hundred does, most of a "
        "millisecond; then its delivery is awaited. An event that comes meanwhile waits for all of that. The bare loop "
        "computes nothing and awaits nothing; the tuned Python loop (`batches`) is where this one is."
    ),
    "15 features of the job, decode to encode, us": (
        "decoding is {decode us} us, what cards remember {fold us}, verdicts {labels us}: the product's own state, of "
        "which the job needs an hour. The rest is trees and encoding."
    ),
    "all features, decode to encode, flags only, us": (
        "deciding is {decide us} us of it: trees {score us}, and reasons {reasons us}. Then {fold us} for what cards "
        "remember, {decode us} for decoding, {labels us} for verdicts, and {watch us} for drift. Each waits for memory "
        "more than it computes: what a million events need does not lie in the caches, and lots of 1,000 are small."
    ),
    "everything that a card remembers, us": (
        "highest, median and outliers look at each amount of 30 days, with every event: a block of memory that is in "
        "no cache is waited for, however few instructions follow. Lots of 20,000 are a fifth faster."
    ),
    "bytes of a card with 45 entries in 30 days": (
        "what may come late is remembered for seven days more: 45 transactions in 30 days are 55 entries."
    ),
    "from the start of `fraudstream score` to its first flag, s": (
        "more than a second of it are imports of scikit-learn and of what reads models without running them. The rest "
        "is two processes that begin, the registry, the group's first assignment, and what is asked of the broker, "
        "which has been started for this only just: later rounds are faster."
    ),
    "a gap folded again: a bare client's reading": (
        "one interpreter takes records from the client, decodes and folds them, one after the other: {gap} million a "
        "second, where the bare client only counts them, {bare reading} million. Later rounds are faster, for the "
        "same reason as first flags."
    ),
}
"""Why an aim is missed, if it is; with figures of the same results."""
