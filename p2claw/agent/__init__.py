"""The daemon on a box: registers, serves visitors, forwards their requests to upstreams."""
