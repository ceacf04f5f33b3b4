"""Where the reference material lies that some tests are held against; it is never part of the repository."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("CPL_SHARED_DIR", Path(__file__).resolve().parent.parent.parent / "shared"))

# In CI a missing folder must fail, not skip: the tests then run and stumble over the missing file.
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir() and os.environ.get("CI") != "true",
    reason=f"needs the reference material in {SHARED} (set CPL_SHARED_DIR)",
)
