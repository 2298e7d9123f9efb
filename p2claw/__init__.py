"""p2claw: a permanent URL for a web app on your own machine, carried over WebRTC."""

__version__ = "0.1.0"
