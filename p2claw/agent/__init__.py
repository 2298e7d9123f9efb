"""The daemon on a box: registers, answers visitors, forwards their requests to upstreams."""
