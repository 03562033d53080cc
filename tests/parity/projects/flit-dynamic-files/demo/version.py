version = __version__ = (
    "3."  # joined
    '4'
)
