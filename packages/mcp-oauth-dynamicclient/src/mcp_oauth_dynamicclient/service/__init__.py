"""What the packages of this repository have in common: errors for people, log lines, masking.

The modules here are byte for byte those of the sibling packages; what is
particular to the authorization server lives elsewhere.
"""
