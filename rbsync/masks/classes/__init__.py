"""From colours to classes: class maps, class indices, and the formats that give them."""
