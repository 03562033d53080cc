"""The tools both echo servers have: their schemas, how a call is checked and answered, and what they show.

They know one call and the settings of the service, and refuse to remember anything between calls.
"""
