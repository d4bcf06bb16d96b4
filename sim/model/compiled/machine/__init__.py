"""What is only machine: where things lie in memory, in which order events come, how queues are threaded."""
