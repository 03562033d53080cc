one = 1
STAMP = 'unset'
