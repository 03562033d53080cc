DEFAULT = 'home'


def name_of(kind):
    return f'one {kind}'
