"""Doc with __version__ = '9'."""
import os
from demo.about import something

if os:
    __version__ = "0"
__version__: str = "1.2.0-beta1"
