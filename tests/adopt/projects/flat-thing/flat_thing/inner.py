def thing():
    return 'flat'
