#!/usr/bin/env python
"""For old installers."""
import setuptools

if __name__ == "__main__":
    setuptools.setup()
