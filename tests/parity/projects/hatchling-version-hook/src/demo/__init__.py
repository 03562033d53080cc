__version__ = "v1.0-RC1"
