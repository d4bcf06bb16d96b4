"""The model: demand, city, rules and the engine."""

import os
import tempfile
from pathlib import Path


def _find_place_for_compiled_code() -> None:
    """Compiled code is kept beside the sources or in the user's cache; where neither can be written, elsewhere."""
    if not any(os.access(place, os.W_OK) for place in (Path(__file__).parent, Path.home())):
        place = Path(tempfile.gettempdir()) / f"citysim-{os.getuid() if hasattr(os, 'getuid') else 'numba'}"
        os.environ.setdefault("NUMBA_CACHE_DIR", str(place))


_find_place_for_compiled_code()
