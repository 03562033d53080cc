"""A module."""
__version__ = "1.2.rc3"  # of the package
