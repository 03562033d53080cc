from ..utils.kube import name_of


def list_contexts():
    return name_of('context')
