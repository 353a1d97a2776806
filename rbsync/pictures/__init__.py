"""Pictures for people to look at: photographs as they are meant to be seen, and labels on them."""
