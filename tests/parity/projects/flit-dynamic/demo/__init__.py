# A comment first.
"""
    What this does, in short.

    And at length.
"""
from .core import (
    run,  # the only one
)
from ._meta import *

__all__ = ["run", "__version__"]
__version__: str = "1.2-rc.3"
__version__ = "9"
