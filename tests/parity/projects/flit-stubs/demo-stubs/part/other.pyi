y: str
