"""The policy engine beside its peers: the same policy and input, prepared, in one run."""
