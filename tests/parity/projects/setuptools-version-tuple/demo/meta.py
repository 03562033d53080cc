VERSION = (1, 2, "3rc1")
