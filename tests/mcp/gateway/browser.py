"""The person of the tests as a program, for clients that start a browser: ``python browser.py ADDRESS``."""

from __future__ import annotations

import os
import ssl
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from person import Person

if __name__ == "__main__":
    Person(ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])).decide(sys.argv[1])
