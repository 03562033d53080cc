'It\'s ' "one module"
__version__ = 7
