"""One of each kind of plug-in of rbsync, as small as it can be."""
