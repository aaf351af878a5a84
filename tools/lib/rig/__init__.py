"""The rig: throw-away PostgreSQL clusters, gateways and builds, for the tools and the end-to-end tests.

Everything it starts listens on loopback or in a temporary folder, dies with the process that started it, and is
removed with that folder.
"""
