"""What tests ask of an HTML page: sound HTML and SVG, no outside resources, a table below each figure."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

VOID = {"meta", "br", "link", "img", "hr", "input"}


class Page(HTMLParser):
    """What a page has: elements with attributes, balanced tags, ids, headings, text by element."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len(attrs) == len(dict(attrs)), f"an attribute twice in <{tag}>"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another"

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def tags(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.elements if found == tag]

    @property
    def words(self) -> str:
        """All text, white space as it is read."""
        return re.sub(r"\s+", " ", "".join(self.text)).replace("\u00a0", " ")


def sound(text: str) -> Page:
    """A page that keeps all rules of the house; what it has."""
    page = Page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert page.tags("html") == [{"lang": "en"}]
    assert not page.tags("script")
    assert not page.tags("img")
    assert not page.tags("link")
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids)), "an id twice"
    for tag, attributes in page.elements:
        for name, value in attributes.items():
            assert not name.startswith("on"), f"<{tag} {name}>"
            if name in ("src", "href", "xlink:href", "action", "data"):
                assert value is not None
                assert value.startswith("#"), f"<{tag} {name}={value}>"
            if name in ("href", "aria-labelledby"):
                assert value is not None
                assert set(value.replace("#", "").split()) <= set(ids), f"{value} leads nowhere"
            for target in re.findall(r"url\(([^)]*)\)", value or ""):
                assert target.startswith("#"), target
                assert target[1:] in ids, target
    assert "@import" not in text
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    _tables(page, text)
    _drawings(page, text)
    assert not re.search(r"\b(nan|None|inf)\b", page.words)
    return page


def _tables(page: Page, text: str) -> None:
    assert len(page.tags("caption")) == len(page.tags("table"))
    assert all(attributes.get("scope") in ("col", "row", "rowgroup") for attributes in page.tags("th"))
    for table in re.findall(r"<table>.*?</table>", text, re.DOTALL):
        heads = table.count('scope="col"')
        for row in re.findall(r"<tr><th scope=\"row\">.*?</tr>", table, re.DOTALL):
            assert row.count("<td") + 1 == heads


def _drawings(page: Page, text: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    folded = len([d for d in page.tags("details") if d.get("class") != "part"])
    assert len(drawings) == len(page.tags("figure")) == len(page.tags("figcaption")) == folded
    for drawing in drawings:
        root = ET.fromstring(drawing)
        title, description = list(root)[:2]
        assert title.tag.endswith("title")
        assert description.tag.endswith("desc")
        assert title.text
        assert description.text
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-labelledby"] == f"{title.attrib['id']} {description.attrib['id']}"
        assert not [element for element in root.iter() if element.tag.endswith(("image", "script", "style"))]
    for figure in re.findall(r"</figure>\s*(.{40})", text, re.DOTALL):
        assert figure.startswith("<details>"), "a figure has its numbers below it"
