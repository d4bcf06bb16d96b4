"""What each mechanism does with the numbers of a scenario, and what it cannot do there: a function for each."""
