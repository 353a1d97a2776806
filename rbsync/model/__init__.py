"""The values that everything else speaks of: frozen, comparable, without effects."""
