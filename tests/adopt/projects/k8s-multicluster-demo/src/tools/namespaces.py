from ..utils import kube


def list_namespaces():
    return kube.name_of('namespace')
