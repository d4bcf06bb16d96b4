"""Running scenarios many times: replications, stored runs, comparisons."""
