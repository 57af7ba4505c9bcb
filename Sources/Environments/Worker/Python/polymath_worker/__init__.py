"""The Python side of Polymath's worker processes. `bridge` is the protocol; a `*_batch` module hosts environments."""
