"""The JSON documents that people keep and programs read: plans and reports."""

FORMAT_VERSION = 1
