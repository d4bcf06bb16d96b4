"""What cannot be seen in a text, or turns what stands around it, is shown as an escape and never sent on as it is.

Names come from scenarios, and paths from anywhere: on a terminal, a control character in them could say anything.
"""

from __future__ import annotations

import re

#: Control characters but tab and newline, marks that turn the direction of text, and what is no character.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def visible(text: str) -> str:
    r"""The text with escapes: ``\x1b``, ``\u202e``."""
    return _UNSEEN.sub(lambda found: _escape(found.group()), text)


def visible_json(text: str, ascii_only: bool = False) -> str:
    """JSON that says the same, with JSON's escapes: of all but ASCII, or of what cannot be seen."""
    unwanted = re.compile(r"[^\t\n\x20-\x7e]") if ascii_only else _UNSEEN
    return unwanted.sub(lambda found: _json_escape(found.group()), text)


def _escape(letter: str) -> str:
    return f"\\x{ord(letter):02x}" if letter < "\x80" else f"\\u{ord(letter):04x}"


def _json_escape(letter: str) -> str:
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))
