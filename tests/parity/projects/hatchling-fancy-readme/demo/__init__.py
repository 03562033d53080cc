__version__ = "1.0-RC1"
