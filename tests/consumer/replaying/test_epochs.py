from consumer.replaying.epochs import Epoch, Epochs
from consumer.replaying.stretch import Stretch
from models.decide import ModelRef


def epoch(first: int, worker: str = "w") -> Epoch:
    return Epoch(0, first, ModelRef("rules", "1", "ab"), "p", 3, None, (), None, "1", worker)


def firsts(epochs: Epochs, *offsets: int) -> list[int | None]:
    return [None if (found := epochs.at(each)) is None else found.first_offset for each in offsets]


def test_an_epoch_holds_up_to_the_next_one() -> None:
    """Nothing holds before the first."""
    epochs = Epochs([epoch(5), epoch(20)])
    assert firsts(epochs, 4, 5, 19, 20, 10**9) == [None, 5, 5, 20, 20]
    assert not epochs.goes_back


def test_a_stretch_is_cut_where_epochs_begin() -> None:
    """Parts of one epoch each, in order, none of them empty."""
    epochs = Epochs([epoch(5), epoch(20), epoch(30)])
    cut = [(part.start, part.end, each and each.first_offset) for part, each in epochs.cuts(Stretch(0, 2, 30))]
    assert cut == [(2, 5, None), (5, 20, 5), (20, 30, 20)]


def test_epochs_that_go_back_are_known_by_their_names() -> None:
    """Of two that begin at the same offset the first is believed, as with decisions."""
    epochs = Epochs([epoch(5), epoch(20), epoch(10), epoch(20, "other")])
    assert epochs.goes_back
    named = epochs.named(20)
    assert named is not None
    assert named.worker == "w"
    assert firsts(epochs, 12, 25) == [10, 20]
    assert epochs.named(11) is None


def test_no_epochs_say_nothing() -> None:
    """A partition that nobody has scored."""
    assert firsts(Epochs([]), 0, 5) == [None, None]
