"""A small typed client: publish a request, await the answer."""
