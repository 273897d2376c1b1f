"""What surrounds every route, as plain ASGI callables. From the outside in:

``accounting``   request id, clock, headers that every answer has, one access line, metrics
``CORS``         Starlette's, only where origins are configured
``compression``  gzip for clients that accept it
``failures``     whatever goes wrong inside becomes a problem answer
``switchboard``  finds the route, holds it to its deadline, and to what it takes as a body (``bodies``)

They share the request's ``scope``: ``request_id``, ``route_template`` and, set by the door, ``actor``.
"""
