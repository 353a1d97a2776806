"""The shapes of JSON: models at the edges, and guards where there is no time for a model."""
