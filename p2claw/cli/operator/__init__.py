"""What the operator of a server asks of it while it runs: who may join, which boxes there are."""
