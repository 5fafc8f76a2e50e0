"""A supplier's service as it could stand anywhere: three interfaces over generated data, in a process of its own.

Standard library only, and nothing of the exchange: the gateway reaches it over the network like any other upstream.
"""
