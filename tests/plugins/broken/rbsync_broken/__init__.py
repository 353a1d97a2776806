"""Plug-ins that cannot be used."""
