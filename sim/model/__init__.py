"""The model: demand, city, rules and the engines."""
