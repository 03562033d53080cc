import os.path as path, re

limits = (1, 2.5, None, [True])
