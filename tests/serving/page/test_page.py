"""The page in a real browser: what it shows, how it is used, and what it leaves alone."""

import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from playwright.sync_api import Page, expect

from serving.page.facts import Note, Source, State

Visit = Callable[..., Page]
PHONE: Final = {"width": 360, "height": 760}
CONTRASTS: Final = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => [r, g, b].map((v) => linear(v / 255))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const over = (top, under) => top.slice(0, 3).map((v, i) => v * (top[3] ?? 1) + under[i] * (1 - (top[3] ?? 1)));
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || element.closest("script, style, :disabled")) continue;
    if (!element.checkVisibility({ visibilityProperty: true })) continue;
    if (document.querySelector("dialog[open]") && !element.closest("dialog")) continue;
    const under = ground(element);
    const [one, other] = [light(over(parse(getComputedStyle(element).color), under)), light(under)];
    const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    const said = node.textContent.trim().slice(0, 40);
    found.push([Math.round(ratio * 100) / 100, element.className || element.tagName, said]);
  }
  return found;
}"""


def rows(page: Page) -> Any:
    return page.locator("#rows tr")


def open_first(page: Page, event: str = "e-000029") -> None:
    page.locator(f'#rows tr[data-event="{event}"] .why button').click()
    expect(page.locator("#detail")).to_be_visible()


def signed(text: str) -> float:
    return float(text.replace("\N{MINUS SIGN}", "-"))


def narrow(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def test_it_shows_what_happens(site: Any, visit: Visit) -> None:
    """Figures with their units, outcomes in numbers, flags with sentences, the model, the generation, its age."""
    page = visit(site.url)
    expect(page.locator("#rate")).to_have_text(re.compile(r"^\d+$"))
    expect(page.locator("#p50")).to_have_text(re.compile(r"^\d+\.\d ms$"))
    expect(page.locator("#p99")).to_have_text(re.compile(r" ms$"))
    expect(page.locator("#outcomes")).to_contain_text("Blocked")
    expect(page.locator("#lag-under")).to_contain_text("the oldest for")
    expect(rows(page)).to_have_count(30)
    first = rows(page).first
    expect(first.locator(".why")).to_contain_text(re.compile(r"[A-Z].*\. [A-Z].*\."))
    expect(first.locator(".badge").first).to_have_text(re.compile("Blocked|To review"))
    expect(page.locator("#model")).to_contain_text("fraud 3")
    expect(page.locator("#churn")).to_contain_text("5 h ago")
    expect(page.locator("#spark-rate path")).to_have_count(2)
    assert "at most" in (page.locator("#spark-rate").get_attribute("aria-label") or "")


def test_flags_arrive(site: Any, visit: Visit) -> None:
    """A flag is there within a moment, on top, without anything being asked for; the rows below stay what they were."""
    page = visit(site.url)
    expect(rows(page)).to_have_count(30)
    page.evaluate("document.querySelectorAll('#rows tr').forEach((row) => { row.stayed = true; })")
    site.seeded.flag(1_000, card="c-new")
    expect(rows(page).first).to_contain_text("c-new")
    assert (
        page.evaluate("[...document.querySelectorAll('#rows tr')].map((row) => !row.stayed)") == [True] + [False] * 30
    )


def test_the_list_stands_still_while_it_is_read(site: Any, visit: Visit) -> None:
    """Under the pointer, with the focus inside and when it was told to pause; then it goes on with what came."""
    page = visit(site.url)
    expect(rows(page).nth(20)).to_be_attached()
    page.locator("#scroll").hover()
    site.seeded.flag(1_001, card="c-held")
    expect(page.locator("#held")).to_have_text("1 newer")
    assert "c-held" not in rows(page).first.inner_text()
    page.mouse.move(5, 5)
    expect(rows(page).first).to_contain_text("c-held")
    page.locator("#pause").click()
    site.seeded.flag(1_002, card="c-paused")
    expect(page.locator("#held")).to_have_text("1 newer")
    page.locator("#pause").click()
    expect(rows(page).first).to_contain_text("c-paused")


def test_a_click_shows_why(site: Any, visit: Visit) -> None:
    """Sentences, the score and its thresholds, contributions that add up, features with meanings, the card's past."""
    page = visit(site.url)
    site.seeded.flag(2_000, card="c-past")
    site.seeded.flag(2_001, card="c-past", reasons=("burst", "amount_unusual"))
    open_first(page, "e-002001")
    detail = page.locator("#detail")
    expect(detail).to_contain_text("The card is used again and again within minutes.")
    expect(detail.locator(".gauge .at")).to_have_count(2)
    expect(detail.locator(".shares tbody tr").nth(1)).to_be_visible()
    shares = [signed(each) for each in detail.locator(".shares tbody td.number").all_inner_texts()]
    margin = signed(detail.locator(".shares tfoot td.number").inner_text())
    assert sum(shares) == pytest.approx(margin, abs=0.1)
    expect(detail.locator(".past tbody tr")).to_have_count(10)
    detail.get_by_text("What the card pays").click()
    expect(detail).to_contain_text("amount over the highest of the 30 days before", ignore_case=True)
    expect(detail).to_contain_text("transactions/1/2001")


