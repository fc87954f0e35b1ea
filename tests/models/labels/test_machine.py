"""A book in the hands of Hypothesis: learn, ask, restore and forget in any order."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from support.labels import DAY, HOUR, START, Label, Oracle, Question, answered, columns, same

from models.labels import LabelBook

HOURS = st.integers(0, 140 * 24)
EDGE = st.sampled_from([0, 1, HOUR - 60_001, HOUR - 60_000, HOUR - 59_999, HOUR - 1])


@st.composite
def verdicts(draw: st.DrawFn) -> Label:
    """Few events, each with its card, terminal and time; any verdict at any time after it."""
    event = draw(st.integers(0, 9))
    time = START + (event * 37 % 60) * DAY + event * 1_234_567
    known = time + draw(HOURS) * HOUR
    return Label(
        event,
        card=event % 3,
        terminal=event % 2,
        amount=event**9,
        event_time=time,
        is_fraud=draw(st.booleans()),
        known_at=known // HOUR * HOUR + draw(EDGE),
        partition=event % 3,
        offset=draw(st.integers(0, 1000)),
    )


class Books(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.book, self.labels, self.oldest = LabelBook(), list[Label](), 0

    @rule(labels=st.lists(verdicts(), min_size=1, max_size=30))
    def learn(self, labels: list[Label]) -> None:
        places = {(each.event, each.known_at, each.offset) for each in self.labels}
        fresh = list({(each.event, each.known_at, each.offset): each for each in labels}.values())
        oracle = Oracle([])
        fresh = [each for each in fresh if (each.event, each.known_at, each.offset) not in places]
        fresh = [each for each in fresh if oracle.effect(each) * HOUR >= self.oldest]
        self.labels += fresh
        self.book.learn(columns(fresh))

    @precondition(lambda self: self.labels)
    @rule(hours=st.lists(st.integers(0, 330 * 24), min_size=1, max_size=30), within=st.integers(0, HOUR - 1))
    def ask(self, hours: list[int], within: int) -> None:
        times = [max(START // HOUR * HOUR + hour * HOUR + within, self.oldest) for hour in hours]
        asked = [Question(place % 3, place % 2, time) for place, time in enumerate(times)]
        oracle = Oracle(self.labels)
        for question, found in zip(asked, answered(self.book, asked), strict=True):
            assert same(found, oracle.answer(question))

    @rule()
    def restore(self) -> None:
        self.book = LabelBook.from_arrays(self.book.to_arrays())

    @rule(hours=st.integers(0, 250 * 24))
    def forget(self, hours: int) -> None:
        self.oldest = max(self.oldest, START // HOUR * HOUR + hours * HOUR)
        self.book.forget(self.oldest)


Books.TestCase.settings = settings(
    max_examples=60, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
test_any_order_of_use = Books.TestCase
