from src.tools.contexts import list_contexts


def test_one():
    assert list_contexts() == 'one context'
