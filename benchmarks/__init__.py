"""How fast Patron builds, side by side with peers, in one run: `python -m benchmarks --help`."""
