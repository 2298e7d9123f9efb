"""Tests of HTTP/1.1 to the server behind an app."""
