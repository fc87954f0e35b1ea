"""Makes docs/images anew: a real demo is played, and a real browser looks at its page.

    make screenshots

The pictures have a palette of 256 colours, so that they are small. Figures in them are those of simulated people on the
machine that they were made on.
"""

import base64
import re
import struct
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser, Page, sync_playwright

IMAGES: Final = Path(__file__).parent / "images"
CHROMIUM: Final = "/usr/bin/chromium"
FLAGS: Final = 40
PATIENCE_S: Final = 240
MS: Final = 1_000
COLOURS: Final = 256
DESK: Final = (1280, 800)
PHONE: Final = (360, 760)
PIXELS: Final = """async (data) => {
  const image = await createImageBitmap(await (await fetch(data)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext("2d").drawImage(image, 0, 0);
  const bytes = canvas.getContext("2d").getImageData(0, 0, image.width, image.height).data;
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return [image.width, image.height, btoa(text)];
}"""
Pixels = NDArray[np.uint8]


def main() -> None:
    if not Path(CHROMIUM).exists():
        raise SystemExit("the pictures are made in a real browser: apt-get install chromium")
    IMAGES.mkdir(exist_ok=True)
    with _demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        painter = browser.new_page()
        for name, content in _pictures(browser, url):
            small = _small(painter, content)
            (IMAGES / f"{name}.png").write_bytes(small)
            print(f"docs/images/{name}.png: {len(small):,} bytes")
        browser.close()


@contextmanager
def _demo() -> Iterator[str]:
    command = [sys.executable, "-m", "fraudstream", "demo", "--stay", str(PATIENCE_S)]
    with tempfile.NamedTemporaryFile("w+", encoding="utf-8") as said:
        demo = subprocess.Popen(command, stdout=said)  # noqa: S603 - our own command line
        try:
            yield _url(demo, Path(said.name))
        finally:
            demo.terminate()
            demo.wait()


def _url(demo: subprocess.Popen[bytes], said: Path) -> str:
    end = time.monotonic() + PATIENCE_S
    while demo.poll() is None and time.monotonic() < end:
        if found := re.search(r"live page: (http\S+)", said.read_text("utf-8")):
            return found[1]
        time.sleep(0.2)
    raise SystemExit("the demo has no page; install the extra `serve`")


def _pictures(browser: Browser, url: str) -> Iterator[tuple[str, bytes]]:
    page = _open(browser, url, DESK, "light")
    page.locator("#rows tr").nth(FLAGS - 1).wait_for(timeout=PATIENCE_S * MS)
    page.locator("#rate-under", has_text="min").wait_for(timeout=PATIENCE_S * MS)
    page.mouse.move(640, 20)
    time.sleep(3)
    yield "page", page.screenshot()
    _explain(page)
    yield "page-detail", page.screenshot()
    yield "page-dark", _explain(_open(browser, url, DESK, "dark")).screenshot()
    phone = _open(browser, url, PHONE, "light")
    phone.wait_for_selector("#rows tr")
    yield "page-phone", phone.screenshot()


def _open(browser: Browser, url: str, size: tuple[int, int], scheme: str) -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("#link[data-state=live]")
    return page


def _explain(page: Page) -> Page:
    page.locator('#rows tr:has([data-outcome="block"]) .why button').first.click()
    page.wait_for_selector("#detail .shares", timeout=PATIENCE_S * MS)
    time.sleep(0.5)
    return page


def _small(painter: Page, content: bytes) -> bytes:
    width, height, text = painter.evaluate(PIXELS, "data:image/png;base64," + base64.b64encode(content).decode())
    pixels = np.frombuffer(base64.b64decode(text), np.uint8).reshape(-1, 4)[:, :3]
    palette, places = _palette(pixels)
    rows = np.zeros((height, width + 1), np.uint8)
    rows[:, 1:] = places.reshape(height, width)
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    parts = ((b"IHDR", head), (b"PLTE", palette.tobytes()), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in parts)


def _palette(pixels: Pixels) -> tuple[Pixels, Pixels]:
    """The commonest of nearly equal colours stand for all; every other one becomes the nearest of them."""
    colours, places, counts = np.unique(pixels, axis=0, return_inverse=True, return_counts=True)
    coarse = colours.astype(np.int32) >> 3
    _, first, groups = np.unique(coarse[np.argsort(-counts)], axis=0, return_index=True, return_inverse=True)
    order = np.argsort(-counts)
    sizes = np.bincount(groups.ravel(), weights=counts[order])
    chosen = colours[order][first][np.argsort(-sizes)[:COLOURS]]
    distance = ((colours[:, None, :].astype(np.int32) - chosen[None].astype(np.int32)) ** 2).sum(2)
    return chosen, distance.argmin(1).astype(np.uint8)[places.ravel()]


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


if __name__ == "__main__":
    main()
