"""HTTP service round the official MCP SDK: admission, identity, protocol policy, logging, diagnostics.

The SDK owns the protocol. The modules here own what a deployed service needs
besides: which hosts and origins may talk to it, whose request it is, which
protocol revisions are switched on, what is logged, and the diagnostic tools.
They know nothing about sessions and refuse to parse more of a message than
its method and name.
"""
