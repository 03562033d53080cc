import logging
from src.core import Core
from src import core as engine


def main(argv=None):
    logging.basicConfig()
    assert engine.Core is Core
    print(Core().answer())
    return 3
