import tiny_words


def say():
    print('a', tiny_words.WORD)
