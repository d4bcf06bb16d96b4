"""What holds for all tests."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("compiling", deadline=None)  # the first call of a function compiles it or imports a library
settings.load_profile("compiling")
