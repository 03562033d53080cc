import sys


def run():
    print('late', *sys.argv[1:])
    return 0
