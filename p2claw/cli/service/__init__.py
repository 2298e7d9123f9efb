"""Agent and server as services of this machine: their definitions, and the verbs that keep them."""
