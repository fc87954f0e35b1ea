"""Every link between pages leads somewhere: to a file, and to a heading in it."""

import re
from collections import Counter
from pathlib import Path

import pytest

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`[^`\n]*`")
HEADING = re.compile(r"^#{1,6} +(?P<text>.+?)\s*$", re.MULTILINE)
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)|^\[[^\]]+\]:\s*(?P<reference>\S+)", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z]+:")


def anchors(text: str) -> set[str]:
    """As the usual viewers make them of headings: small letters, blanks as dashes, repeats numbered."""
    found: set[str] = set()
    seen: Counter[str] = Counter()
    for heading in HEADING.finditer(FENCE.sub("", text)):
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading["text"]).lower()
        slug = re.sub(r"[^\w\- ]", "", words).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def links(text: str) -> list[str]:
    prose = CODE.sub("``", FENCE.sub("", text))
    found = [each["target"] or each["reference"] for each in LINK.finditer(prose)]
    return [target for target in found if not ELSEWHERE.match(target)]


def broken(page: Path) -> list[str]:
    """The targets on a page that are not there, as they are written."""
    missing = []
    for target in links(page.read_text("utf-8")):
        name, _, anchor = target.partition("#")
        file = page.parent / name if name else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text("utf-8"))):
            missing.append(target)
    return missing


def test_every_link_leads_somewhere(markdown: list[Path], root: Path) -> None:
    """No page has a link to a file or heading that is not there, or to one outside of the project."""
    assert {str(page.relative_to(root)): missing for page in markdown if (missing := broken(page))} == {}
    for page in markdown:
        for target in links(page.read_text("utf-8")):
            assert (page.parent / target.partition("#")[0]).resolve().is_relative_to(root)


@pytest.mark.parametrize(
    "target", ["nowhere.md", "other.md#nothing", "#nothing", "sub/other.md", "other.md#twice-2", "other.md#in-code"]
)
def test_a_broken_link_is_found(tmp_path: Path, target: str) -> None:
    """The check above can fail, for a file as for a heading."""
    (tmp_path / "other.md").write_text(
        "# A `code` heading, too\n\n## Twice\n\n## Twice\n\n```\n# In code\n```\n", "utf-8"
    )
    page = tmp_path / "page.md"
    page.write_text(
        f"# Page\n\n[good](other.md#a-code-heading-too) [good](other.md#twice-1) [good](#page) [far](https://x.example)\n"
        f"`[no](link)`\n\n[bad]({target})\n",
        "utf-8",
    )
    assert broken(page) == [target]
