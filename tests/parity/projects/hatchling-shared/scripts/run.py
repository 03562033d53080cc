#!/usr/bin/env python3 -E
print()
