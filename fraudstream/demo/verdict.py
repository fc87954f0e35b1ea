"""The audit at the end: what went in, compared with what came out."""

from dataclasses import dataclass

from fraudstream.demo.board import ScoreBoard


@dataclass(frozen=True, slots=True)
class Verdict:
    """`wrong` None: nothing was decided once more."""

    board: ScoreBoard
    sent: int
    wrong: int | None = None

    @property
    def lost(self) -> int:
        return max(self.sent - self.board.scored, 0)

    @property
    def clean(self) -> bool:
        board = self.board
        return board.scored == self.sent and not (board.doubled or board.disordered or self.wrong)

    def __str__(self) -> str:
        board, first = self.board, self.board.first_flag_after
        flagged = board.scored - board.outcomes["approve"]
        counted = f"{self.sent:,} transactions, {board.scored:,} answered, {flagged:,} flagged"
        when = f"first flag after {first:.1f} s" if first is not None else "no flag"
        said = [
            f"{counted}: {self.lost:,} lost, {board.doubled:,} doubled, {board.disordered:,} out of order; {when}",
            f"by the simulator's truth: {board.told_truth}",
        ]
        if self.wrong is not None:
            said.append(f"workers killed: {board.killed:,}; decided once more from the logs: {self.wrong:,} wrong")
        return "\n".join(said)
