VERSION = (2, 1, "post3")
