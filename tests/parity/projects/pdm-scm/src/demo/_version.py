version = 'old'
