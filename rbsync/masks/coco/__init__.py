"""COCO annotation files as labels."""
