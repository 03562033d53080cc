"""HTTP service round the official MCP SDK: admission, identity, protocol policy, logging.

The SDK owns the protocol. The modules here own what a deployed service needs
besides: which hosts and origins may talk to it, whose request it is, which
protocol revisions are switched on, and what is logged.
They know nothing about sessions and tools and refuse to parse more of a message than
its method and name.
"""
