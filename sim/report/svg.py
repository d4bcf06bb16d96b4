"""Drawings as SVG that stands in a page: no outside resources, no clashing names, the same bytes each time."""

from __future__ import annotations

import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import matplotlib
from markupsafe import Markup
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

#: Width of a drawing and size of its text; the page scales it to the width it has.
WIDTH, SIZE = 8.4, 9.0
INCH = 72.0

#: Okabe & Ito (2008), colours that the colour-blind tell apart.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
INK, GREY, PALE, RULE = "#1d2b36", "#5c6b77", "#e9edf0", "#cfd6dc"

_STYLE: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": SIZE,
    "text.color": INK,
    "text.parse_math": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "citysim",
    "axes.edgecolor": RULE,
    "axes.labelcolor": GREY,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": GREY,
    "ytick.labelcolor": GREY,
    "xtick.major.size": 3,
    "ytick.major.size": 0,
    "grid.color": PALE,
    "grid.linewidth": 0.8,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_REFERENCE = re.compile(r"url\(#([^)]+)\)")

ET.register_namespace("", _SVG[1:-1])


#: Fonts with Chinese, for pictures that bring no fonts along; the first that there is.
_CHINESE = ("Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Zen Hei", "SimHei")
_SHARP = 200  # dots an inch

#: Where drawings are also written as files, what was written, and where letters are missing; None: nowhere.
_files: ContextVar[tuple[Path, list[Path], list[str]] | None] = ContextVar("files", default=None)


@contextmanager
def as_files(folder: Path | None) -> Iterator[tuple[list[Path], list[str]]]:
    """Each drawing that is made within is also written to a folder, if there is one, as SVG and PNG; gives the files
    as they come, and the keys of those in whose PNG Chinese names are boxes, as this machine has no font for them.
    """
    written: list[Path] = []
    boxes: list[str] = []
    token = _files.set(None if folder is None else (folder, written, boxes))
    try:
        yield written, boxes
    finally:
        _files.reset(token)


def _chinese_font() -> str | None:
    known = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _CHINESE if name in known), None)


def _write_files(figure: Drawing, key: str) -> None:
    if (place := _files.get()) is None:
        return
    folder, written, boxes = place
    chinese = False
    fonts = [name for name in ("DejaVu Sans", _chinese_font()) if name]
    with matplotlib.rc_context({"font.family": fonts, "figure.facecolor": "white"}):
        for text in figure.findobj(matplotlib.text.Text):
            text.set_fontfamily(fonts)
            chinese |= any("\u2e80" <= letter <= "\uffef" for letter in text.get_text())
        for form in ("svg", "png"):
            path = folder / f"{key}.{form}"
            metadata = _NO_METADATA if form == "svg" else {"Software": None}
            figure.savefig(path, format=form, dpi=_SHARP, facecolor="white", metadata=metadata)
            written.append(path)
    if chinese and _chinese_font() is None:
        boxes.append(key)


@contextmanager
def drawing(height: float) -> Iterator[Drawing]:
    """A new drawing of so many inches, and the style in which everything on it is drawn."""
    with matplotlib.rc_context(_STYLE), warnings.catch_warnings():
        # the page brings the fonts: that matplotlib's own lacks Chinese matters to no one
        warnings.filterwarnings("ignore", message="Glyph")
        yield Drawing(figsize=(WIDTH, height))


def axes(figure: Drawing, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at a place given in inches."""
    tall = figure.get_figheight()
    return figure.add_axes((left / WIDTH, bottom / tall, width / WIDTH, height / tall))


def inline(figure: Drawing, key: str, title: str, description: str) -> Markup:
    """The drawing as an SVG element of a page, told to screen readers by its title and description.

    Only to be called within ``drawing``. Every id begins with ``key``.
    """
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata=_NO_METADATA)
    root = ET.fromstring(file.getvalue())
    for parent in root.iter():
        for child in list(parent):
            if child.tag.removeprefix(_SVG) in ("metadata", "style"):
                parent.remove(child)
    _write_files(figure, key)
    _rename(root, key)
    for number, (tag, text) in enumerate((("title", title), ("desc", description))):
        element = ET.Element(f"{_SVG}{tag}", id=f"{key}-{tag}")
        element.text = text
        root.insert(number, element)
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-labelledby", f"{key}-title {key}-desc")
    return Markup(ET.tostring(root, encoding="unicode"))


def _rename(root: ET.Element, key: str) -> None:
    """Put the key before ids that something refers to, and take away the others."""
    used = set()
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name == _HREF:
                used.add(value[1:])
                del element.attrib[name]
                element.set("href", f"#{key}-{value[1:]}")
            elif found := _REFERENCE.findall(value):
                used.update(found)
                element.set(name, _REFERENCE.sub(rf"url(#{key}-\1)", value))
    for element in root.iter():
        if "id" in element.attrib:
            own = element.attrib.pop("id")
            if own in used:
                element.set("id", f"{key}-{own}")
