"""All the laws of MODEL.md, section 7, by name."""

from __future__ import annotations

import laws_of_backlogs  # noqa: F401  puts its laws on the list
import laws_of_officers  # noqa: F401
import laws_of_patrols  # noqa: F401
import laws_of_requests  # noqa: F401
from lawbook import LAWS, broken_laws

__all__ = ["LAWS", "broken_laws"]
