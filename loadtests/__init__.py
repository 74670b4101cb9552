"""Load for a running Shelfwise: closed loop, open loop (constant arrival rate) and Locust, over the same traffic.

Each tool runs as ``python -m loadtests.NAME``, is bounded in count and time, speaks to loopback only unless it is told
otherwise, and exits non-zero when an answer was wrong or a sample is missing.
"""
