from . import data_of


class Core:
    def answer(self):
        return data_of.DATA
