from flat_thing.inner import thing

print(thing())
