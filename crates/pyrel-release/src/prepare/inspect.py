"""Tells the distributions of this environment: one `NAME==VERSION` a line."""

from importlib import metadata

for distribution in metadata.distributions():
    print(f"{distribution.metadata['Name']}=={distribution.version}")
