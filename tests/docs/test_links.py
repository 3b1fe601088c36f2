"""Every relative link of the documentation, and every anchor in one, leads somewhere; also those between its parts."""

import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FIXED = [REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "plugins/README.md")]
PAGES = sorted(
    page
    for page in [*FIXED, *REPOSITORY.glob("docs/**/*.md"), *REPOSITORY.glob("plugins/*/README.md")]
    if page.exists() and not page.name.endswith(".in.md")
)
FENCED = re.compile(r"^( *)(```+|~~~+).*?^\1\2 *$", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"(`+).+?\1", re.DOTALL)
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^\[[^\]]+\]:\s+(\S+)", re.MULTILINE)
HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)?$", re.MULTILINE)
NAMED = re.compile(r"<a\b[^>]*\b(?:id|name)=\"([^\"]+)\"|\{ *#([\w-]+)[^}]*\}")


def links(text):
    """Where the links of a page lead, without those in code."""
    prose = INLINE_CODE.sub("", FENCED.sub("", text))
    return LINK.findall(prose) + REFERENCE.findall(prose)


def anchors(text):
    """The anchors of a page: its headings as the site and GitHub write them, and those that have a name."""
    found, times, prose = set(), Counter(), FENCED.sub("", text)
    for slug in map(_slug, HEADING.findall(prose)):
        found |= {f"{slug}_{times[slug]}", f"{slug}-{times[slug]}"} if times[slug] else {slug}
        times[slug] += 1
    return found | {name for pair in NAMED.findall(prose) for name in pair if name}


def _slug(heading):
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    letters = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", letters).strip().lower())


def broken(page, text):
    """What is wrong with the links of a page."""
    for link in links(text):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if path.startswith("/") or not target.exists():
            yield f"{link}: there is no such file"
        elif anchor and target.suffix == ".md" and anchor not in anchors(target.read_text()):
            yield f"{link}: {target.name} has no such heading"
        elif REPOSITORY in page.parents and REPOSITORY not in (target, *target.parents):
            yield f"{link}: outside the repository"


def test_the_pages_are_found():
    names = {str(page.relative_to(REPOSITORY)) for page in PAGES}
    assert {"README.md", "docs/index.md", "docs/plugins.md", "plugins/neuroscope-toy/README.md"} <= names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_every_link_leads_somewhere(page):
    assert list(broken(page, page.read_text())) == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[a](other.md) [b](other.md#two-words) [c](#here)\n# Here", 0),
        ('[a](other.md#register_tasks) ![p](picture.svg "title") [w](https://example.org/x#y)', 0),
        ("[a](other.md#two-words_1) [b](../pages/other.md) [c][d]\n\n[d]: other.md", 0),
        ("[a](none.md)", 1),
        ("[a](other.md#three)\n[b](#there)\n# Here", 2),
        ("[a](/other.md)", 1),
        ("[c][d]\n\n[d]: none.md", 1),
        ("`[a](none.md)`\n```text\n[b](none.md)\n# There\n```\n[c](#there)", 1),
    ],
)
def test_a_broken_link_would_be_seen(tmp_path, text, wrong):
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "other.md").write_text("# Two words\n## `register_tasks`\n## Two [words](x)!\n")
    (folder / "picture.svg").write_text("")
    page = folder / "page.md"
    page.write_text(text)
    assert len(list(broken(page, text))) == wrong


def test_every_page_is_in_the_navigation():
    listed = set(re.findall(r"[\w/-]+\.md", (REPOSITORY / "mkdocs.yml").read_text()))
    docs = REPOSITORY / "docs"
    pages = {page.relative_to(docs).as_posix() for page in PAGES if page.is_relative_to(docs)}
    ours = {page for page in pages if not page.startswith(("decisions/", "examples/"))}
    assert ours - listed == set()
    assert len(ours) > 20
