from io import StringIO

from rich.console import Console

from fraudstream.replaying.sheets import Sheet, draw, render

SHEETS = [
    Sheet("checks", [("equal", "1,000"), ("differs", "7")], ("word", "count"), "a note", frozenset({1})),
    Sheet("", [], note="done"),
]


def test_plain_lines_are_aligned() -> None:
    """Numbers to the right; no line ends in blanks."""
    lines = ["checks", "  word     count", "  equal    1,000", "  differs      7", "  a note", "", "  done"]
    assert render(SHEETS).split("\n") == lines


def test_a_terminal_shows_the_same_words() -> None:
    """With colours for what is equal and what is not."""
    output = StringIO()
    draw(SHEETS, Console(file=output, width=100, force_terminal=True, color_system="standard", legacy_windows=False))
    drawn = output.getvalue()
    for word in ("checks", "word", "1,000", "a note", "done"):
        assert word in drawn
    assert "\x1b[32mequal" in drawn
    assert "\x1b[1;31mdiffers" in drawn


def test_nothing_moves_the_cursor() -> None:
    """Whatever a record holds."""
    nasty = [Sheet("x", [("\x1b[2J\n",)], note="\x07")]
    output = StringIO()
    draw(nasty, Console(file=output, width=100))
    for shown in (render(nasty), output.getvalue()):
        assert "\x1b" not in shown
        assert "\x07" not in shown
