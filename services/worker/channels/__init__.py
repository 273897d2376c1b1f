"""One adapter for each kind of channel: how a message leaves the house, and what the other side's answer means.

An adapter is a function of ``Means`` and a ``Parcel`` that gives a ``Report``; it raises nothing for what a network
or a provider can do, and its report never holds an address or a key.
"""
