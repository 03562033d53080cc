import json
import pathlib

HERE = pathlib.Path(__file__).parent
DATA = json.loads((HERE / 'values.json').read_text())['answer']
