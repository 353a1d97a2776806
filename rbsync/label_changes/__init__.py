"""In what two contents of labels differ: classes pixel by pixel, objects one by one. Pure."""
