"""The real service: a project of a RedBrick AI organization, over its network interface."""
