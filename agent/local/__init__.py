"""A language model on this machine: assembled from packages, verified, served on loopback.

recipe (what it is made of) · fetching (pip) · assembling · serving (its process) · server (what
runs there; imports nothing of ours).
"""