def test_a_click_shows_what_the_card_did(site: Any, visit: Visit) -> None:
    """Approved ones too, each with a shape, a word and how that is known; how far back was looked; what went wrong."""
    page = visit(site.url, allow="503")
    site.seeded.flag(2_003, card="c-gone")
    site.seeded.flag(2_002, card="c-did", outcome="review")
    open_first(page, "e-002002")
    past, part = page.locator(".past tbody tr"), page.locator(".part", has_text="The card's recent history")
    expect(past.locator(".badge")).to_have_text(["To review", "Approved", "Waiting", "Not scored", "Not known"])
    assert past.locator(".badge svg use").count() == 5
    expect(past.first).to_have_attribute("aria-current", "true")
    expect(past.first).to_contain_text("this flag")
    expect(past.first).to_contain_text(re.compile(r"score 0\.\d{3}.*DE, online, category 5411"))
    expect(past.nth(1)).to_contain_text("no flag, so approved")
    expect(part).to_contain_text("2026-06-19 11:00:00 UTC and no further: there may be earlier ones")
    page.keyboard.press("Escape")
    site.seeded.recorded.no_history = True
    open_first(page, "e-002002")
    expect(part).to_contain_text("Kafka does not answer")
    site.seeded.recorded.no_history = False
    again = part.get_by_role("button", name="Try again")
    again.focus()
    page.keyboard.press("Enter")
    expect(past).to_have_count(5)
    expect(part.locator("h3")).to_be_focused()
    page.keyboard.press("Escape")
    open_first(page, "e-002003")
    expect(part).to_contain_text("Nothing was found of this card")
    expect(part).to_contain_text("no further")


def test_a_verdict_is_published(site: Any, visit: Visit) -> None:
    """Everything that a label holds, said to be published only then, and corrected by the other button."""
    page = visit(site.url)
    open_first(page)
    labels = site.seeded.recorded.labels
    labels.clear()
    page.get_by_role("button", name="Confirm fraud").click()
    expect(page.locator(".decide")).to_contain_text("Published: fraud")
    sent = site.seeded.recorded.decisions["e-000029"]
    copied = ("event_id", "card_id", "terminal_id", "amount_minor", "currency", "event_time")
    assert labels == [{name: sent[name] for name in copied} | {"is_fraud": True, "source": "live page"}]
    page.get_by_role("button", name="Clear: genuine").click()
    expect(page.locator(".decide")).to_contain_text("Published: genuine")
    assert [each["is_fraud"] for each in labels] == [True, False]
    page.keyboard.press("Escape")
    verdict = page.locator('#rows tr[data-event="e-000029"] .verdict')
    expect(verdict).to_have_text("genuine")
    cell = verdict.locator("xpath=..")
    assert cell.evaluate("(it) => it.scrollWidth <= it.clientWidth && it.clientHeight <= 60")


def test_a_verdict_that_was_not_published_is_said(site: Any, visit: Visit) -> None:
    """With the server's words, and the buttons can be pressed again."""
    page = visit(site.url, allow="503")
    open_first(page, "e-000028")
    site.seeded.recorded.fails = True
    page.get_by_role("button", name="Confirm fraud").click()
    expect(page.locator(".decide .wrong")).to_contain_text("the broker does not answer")
    site.seeded.recorded.fails = False
    page.get_by_role("button", name="Confirm fraud").click()
    expect(page.locator(".decide")).to_contain_text("Published: fraud")


def test_it_is_used_by_keyboard_alone(site: Any, visit: Visit) -> None:
    """One stop for the whole list, arrows within it, Enter opens, the focus stays in there, Escape gives it back."""
    page = visit(site.url)
    expect(rows(page).nth(2)).to_be_attached()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(9):
        if page.evaluate("document.activeElement.closest('#rows') !== null"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(rows(page).nth(1).locator(".why button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#detail-title")).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement.closest('dialog') !== null || document.activeElement === document.body"
        )
    page.keyboard.press("Escape")
    expect(rows(page).nth(1).locator(".why button")).to_be_focused()


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 900}], ids=["phone", "desk"])
def test_every_text_can_be_read(site: Any, visit: Visit, size: Any) -> None:
    """4.5 to 1 at least, in both themes, on the page and in the detail; and on a phone nothing goes over the edge."""
    page = visit(site.url, size=size, reduced_motion="reduce")
    site.seeded.live.figures(None, [Note("Something is degraded.", "fraudstream doctor")])
    expect(page.locator("#notes")).to_contain_text("degraded")
    expect(rows(page).nth(2)).to_be_attached()
    _readable(page)
    assert narrow(page)
    site.seeded.flag(2_100, card="c-read")
    open_first(page, "e-002100")
    expect(page.locator("#detail .shares")).to_be_visible()
    expect(page.locator("#detail .past")).to_be_visible()
    _readable(page)
    assert narrow(page)
    assert page.evaluate("document.querySelector('#detail').scrollWidth <= innerWidth")


