import os

__VERSION__ = 'v2.5.0rc1'  # here