def _readable(page: Page) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        expect(page.locator("html")).to_have_attribute("data-theme", scheme)
        found = page.evaluate(CONTRASTS)
        assert len(found) > 20
        assert [each for each in found if each[0] < 4.5] == []


def test_the_theme_can_be_chosen(site: Any, visit: Visit) -> None:
    """As the system has it, light, dark; it is still so after the page was loaded again."""
    page = visit(site.url, color_scheme="light")
    button = page.locator("#theme")
    expect(button).to_have_attribute("aria-label", "Theme: as the system has it")
    button.click()
    button.click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_it_moves_nothing_for_those_who_asked(site: Any, visit: Visit) -> None:
    """Reduced motion is none."""
    page = visit(site.url, reduced_motion="reduce")
    expect(rows(page).nth(2)).to_be_attached()
    assert page.evaluate("document.getAnimations().length") == 0


def test_what_is_empty_says_what_fills_it(bare: Any, visit: Visit) -> None:
    """Each place names the command; and what is away is said in words, not in colour alone."""
    page = visit(bare.url)
    expect(page.locator("#no-flags")).to_contain_text("Looking for flags")
    live = bare.seeded.live
    live.source("flags", Source(State.OK, "fraud-flags at 127.0.0.1:9092"))
    live.source("workers", Source(State.AWAY, "127.0.0.1:9464: nothing listens there", "fraudstream score"))
    live.source("redis", Source(State.EMPTY, "No generation was published yet."))
    live.source("registry", Source(State.EMPTY, "Nothing was promoted."))
    live.figures(None)
    expect(page.locator("#no-flags")).to_contain_text("fraudstream simulate --rate 50")
    expect(page.locator("#work")).to_contain_text("fraudstream score")
    expect(page.locator("#churn")).to_contain_text("fraudstream nightly run")
    expect(page.locator("#model")).to_contain_text("fraudstream train")
    expect(page.locator("#sources [data-state=away]")).to_have_text(re.compile("Workers: away"))
    live.source("flags", Source(State.EMPTY, "the broker has no topic fraud-flags", "fraudstream topics create"))
    expect(page.locator("#no-flags")).to_contain_text("fraudstream topics create")
    live.source("flags", Source(State.AWAY, "the broker does not answer", "fraudstream up"))
    expect(page.locator("#no-flags")).to_contain_text("fraudstream up")


def test_it_comes_back_when_the_server_does(bare: Any, visit: Visit) -> None:
    """It says that it is not connected, tries again by itself, and goes on with what is there then."""
    page = visit(bare.url, allow="ERR_")
    bare.stop()
    expect(page.locator("#link-said")).to_have_text("Reconnecting")
    expect(page.locator("#announce")).to_contain_text("Not connected")
    bare.seeded.flag(7, card="c-after")
    bare.start()
    expect(page.locator("#link-said")).to_have_text("Live", timeout=15_000)
    expect(rows(page).first).to_contain_text("c-after")


def test_what_a_record_holds_is_no_markup(bare: Any, visit: Visit) -> None:
    """A card with a tag for a name is a card with a strange name."""
    page = visit(bare.url)
    bare.seeded.flag(8, card='<img src=x onerror="document.title=1"><script>alert(1)</script>')
    expect(rows(page).first).to_contain_text("<img src=x")
    assert page.title() == "fraudstream"
    assert page.locator("#rows img").count() == 0


def test_it_asks_for_a_key_where_one_is_wanted(visit: Visit, site_with_key: Any) -> None:
    """A wrong one is refused in words; the right one is kept for this tab and opens everything."""
    page = visit(site_with_key.url, live=False, allow="401")
    dialog = page.locator("#ask")
    expect(dialog).to_be_visible()
    page.locator("#key").fill("w" * 20)
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("does not know this key")
    page.locator("#key").fill(site_with_key.settings.keys.get_secret_value())
    page.keyboard.press("Enter")
    expect(page.locator("#link-said")).to_have_text("Live")
    open_first(page, "e-000005")
    expect(page.locator("#detail .shares")).to_be_visible()
    page.reload()
    expect(page.locator("#link-said")).to_have_text("Live")
